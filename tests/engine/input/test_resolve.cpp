#include <gtest/gtest.h>

#include <regex>

#include "engine/input/input.h"
#include "engine/plan/vocabulary.h"
#include "example.h"

using namespace qs::input;

namespace {

Document valid(const std::string& text, const std::vector<SetOption>& sets = {}) {
  Diagnostics diagnostics;
  Document document = load_text(qs::vocabulary(), text, "input.yaml", sets, diagnostics);
  EXPECT_EQ(diagnostics.render(), "");
  return document;
}

std::vector<std::string> texts(const Node& list) {
  std::vector<std::string> out;
  for (const Node& item : list.items()) out.push_back(item.text());
  return out;
}

using Words = std::vector<std::string>;
using Rows = std::vector<std::vector<double>>;

}  // namespace

TEST(InputResolved, IsAValidInputThatResolvesToItself) {
  const std::vector<std::vector<SetOption>> variants = {
      {},
      {{"title", "\"a \\\"b\\\" : c \\\\ \\n é #\""}},
      {{"system.hamiltonian.t", "[1.0, 2.0]"}},
      {{"system.family", "{names: [particles, V], rows: [[1, 0.0], [2, 1.0e-7]]}"}},
      {{"system.lattice", "{kind: chain, size: [12], boundary: antiperiodic}"}},
      {{"wavefunction", "{kind: rbm, alpha: 2}"}},
      {{"wavefunction", "{kind: vit, couplings: [V, N]}"}},
      {{"stages.3.sampler", "{kind: exact_sum}"}},
      {{"stages.1.held_out", "{V: [2.0]}"}, {"stages.1.rows", "100"}, {"stages.1.targets", "{files: [a b.csv, 'c']}"}},
      {{"limits.walltime", "11h30min"}, {"device", "reference"}, {"title", "'yes'"}},
      {{"systems", "[{}, {lattice: {size: [8], boundary: antiperiodic}, sector: {particles: 4}}]"},
       {"stages.3.systems", "[{lattice: {size: [14]}}]"}},
  };
  for (const auto& sets : variants) {
    const Document first = valid(example::quick_start, sets);
    const Document second = valid(first.resolved);
    EXPECT_EQ(second.resolved, first.resolved);
  }
  const Document square = valid(example::square);
  EXPECT_EQ(valid(square.resolved).resolved, square.resolved);
}

TEST(InputResolved, KeepsTextExactly) {
  const Document document = valid(example::quick_start, {{"title", "\"a \\\"b\\\" : c \\\\ \\n é \\t#\""}});

  EXPECT_EQ(valid(document.resolved).root["title"].text(), "a \"b\" : c \\ \n é \t#");
}

TEST(InputResolved, WritesNoNumberThatOtherReadersTakeForText) {
  const std::string resolved = valid(example::quick_start, {{"system.hamiltonian.delta", "1e-7"}}).resolved;

  EXPECT_NE(resolved.find("delta: 1.0e-07"), std::string::npos) << resolved;
  EXPECT_FALSE(std::regex_search(resolved, std::regex("[ \\[][0-9]+e")));
}

// What a lattice of `systems` does not say is as in `system`; a stage without lattices of its own has those of the run.
TEST(InputResolve, SystemsAreKeysOverTheSystem) {
  const Node root = valid(example::quick_start, {{"systems", "[{lattice: {size: [8], boundary: open}, sector: {particles: 4}}, {}]"},
                                                 {"stages.3.systems", "[{lattice: {size: [14]}}]"}})
                        .root;
  const std::vector<Node> run = root["systems"].items(), vmc = root["stages"].items()[2]["systems"].items(),
                          evaluate = root["stages"].items()[3]["systems"].items();

  EXPECT_EQ(run[0]["lattice"]["kind"].text(), "chain");
  EXPECT_EQ(run[0]["lattice"]["size"].items()[0].integer(), 8);
  EXPECT_EQ(texts(run[0]["lattice"]["boundary"]), Words{"open"});
  EXPECT_EQ(run[0]["sector"]["particles"].integer(), 4);
  EXPECT_EQ(texts(run[1]["lattice"]["boundary"]), Words{"periodic"});
  EXPECT_EQ(run[1]["sector"]["particles"].integer(), 6);
  EXPECT_EQ(vmc[0]["lattice"]["size"].items()[0].integer(), 8);
  EXPECT_EQ(vmc[1]["sector"]["particles"].integer(), 6);
  ASSERT_EQ(evaluate.size(), 1u);
  EXPECT_EQ(evaluate[0]["lattice"]["size"].items()[0].integer(), 14);
  EXPECT_EQ(evaluate[0]["sector"]["particles"].integer(), 6);
}

