// One-edit typos of every key: all are refused, and the right word is suggested first.
#include <gtest/gtest.h>

#include <algorithm>
#include <set>

#include "engine/input/raw.h"
#include "engine/input/schema.h"
#include "engine/input/validate.h"
#include "engine/plan/vocabulary.h"

using namespace qs::input;

namespace {

// Deletions, adjacent swaps, doubled letters and neighbours on the keyboard.
std::vector<std::string> typos(const std::string& word) {
  const std::string rows[] = {"qwertyuiop", "asdfghjkl", "zxcvbnm"};
  std::set<std::string> out;
  for (std::size_t i = 0; i < word.size(); ++i) {
    out.insert(word.substr(0, i) + word.substr(i + 1));
    out.insert(word.substr(0, i) + word[i] + word.substr(i));
    if (i + 1 < word.size()) out.insert(word.substr(0, i) + word[i + 1] + word[i] + word.substr(i + 2));
    for (const std::string& row : rows) {
      const std::size_t at = row.find(word[i]);
      if (at == std::string::npos) continue;
      if (at > 0) out.insert(word.substr(0, i) + row[at - 1] + word.substr(i + 1));
      if (at + 1 < row.size()) out.insert(word.substr(0, i) + row[at + 1] + word.substr(i + 1));
    }
  }
  out.erase(word);
  out.erase("");
  return {out.begin(), out.end()};
}

// The smallest document that holds `key` = `name` in the place of the given section: a path of single-entry maps.
struct Place {
  std::string before, after;
};

Place place_of(const std::string& section, const std::string& kind) {
  const std::string inside = kind.empty() ? "" : "kind: " + kind + ", ";
  if (section.empty()) return {"{", "}"};
  if (section == "stages") return {"{stages: [{" + inside, "}]}"};
  if (section == "optimizer") return {"{stages: [{kind: vmc, optimizer: {" + inside, "}}]}"};
  if (section == "schedule") return {"{stages: [{kind: vmc, optimizer: {kind: sr, lr: {", "}}}]}"};
  const std::string term = "{system: {hamiltonian: {kind: terms, terms: [{";
  if (section == "term") return {term, "}]}}}"};
  if (section == "cosine" || section == "plane_wave" || section == "random") return {term + section + ": {", "}}]}}}"};
  if (section == "systems") return {"{systems: [{", "}]}"};
  if (section == "permutation") return {"{symmetry: {permutations: [{", "}]}}"};
  if (section == "own_observable") return {"{stages: [{kind: evaluate, observables: [{", "}]}]}"};
  if (section == "stop" || section == "targets") return {"{stages: [{kind: pretrain, " + section + ": {", "}}]}"};
  if (section == "renyi2" || section == "fidelity") return {"{stages: [{kind: evaluate, " + section + ": {", "}}]}"};
  if (section == "moves") return {"{sampler: {kind: metropolis, move: {" + inside, "}}}"};
  if (section.rfind("system.", 0) == 0) return {"{system: {" + section.substr(7) + ": {" + inside, "}}}"};
  return {"{" + section + ": {" + inside, "}}"};
}

}  // namespace

TEST(InputTypos, AreAllRefusedAndTheRightKeyIsSuggestedFirst) {
  int total = 0, refused = 0, suggested = 0;
  std::string wrong;
  for (const Key& key : qs::vocabulary().keys()) {
    if (key.name == "kind") continue;
    const std::string& chosen = key.kind;
    const std::vector<std::string> siblings = names_of(qs::vocabulary().keys_of(key.section, chosen));
    for (const std::string& typo : typos(key.name)) {
      if (std::find(siblings.begin(), siblings.end(), typo) != siblings.end()) continue;
      const Place place = place_of(key.section, chosen);
      Diagnostics diagnostics;
      validate_table(qs::vocabulary(), read_yaml(place.before + "\"" + typo + "\": 1" + place.after, "input.yaml", Positions::from_text, diagnostics),
                     diagnostics);
      const std::string report = diagnostics.render();
      ++total;
      refused += report.find("unknown key '") != std::string::npos && report.find(typo + "' (") != std::string::npos;
      const bool right = report.find("(did you mean '" + key.name + "'?)") != std::string::npos;
      suggested += right;
      if (!right) wrong += key.section + "." + key.name + " <- " + typo + "\n";
    }
  }
  EXPECT_GE(total, 500);
  EXPECT_EQ(refused, total);
  EXPECT_GE(suggested, total * 95 / 100) << total << " typos\n" << wrong;
}

TEST(InputTypos, OfKindsAreSuggestedTheRightKind) {
  int total = 0, right = 0;
  for (const Kind& kind : qs::vocabulary().kinds()) {
    const std::vector<std::string> known = qs::vocabulary().kinds_of(kind.section);
    for (const std::string& typo : typos(kind.name)) {
      if (std::find(known.begin(), known.end(), typo) != known.end()) continue;
      ++total;
      right += suggest(typo, known) == kind.name;
    }
  }
  EXPECT_GE(total, 300);
  EXPECT_GE(right, total * 95 / 100);
}

TEST(InputSuggest, CountsATranspositionAsOneEditAndGivesUpOnStrangers) {
  EXPECT_EQ(suggest("diag_shfit", {"lr", "diag_shift"}), "diag_shift");
  EXPECT_EQ(suggest("qstag", {"vit", "rbm", "qstage"}), "qstage");
  EXPECT_EQ(suggest("Particles", {"particles"}), "particles");
  EXPECT_EQ(suggest("learning_rate", {"lr", "momentum"}), "");
  EXPECT_EQ(suggest("ab", {"t"}), "");
  EXPECT_EQ(suggest("", {"t"}), "");
  EXPECT_EQ(suggest(std::string(1000, 'a'), {std::string(1000, 'a')}), "");
}
