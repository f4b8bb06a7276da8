#include <gtest/gtest.h>

#include <algorithm>

#include "engine/base/error.h"
#include "engine/cli/templates.h"
#include "engine/input/input.h"
#include "engine/plan/plan.h"
#include "engine/plan/vocabulary.h"
#include "hamiltonians/registry.h"

namespace {

using namespace qs;

RunPlan plan_of(const std::string& text) {
  input::Diagnostics diagnostics;
  const input::Document document = input::load_text(vocabulary(), text, "template.yaml", {}, diagnostics);
  EXPECT_EQ(diagnostics.render(), "") << text;
  if (diagnostics.has_errors()) return {};
  RunPlan plan = make_plan(document, diagnostics);
  EXPECT_EQ(diagnostics.render(), "") << text;
  return plan;
}

std::string refusal(const std::string& model, const std::string& size) {
  try {
    template_input(model, size);
  } catch (const InputError& error) {
    EXPECT_EQ(error.code(), ExitCode::input);
    return error.what();
  }
  return "";
}

TEST(Templates, EveryModelHasAValidOneOfAtMostFifteenLines) {
  for (const ModelEntry& model : models()) {
    const std::string text = template_input(model.kind, "");
    EXPECT_LE(std::count(text.begin(), text.end(), '\n'), 15) << text;
    const RunPlan plan = plan_of(text);
    ASSERT_TRUE(plan.family && plan.network) << text;
    EXPECT_NE(text.find("hamiltonian: {kind: " + model.kind), std::string::npos);
    const SectorKind sector = plan.family->problems[0].sector.options().kind;
    EXPECT_EQ(sector, model.sector.value_or(sector));
    EXPECT_EQ(plan.stages.back().entry->name, "evaluate");
  }
}

TEST(Templates, OtherSizesAreValidToo) {
  EXPECT_EQ(plan_of(template_input("heisenberg", "10x10")).family->lattice.sites(), 100);
  EXPECT_EQ(plan_of(template_input("heisenberg", "20")).family->lattice.describe(), "chain 20, periodic");
  EXPECT_EQ(plan_of(template_input("tfim", "7")).family->lattice.sites(), 7);
  EXPECT_EQ(plan_of(template_input("tv", "6x4")).family->problems[0].sector.options().up, 12);
  EXPECT_EQ(plan_of(template_input("hubbard", "4x4")).family->problems[0].sector.options().down, 8);
}

TEST(Templates, ExactStatesAreUsedWhereTheyAreCheap) {
  for (const ModelEntry& model : models())
    EXPECT_NE(template_input(model.kind, "").find("sampler: {kind: exact_sum}"), std::string::npos) << model.kind;
  EXPECT_NE(template_input("heisenberg", "6x4").find("sampler: {kind: metropolis"), std::string::npos);
  EXPECT_EQ(plan_of(template_input("tv", "12")).stages.front().entry->name, "pretrain");
  EXPECT_EQ(plan_of(template_input("tv", "30")).stages.front().entry->name, "vmc");
  EXPECT_NE(template_input("heisenberg", "4x4").find("compare: ed"), std::string::npos);
  EXPECT_EQ(template_input("heisenberg", "8x8").find("compare: ed"), std::string::npos);
}

TEST(Templates, AWrongModelNamesTheNearestAndAllKnownOnes) {
  const std::string message = refusal("heisenburg", "");

  EXPECT_NE(message.find("did you mean 'heisenberg'?"), std::string::npos) << message;
  for (const ModelEntry& model : models()) EXPECT_NE(message.find(model.kind), std::string::npos) << message;
}

TEST(Templates, ASizeThatDoesNotFitIsOneLine) {
  const std::pair<const char*, const char*> cases[] = {
      {"heisenberg", "3x4"},        {"heisenberg", "15"}, {"heisenberg", "0"},        {"heisenberg", "4x0"},     {"heisenberg", "2x2x2"},
      {"heisenberg", "4*4"},        {"heisenberg", "4x"}, {"heisenberg", "-4"},       {"heisenberg", "99999x4"}, {"tv", "1"},
      {"hubbard", "9999x9999"},     {"xxz", "5"},         {"haldane_shastry", "4x4"}, {"haldane_shastry", "7"},  {"shastry_sutherland", "8"},
      {"shastry_sutherland", "3x4"}};
  for (const auto& [model, size] : cases) {
    const std::string message = refusal(model, size);
    EXPECT_EQ(message.find(std::string("--size ") + size + " does not fit " + model), 0u) << model << " " << size << ": " << message;
    EXPECT_EQ(message.find('\n'), std::string::npos) << message;
    EXPECT_NE(message.find("take for example --size"), std::string::npos) << message;
  }
  EXPECT_NE(refusal("haldane_shastry", "4x4").find("one axis"), std::string::npos);
}

}  // namespace