TEST(InputResolve, SystemsMayExtendByOtherMeans) {
  const Node root =
      valid(example::square, {{"systems", "[{lattice: {torus: [[3, 1], [-1, 3]]}}, {lattice: {size: [6, 6], periodic: [true, false]}}]"}}).root;
  const std::vector<Node> systems = root["systems"].items();

  EXPECT_TRUE(systems[0]["lattice"]["size"].is_null());
  EXPECT_EQ(systems[0]["lattice"]["torus"].items().size(), 2u);
  EXPECT_EQ(texts(systems[1]["lattice"]["boundary"]), (Words{"periodic", "open"}));
}

TEST(InputResolve, BoundaryHasOneWordPerAxis) {
  const auto boundary = [](const std::string& lattice) {
    const Node node = valid(example::square, {{"system.lattice", lattice}}).root["system"]["lattice"];
    EXPECT_TRUE(node["periodic"].is_null());
    return texts(node["boundary"]);
  };

  EXPECT_EQ(boundary("{kind: square, size: [4, 4]}"), (Words{"periodic", "periodic"}));
  EXPECT_EQ(boundary("{kind: square, size: [4, 4], periodic: false}"), (Words{"open", "open"}));
  EXPECT_EQ(boundary("{kind: square, size: [4, 4], periodic: [true, false]}"), (Words{"periodic", "open"}));
  EXPECT_EQ(boundary("{kind: square, size: [4, 4], boundary: antiperiodic}"), (Words{"antiperiodic", "antiperiodic"}));
  EXPECT_EQ(boundary("{kind: square, size: [4, 4], boundary: [open, periodic]}"), (Words{"open", "periodic"}));
}

TEST(InputResolve, AListOfCouplingsIsAFamily) {
  const Node system = valid(example::quick_start, {{"system.hamiltonian.t", "[1.0, 2.0]"}}).root["system"];

  EXPECT_EQ(system["hamiltonian"]["t"].number(), 1.0);
  const FamilyRows family = family_rows(system["family"]);
  EXPECT_EQ(family.names, (Words{"V", "t"}));
  EXPECT_EQ(family.rows.size(), 8u);
  EXPECT_EQ(family.rows[1], (std::vector<double>{0.0, 2.0}));
}

TEST(InputResolve, FamilyCombinesListsWithTheLastFastest) {
  const Node root = valid(example::quick_start, {{"system.family", "{V: [0, 1], particles: [5, 6, 7]}"}}).root;
  const FamilyRows family = family_rows(root["system"]["family"]);

  EXPECT_EQ(family.names, (Words{"V", "particles"}));
  EXPECT_EQ(family.rows, (Rows{{0, 5}, {0, 6}, {0, 7}, {1, 5}, {1, 6}, {1, 7}}));
}

TEST(InputResolve, FamilyRowsAreTakenAsWritten) {
  const Node root = valid(example::quick_start, {{"system.family", "{names: [particles, V], rows: [[1, 0.0], [2, 1.0]]}"}}).root;
  const FamilyRows family = family_rows(root["system"]["family"]);

  EXPECT_EQ(family.names, (Words{"particles", "V"}));
  EXPECT_EQ(family.rows, (Rows{{1, 0}, {2, 1}}));
}

TEST(InputResolve, StagesInheritTheFamilyOrReplaceIt) {
  const Document document = valid(example::quick_start);
  const std::vector<Node> stages = document.root["stages"].items();

  EXPECT_EQ(family_rows(stages[0]["family"]).rows.size(), 4u);
  EXPECT_EQ(stages[0]["family"].path(), "stages.0.family");
  EXPECT_EQ(family_rows(stages[2]["family"]).rows.size(), 5u);
  EXPECT_TRUE(valid(example::square).root["stages"].items()[0]["family"].is_null());
  EXPECT_TRUE(family_rows(valid(example::square).root["system"]["family"]).names.empty());
}

