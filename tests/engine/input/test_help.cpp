#include <gtest/gtest.h>

#include "engine/base/error.h"
#include "engine/input/input.h"
#include "engine/plan/vocabulary.h"

using namespace qs::input;

TEST(InputHelp, StatesTypeRangeDefaultUnitAndMeaning) {
  const std::string help = help_for(qs::vocabulary(), "sampler.chains");

  EXPECT_EQ(help,
            "sampler.chains  (kind metropolis)\n"
            "  type     integer\n"
            "  range    must be between 1 and 16777216\n"
            "  default  256\n"
            "  unit     chains per Hamiltonian\n"
            "  since    0.1.0\n"
            "  Markov chains, over all ranks; evaluate takes fewer where it would keep less than 16 samples of each, or adds samples\n");
}

TEST(InputHelp, ShowsEveryVariantOfAKeyAndIgnoresListIndices) {
  const std::string help = help_for(qs::vocabulary(), "stages.2.optimizer.lr");

  EXPECT_NE(help.find("(kind adamw)"), std::string::npos);
  EXPECT_NE(help.find("(kind muon, sgd, sr, minsr, natural)"), std::string::npos);
  EXPECT_NE(help_for(qs::vocabulary(), "wavefunction.kind").find("restricted Boltzmann machine"), std::string::npos);
}

TEST(InputHelp, OfASectionListsItsKeys) {
  std::size_t sections = 0;
  for (const Schema::NamedKey& named : qs::vocabulary().named_keys()) {
    const std::size_t dot = named.path.rfind('.');
    if (dot == std::string::npos) continue;
    const std::string section = named.path.substr(0, dot), line = "\n    " + named.key->name + " ";
    EXPECT_NE(help_for(qs::vocabulary(), section).find(line), std::string::npos) << section << ": " << named.key->name;
    ++sections;
  }
  EXPECT_GT(sections, 80u);
  EXPECT_EQ(help_for(qs::vocabulary(), "sampler.chains").find("keys"), std::string::npos);
}

TEST(InputHelp, SuggestsForUnknownKeys) {
  const auto message = [](const std::string& key) {
    try {
      help_for(qs::vocabulary(), key);
    } catch (const qs::InputError& error) {
      return std::string(error.what());
    }
    return std::string("accepted");
  };

  EXPECT_EQ(message("sampler.chain"), "unknown key 'sampler.chain' (did you mean 'sampler.chains'?)");
  EXPECT_EQ(message("diag_shfit"), "unknown key 'diag_shfit' (did you mean 'stages.optimizer.diag_shift'?)");
  EXPECT_EQ(message("zzzzzzzzzzz"), "unknown key 'zzzzzzzzzzz' (--dump-default prints all keys)");
}

TEST(InputHelp, ExistsForEveryKeyOfTheTable) {
  for (const std::string& key : all_keys(qs::vocabulary())) EXPECT_GE(help_for(qs::vocabulary(), key).size(), 40u) << key;
}

TEST(InputTable, RowsAreCompleteAndUnambiguous) {
  const Schema& schema = qs::vocabulary();
  for (const Key& row : schema.keys()) {
    EXPECT_FALSE(row.doc.empty()) << row.section << "." << row.name;
    EXPECT_FALSE(row.since.empty()) << row.section << "." << row.name;
    int rows = 0;
    for (const Key& other : schema.keys()) rows += other.section == row.section && other.name == row.name && other.kind == row.kind;
    EXPECT_EQ(rows, 1) << row.section << "." << row.name << " for kind " << row.kind;
  }
}

TEST(InputDefaults, TheDumpedDocumentIsAValidInput) {
  Diagnostics diagnostics;
  const Document document = load_text(qs::vocabulary(), default_document(qs::vocabulary()), "default.yaml", {}, diagnostics);

  EXPECT_EQ(diagnostics.render(), "");
  for (const std::string& key : all_keys(qs::vocabulary()))
    EXPECT_NE(default_document(qs::vocabulary()).find(key.substr(key.rfind('.') + 1) + ":"), std::string::npos) << key;
}
