// The evaluate command on systems small enough to do everything again by hand.
#include "engine/run/evaluate_configurations.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <functional>

#include "engine/base/error.h"
#include "engine/files/files.h"
#include "engine/hdf5/hdf5.h"
#include "engine/plan/vocabulary.h"
#include "engine/run/configuration_table.h"
#include "engine/wavefunctions/chunked.h"
#include "tests/plan_of.h"
#include "tests/temporary_directory.h"

namespace qs {
namespace {

using test::plan_of;
using testing::HasSubstr;
using Complex = std::complex<double>;

const std::string spins = R"(
format: 1
output: {directory: unused}
system:
  lattice: {kind: chain, size: [4]}
  sector: {kind: spin_half, total_sz: 0}
  hamiltonian: {kind: heisenberg, J1: 1.0}
wavefunction: {kind: rbm, alpha: 1, dtype: complex}
sampler: {kind: metropolis, move: {kind: exchange}, chains: 8, samples: 8}
)";
const std::string spring = "stages: [{kind: vmc, steps: 1, optimizer: {kind: minsr, lr: 0.5, diag_shift: 0.01, momentum: 0.8}}]\n";

// Two particle numbers, two repulsions: problem = 2 [particles = 3] + [V = 2].
const std::string fermions = R"(
format: 1
output: {directory: unused}
system:
  lattice: {kind: chain, size: [6]}
  sector: {kind: spinless_fermions, particles: 2}
  hamiltonian: {kind: tv, t: 1.0, delta: 0.1}
  family: {particles: [2, 3], V: [0.0, 2.0]}
wavefunction: {kind: qstage, depth: 2, d_model: 4, heads: 2, mlp: 4, tail: [V, N]}
sampler: {kind: metropolis, move: {kind: hop, d_max: 2}, chains: 8, samples: 8}
)";

DataTree table(std::vector<std::int8_t> values, std::int64_t columns) {
  const auto rows = static_cast<std::int64_t>(values.size()) / columns;
  DataTree tree;
  tree.set("configurations", Dataset{{rows, columns}, std::move(values), {}});
  return tree;
}

DataTree with_problems(DataTree tree, std::vector<std::int32_t> problems) {
  const auto rows = static_cast<std::int64_t>(problems.size());
  tree.set("problem", Dataset{{rows}, std::move(problems), {}});
  return tree;
}

std::vector<double> parameters_of(const RunPlan& plan) {
  const auto psi = make_wavefunction(plan.network->options, plan.network->input, Precision::float64, Device::cpu);
  std::vector<double> values = psi->initial_parameters({3, 0});
  for (std::size_t k = 0; k < values.size(); ++k) values[k] += 0.2 * std::sin(1.0 + static_cast<double>(k));
  return values;
}

std::vector<double> column(const DataTree& tree, const std::string& name) { return tree.doubles(name); }

std::string refusal(const std::function<void()>& work) {
  try {
    work();
  } catch (const Error& error) {
    return error.what();
  }
  return "nothing was refused";
}

TEST(Configurations, SpinsAndOccupationsAreTheSameBits) {
  const RunPlan plan = plan_of(spins + spring);

  const ConfigurationBatch by_spin = to_configurations(table({1, -1, 1, -1, -1, -1, 1, 1}, 4), *plan.family, "a.h5");
  const ConfigurationBatch by_occupation = to_configurations(table({1, 0, 1, 0, 0, 0, 1, 1}, 4), *plan.family, "a.h5");

  EXPECT_EQ(by_spin.bits, (std::vector<Word>{0b0101, 0b1100}));
  EXPECT_EQ(by_occupation.bits, by_spin.bits);
}

TEST(Configurations, RefusalsNameRowAndReason) {
  const RunPlan plan = plan_of(spins + spring);
  const auto refused = [&](const DataTree& tree) { return refusal([&] { to_configurations(tree, *plan.family, "a.h5"); }); };

  EXPECT_THAT(refused(table({1, -1, 1, -1, 1, 1, 1, -1}, 4)), testing::AllOf(HasSubstr("row 1"), HasSubstr("3 of 4"), HasSubstr("sector")));
  EXPECT_THAT(refused(table({1, -1, 1, -1, 1, -1}, 6)), testing::AllOf(HasSubstr("[1, 6]"), HasSubstr("the system has 4 sites")));
  EXPECT_THAT(refused(table({1, -1, 1, -1, 1, 0, 1, 0}, 4)), testing::AllOf(HasSubstr("row 1, site 1"), HasSubstr("is 0")));
  EXPECT_THAT(refused(table({1, -1, 2, -1}, 4)), testing::AllOf(HasSubstr("row 0, site 2"), HasSubstr("is 2")));
  EXPECT_THAT(refused(table({}, 4)), HasSubstr("no rows"));
  EXPECT_THAT(refused(DataTree{}), HasSubstr("no dataset 'configurations'"));
  DataTree floats;
  floats.set("configurations", array(std::vector<double>{1, -1, 1, -1}, {1, 4}));
  EXPECT_THAT(refused(floats), HasSubstr("float64 [1, 4]"));
}

