#include <gtest/gtest.h>

#include "engine/input/input.h"
#include "engine/input/schema.h"
#include "kernels/api/error.h"

using namespace qs::input;

TEST(InputHelp, StatesTypeRangeDefaultUnitAndMeaning) {
  const std::string help = help_for("sampler.chains");

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
  const std::string help = help_for("stages.2.optimizer.lr");

  EXPECT_NE(help.find("(kind adamw)"), std::string::npos);
  EXPECT_NE(help.find("(kind sr, minsr, natural)"), std::string::npos);
  EXPECT_NE(help_for("wavefunction.kind").find("restricted Boltzmann machine"), std::string::npos);
}

TEST(InputHelp, OfASectionListsItsKeys) {
  std::size_t sections = 0;
  for (const NamedKey& named : named_keys()) {
    const std::size_t dot = named.path.rfind('.');
    if (dot == std::string::npos) continue;
    const std::string section = named.path.substr(0, dot), line = "\n    " + named.key->name + " ";
    EXPECT_NE(help_for(section).find(line), std::string::npos) << section << ": " << named.key->name;
    ++sections;
  }
  EXPECT_GT(sections, 80u);
  EXPECT_EQ(help_for("sampler.chains").find("keys"), std::string::npos);
}

TEST(InputHelp, SuggestsForUnknownKeys) {
  const auto message = [](const std::string& key) {
    try {
      help_for(key);
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
  for (const std::string& key : all_keys()) EXPECT_GE(help_for(key).size(), 40u) << key;
}

TEST(InputTable, RowsAreCompleteAndUnambiguous) {
  for (const Key& row : keys()) {
    EXPECT_FALSE(row.doc.empty()) << row.section << "." << row.name;
    EXPECT_FALSE(row.since.empty()) << row.section << "." << row.name;
    for (const std::string& kind : kinds_of(row.section)) {
      int rows = 0;
      for (const Key& other : keys()) rows += other.section == row.section && other.name == row.name && applies(other, kind);
      EXPECT_LE(rows, 1) << row.section << "." << row.name << " for kind " << kind;
    }
  }
}

TEST(InputTable, KindsNamedInRowsExist) {
  for (const Key& row : keys()) {
    if (row.kinds.empty()) continue;
    int known = 0;
    for (const std::string& kind : kinds_of(row.section)) known += applies(row, kind);
    EXPECT_EQ(known, 1 + std::count(row.kinds.begin(), row.kinds.end(), ' ')) << row.section << "." << row.name;
  }
}

TEST(InputDefaults, TheDumpedDocumentIsAValidInput) {
  Diagnostics diagnostics;
  const Document document = load_text(default_document(), "default.yaml", {}, diagnostics);

  EXPECT_EQ(diagnostics.render(), "");
  for (const std::string& key : all_keys()) EXPECT_NE(default_document().find(key.substr(key.rfind('.') + 1) + ":"), std::string::npos) << key;
}