TEST(InputResolve, AStageOverridesSingleKeysOfTheSampler) {
  const std::vector<Node> stages = valid(example::square).root["stages"].items();

  EXPECT_EQ(stages[0]["sampler"]["samples"].integer(), 4096);
  const Node sampler = stages[1]["sampler"];
  EXPECT_EQ(sampler["samples"].integer(), 65536);
  EXPECT_EQ(sampler["discard"].integer(), 20);
  EXPECT_EQ(sampler["chains"].integer(), 4096);
  EXPECT_EQ(sampler["sweep_size"].integer(), 100);
  EXPECT_EQ(sampler["moves"].items().at(0)["shells"].integers(), (std::vector<std::int64_t>{1, 2}));
  EXPECT_EQ(sampler["moves"].items().at(0).path(), "stages.1.sampler.moves.0");
}

TEST(InputResolve, AStageWithAnotherSamplerKindStartsAfresh) {
  const Node sampler = valid(example::square, {{"stages.1.sampler", "{kind: exact_sum}"}}).root["stages"].items()[1]["sampler"];

  EXPECT_EQ(sampler.kind(), "exact_sum");
  EXPECT_EQ(sampler.entries().size(), 1u);
}

TEST(InputResolve, AMoveOfAStageReplacesTheMoves) {
  const Node sampler =
      valid(example::square, {{"stages.1.sampler", "{moves: [{kind: flip, weight: 2}, {kind: exchange}]}"}}).root["stages"].items()[1]["sampler"];

  ASSERT_EQ(sampler["moves"].items().size(), 2u);
  EXPECT_EQ(sampler["moves"].items()[0].kind(), "flip");
  EXPECT_TRUE(sampler["move"].is_null());
}

TEST(InputResolve, TailBecomesAListOfTokensAndFeaturesFollowIt) {
  const auto psi = [](const std::string& tail) { return valid(example::quick_start, {{"wavefunction.tail", tail}}).root["wavefunction"]; };

  EXPECT_EQ(psi("[t, V, N]")["tail"].items().size(), 1u);
  EXPECT_EQ(texts(psi("[t, V, N]")["features"]), (Words{"t", "V", "N"}));
  EXPECT_EQ(psi("[[V], [N]]")["tail"].items().size(), 2u);
  EXPECT_EQ(texts(psi("[[V], [N, V]]")["features"]), (Words{"V", "N"}));
  const Node filled = valid(example::quick_start, {{"wavefunction", "{kind: qstage}"}}).root["wavefunction"];
  EXPECT_EQ(texts(filled["tail"].items().at(0)), (Words{"t", "V", "N"}));
}

TEST(InputResolve, VitTakesThePatchFromTheLatticeAndTheCouplingsFromTheFamilies) {
  const Node chain =
      valid(example::quick_start, {{"wavefunction", "{kind: vit}"}, {"stages.2.family", "{V: [1], particles: [6]}"}}).root["wavefunction"];
  const Node square = valid(example::square, {{"wavefunction", "{kind: vit}"}}).root["wavefunction"];

  EXPECT_EQ(chain["patch"].integers(), std::vector<std::int64_t>{2});
  EXPECT_EQ(texts(chain["couplings"]), (Words{"V", "N"}));
  EXPECT_EQ(square["patch"].integers(), (std::vector<std::int64_t>{2, 2}));
  EXPECT_TRUE(square["couplings"].items().empty());
}

TEST(InputResolve, AlternativesKeepTheFormThatWasWritten) {
  const std::vector<Node> stages =
      valid(example::quick_start, {{"stages.1.targets", "{files: [a.csv]}"}, {"stages.1.rows", "64"}}).root["stages"].items();

  EXPECT_TRUE(stages[1]["targets"].is_map());
  EXPECT_EQ(stages[1]["rows"].integer(), 64);
  EXPECT_TRUE(stages[2]["optimizer"]["lr"].is_number());
  EXPECT_TRUE(stages[2]["optimizer"]["diag_shift"].is_map());
}
