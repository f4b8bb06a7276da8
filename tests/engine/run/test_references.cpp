#include <gtest/gtest.h>

#include <algorithm>
#include <set>

#include "engine/input/input.h"
#include "engine/plan/vocabulary.h"
#include "engine/run/references.h"

namespace {

using namespace qs;

const char* const ring = R"(
format: 1
output: {directory: runs/a}
system:
  lattice: {kind: chain, size: [8]}
  sector: {kind: spinless_fermions, particles: 4}
  hamiltonian: {kind: tv, V: 1.0}
wavefunction: {kind: qstage, depth: 1, d_model: 8, heads: 2, mlp: 8}
sampler: {kind: exact_sum}
stages:
  - {kind: pretrain, optimizer: {kind: adamw}}
  - {kind: vmc, steps: 3, optimizer: {kind: sr}}
)";

// Keys of the entries that the ring cites, with some values replaced.
std::set<std::string> cited(const std::vector<input::SetOption>& sets) {
  input::Diagnostics diagnostics;
  const input::Document document = input::load_text(vocabulary(), ring, "ring.yaml", sets, diagnostics);
  EXPECT_EQ(diagnostics.render(), "");
  std::set<std::string> names;
  const std::string text = citations(document);
  for (std::size_t at = 0; (at = text.find("\n@", at)) != std::string::npos; ++at) {
    const std::size_t begin = text.find('{', at) + 1;
    names.insert(text.substr(begin, text.find(',', begin) - begin));
  }
  return names;
}

using Names = std::set<std::string>;

TEST(References, AnInputCitesWhatItUsesAndNothingElse) {
  EXPECT_EQ(cited({}), (Names{"qstage-vmc", "zaklama2025qstage", "loshchilov2017decoupled", "sorella1998green"}));
  EXPECT_EQ(cited({{"stages.0.optimizer.kind", "sr"}}), (Names{"qstage-vmc", "zaklama2025qstage", "sorella1998green"}));
  EXPECT_EQ(cited({{"stages", "[{kind: ed}]"}}), (Names{"qstage-vmc", "zaklama2025qstage"}));
}

TEST(References, EveryRowCanBeCalledFor) {
  EXPECT_TRUE(cited({{"wavefunction", "{kind: vit}"}}).count("viteritti2023transformer"));
  EXPECT_TRUE(cited({{"wavefunction.attention", "factored"}}).count("viteritti2023transformer"));
  EXPECT_TRUE(cited({{"wavefunction", "{kind: rbm}"}}).count("carleo2017solving"));
  EXPECT_TRUE(cited({{"wavefunction", "{kind: jastrow}"}}).count("capello2005variational"));
  EXPECT_TRUE(cited({{"wavefunction", "{kind: cnn}"}}).count("roth2023high"));
  EXPECT_TRUE(cited({{"wavefunction.amplitude", "determinant"}}).count("luo2019backflow"));
  EXPECT_TRUE(cited({{"stages.1.optimizer.kind", "minsr"}}).count("chen2024empowering"));
  EXPECT_TRUE(cited({{"stages.1.optimizer.kind", "natural"}}).count("chen2024empowering"));
  EXPECT_TRUE(cited({{"stages.1.optimizer.momentum", "0.5"}}).count("goldshlager2024kaczmarz"));
  EXPECT_FALSE(cited({{"stages.1.optimizer.momentum", "0.0"}}).count("goldshlager2024kaczmarz"));
  EXPECT_TRUE(cited({{"stages.0.optimizer.kind", "muon"}}).count("liu2025muon"));
  EXPECT_TRUE(cited({{"stages.1", "{kind: evaluate}"}}).count("wu2024variational"));
  EXPECT_TRUE(cited({{"stages.1", "{kind: evaluate, renyi2: {regions: [[0]]}}"}}).count("hastings2010measuring"));
  EXPECT_TRUE(cited({{"stages.1", "{kind: evaluate, renyi2: {regions: [[0]], pairings: 2}}"}}).count("hastings2010measuring"));
  EXPECT_TRUE(cited({{"sampler", "{kind: metropolis, move: {kind: hop}}"}}).count("salmon2011parallel"));
  EXPECT_TRUE(cited({{"stages.0.rows", "16"}}).count("salmon2011parallel"));
}

TEST(References, EachEntrySaysWhyItIsThere) {
  input::Diagnostics diagnostics;
  const std::string text = citations(input::load_text(vocabulary(), ring, "ring.yaml", {}, diagnostics));

  EXPECT_NE(text.find("% optimizer: stages.0.optimizer.kind is adamw\n@misc{loshchilov2017decoupled,"), std::string::npos);
  EXPECT_NE(text.find("% stochastic reconfiguration: stages.1.optimizer.kind is sr\n@article{sorella1998green,"), std::string::npos);
  EXPECT_EQ(text.find("% code"), 0u);
}

TEST(References, TheTableIsSoundBibtexAndAsksForKeysThatExist) {
  const std::vector<std::string> keys = input::all_keys(vocabulary());
  for (const Reference& reference : references()) {
    const std::string& entry = reference.bibtex;
    EXPECT_EQ(std::count(entry.begin(), entry.end(), '{'), std::count(entry.begin(), entry.end(), '}')) << entry;
    for (const char* field : {"author", "title", "year"}) EXPECT_NE(entry.find(std::string(" ") + field + " = {"), std::string::npos) << entry;
    EXPECT_TRUE(entry.find("doi = {10.") != std::string::npos || entry.find("eprint = {") != std::string::npos) << entry;
    EXPECT_FALSE(reference.when.empty()) << entry;
    for (const Condition& condition : reference.when) EXPECT_NE(std::find(keys.begin(), keys.end(), condition.key), keys.end()) << condition.key;
  }
}

}  // namespace