TEST(Configurations, EveryRowOfAFamilyNamesItsProblem) {
  const RunPlan plan = plan_of(fermions + "stages: [{kind: evaluate}]\n");
  const DataTree rows = table({1, 1, 0, 0, 0, 0, 1, 0, 1, 0, 1, 0}, 6);
  const auto refused = [&](const DataTree& tree) { return refusal([&] { to_configurations(tree, *plan.family, "a.h5"); }); };

  EXPECT_EQ(to_configurations(with_problems(rows, {1, 2}), *plan.family, "a.h5").problem, (std::vector<std::int32_t>{1, 2}));
  EXPECT_THAT(refused(rows), HasSubstr("no dataset 'problem'"));
  EXPECT_THAT(refused(with_problems(rows, {1, 4})), testing::AllOf(HasSubstr("row 1"), HasSubstr("0 to 3")));
  EXPECT_THAT(refused(with_problems(rows, {1, 1})), testing::AllOf(HasSubstr("row 1"), HasSubstr("problem 1")));
  EXPECT_THAT(refused(with_problems(rows, {1})), HasSubstr("has 1 entries"));
}

// H of the 4-ring in S.S units: diagonal sum s_i s_j / 4, and 1/2 for each antiparallel bond.
TEST(Evaluation, LocalEnergiesOfTheHeisenbergRing) {
  const RunPlan plan = plan_of(spins + spring);
  const ConfigurationBatch rows = to_configurations(table({1, -1, 1, -1, -1, -1, 1, 1}, 4), *plan.family, "a.h5");
  const std::vector<double> parameters = parameters_of(plan);
  const auto psi = make_wavefunction(plan.network->options, plan.network->input, Precision::float64, Device::cpu);
  psi->set_parameters(parameters);
  const auto value = [&](Word state) {
    ConfigurationBatch one(4, 0);
    one.push_back(&state, 0);
    return log_psi(*psi, one)[0];
  };

  const DataTree found = evaluate_configurations(plan, parameters, rows, Derivatives::none);

  for (std::int64_t i = 0; i < rows.rows(); ++i) {
    const Word here = *rows.row(i);
    Complex expected = 0;
    for (int site = 0; site < 4; ++site) {
      const int next = (site + 1) % 4;
      const bool parallel = test_bit(&here, site) == test_bit(&here, next);
      expected += parallel ? 0.25 : -0.25;
      if (!parallel) expected += 0.5 * std::exp(value(here ^ (Word{1} << site) ^ (Word{1} << next)) - value(here));
    }
    EXPECT_NEAR(column(found, "log_psi_re")[i], value(here).real(), 1e-14);
    EXPECT_NEAR(column(found, "log_psi_im")[i], value(here).imag(), 1e-14);
    EXPECT_NEAR(column(found, "local_energies_re")[i], expected.real(), 1e-13);
    EXPECT_NEAR(column(found, "local_energies_im")[i], expected.imag(), 1e-13);
  }
  EXPECT_EQ(std::get<std::vector<std::int32_t>>(found.at("n_exchange_pairs").values), (std::vector<std::int32_t>{4, 2}));
  EXPECT_EQ(std::get<std::vector<std::int8_t>>(found.at("configurations").values), (std::vector<std::int8_t>{1, -1, 1, -1, -1, -1, 1, 1}));
  EXPECT_EQ(std::get<std::string>(found.groups.at("").at("convention")), "S.S");
}

// (X^T X + s) d_1 = X^T v and (X^T X + s) d_2 = X^T v + s mu d_1: with the gradient g = X^T v of the file, d_2 - d_1 solves for s mu d_1. Contracted
// with d_1 both symmetric forms must agree: d_1 (X^T X + s)(d_2 - d_1) = g (d_2 - d_1) = s mu d_1 d_1.
TEST(Evaluation, DirectionsObeyTheEquationsOfSpring) {
  const RunPlan plan = plan_of(spins + spring);
  const ConfigurationBatch rows = to_configurations(table({1, -1, 1, -1, -1, -1, 1, 1, 1, 1, -1, -1}, 4), *plan.family, "a.h5");

  const DataTree found = evaluate_configurations(plan, parameters_of(plan), rows, Derivatives::gradient);

  double left = 0, right = 0;
  for (const char* path : {"Dense/kernel_re", "Dense/kernel_im", "Dense/bias_re", "Dense/bias_im", "visible_bias_re", "visible_bias_im"}) {
    const std::string name = std::string("/") + path;
    const auto &gradient = found.doubles("gradient" + name), &first = found.doubles("sr_update" + name),
               &second = found.doubles("spring_update_2" + name);
    EXPECT_EQ(found.at("sr_update" + name).shape, found.at("gradient" + name).shape);
    for (std::size_t k = 0; k < first.size(); ++k) {
      left += gradient[k] * (second[k] - first[k]);
      right += 0.01 * 0.8 * first[k] * first[k];
    }
  }
  EXPECT_GT(right, 1e-6);
  EXPECT_NEAR(left, right, 1e-10 * right);
}

TEST(Evaluation, NoDirectionsWithoutANaturalGradient) {
  const ConfigurationBatch rows = to_configurations(table({1, -1, 1, -1}, 4), *plan_of(spins + spring).family, "a.h5");
  const RunPlan adam = plan_of(spins + "stages: [{kind: vmc, steps: 1, optimizer: {kind: adamw}}]\n");
  const RunPlan plain = plan_of(spins + "stages: [{kind: vmc, steps: 1, optimizer: {kind: sr}}]\n");

  const DataTree of_adam = evaluate_configurations(adam, parameters_of(adam), rows, Derivatives::gradient);
  const DataTree of_sr = evaluate_configurations(plain, parameters_of(plain), rows, Derivatives::gradient);

  EXPECT_TRUE(of_adam.has("gradient/visible_bias_re"));
  EXPECT_EQ(of_adam.groups.count("sr_update"), 0u);
  EXPECT_TRUE(of_sr.has("sr_update/visible_bias_re"));
  EXPECT_EQ(of_sr.groups.count("spring_update_2"), 0u);
}

// One network, four problems in two sectors: each row is evaluated with its own couplings and particle number.
TEST(Evaluation, RowsOfAFamilySeeTheirOwnProblem) {
  const RunPlan plan = plan_of(fermions + "stages: [{kind: evaluate}]\n");
  const std::vector<double> parameters = parameters_of(plan);
  const DataTree rows = table({1, 1, 0, 0, 0, 0, 1, 1, 0, 0, 0, 0, 1, 1, 1, 0, 0, 0, 1, 1, 1, 0, 0, 0}, 6);

  const DataTree found =
      evaluate_configurations(plan, parameters, to_configurations(with_problems(rows, {0, 1, 2, 3}), *plan.family, "a.h5"), Derivatives::none);

  const auto energy = column(found, "local_energies_re"), log = column(found, "log_psi_re");
  for (int g = 0; g < 4; ++g) {
    const std::string one =
        fermions.substr(0, fermions.find("  family")) + fermions.substr(fermions.find("wavefunction")) + "stages: [{kind: evaluate}]\n";
    input::Diagnostics diagnostics;
    const input::Document document =
        input::load_text(vocabulary(), one, "one.yaml",
                         {{"system.sector.particles", g < 2 ? "2" : "3"}, {"system.hamiltonian.V", g % 2 ? "2.0" : "0.0"}}, diagnostics);
    const RunPlan single = make_plan(document, diagnostics);
    ASSERT_FALSE(diagnostics.has_errors()) << diagnostics.render();
    const std::vector<std::int8_t> row = g < 2 ? std::vector<std::int8_t>{1, 1, 0, 0, 0, 0} : std::vector<std::int8_t>{1, 1, 1, 0, 0, 0};
    const DataTree alone = evaluate_configurations(single, parameters, to_configurations(table(row, 6), *single.family, "a.h5"), Derivatives::none);
    EXPECT_NEAR(energy[g], column(alone, "local_energies_re")[0], 1e-12) << g;
    EXPECT_NEAR(log[g], column(alone, "log_psi_re")[0], 1e-13) << g;
  }
  EXPECT_NE(energy[0], energy[1]);
  EXPECT_EQ(std::get<std::vector<std::int32_t>>(found.at("problem").values), (std::vector<std::int32_t>{0, 1, 2, 3}));
}

class EvaluateFile : public testing::Test {
 protected:
  void SetUp() override {
    plan_ = plan_of(spins + spring);
    plan_.network->parameters = parameters_of(plan_);
    request_.configurations = directory_.file("rows.h5");
    request_.output = directory_.file("out.h5");
    replace_file(request_.configurations, to_hdf5_image(table({1, -1, 1, -1}, 4)));
  }

  TemporaryDirectory directory_;
  RunPlan plan_;
  EvaluateRequest request_;
};

TEST_F(EvaluateFile, WritesOneFileAndLeavesItAlone) {
  EXPECT_THAT(evaluate_file(plan_, request_), HasSubstr("1 configurations"));
  EXPECT_EQ(read_hdf5(request_.output).doubles("log_psi_re").size(), 1u);

  EXPECT_THAT(refusal([&] { evaluate_file(plan_, request_); }), HasSubstr("--overwrite"));
  request_.existing = ExistingFile::overwrite;
  request_.derivatives = Derivatives::gradient;
  EXPECT_THAT(evaluate_file(plan_, request_), HasSubstr("update directions"));
  EXPECT_TRUE(read_hdf5(request_.output).has("spring_update_2/visible_bias_re"));
}

TEST_F(EvaluateFile, SaysWhatIsMissing) {
  plan_.network->parameters.clear();
  EXPECT_THAT(refusal([&] { evaluate_file(plan_, request_); }), HasSubstr("--weights"));
  plan_.network.reset();
  EXPECT_THAT(refusal([&] { evaluate_file(plan_, request_); }), HasSubstr("wavefunction"));
}

}  // namespace
}  // namespace qs
