#include "engine/bench/bench.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <set>

#include "engine/base/error.h"
#include "engine/bench/beside_peak.h"
#include "engine/bench/peak_memory.h"
#include "engine/comm/observed_communicator.h"
#include "kernels/api/peak.h"
#include "tests/plan_of.h"

namespace qs {
namespace {

constexpr const char* small_vit = R"(
format: 1
title: small
precision: {network: float32}
output: {directory: unused}
system:
  lattice: {kind: square, size: [4, 4], periodic: true}
  sector: {kind: spin_half, total_sz: 0}
  hamiltonian: {kind: heisenberg, J1: 1.0}
wavefunction: {kind: vit, patch: [2, 2], layers: 1, d_model: 8, heads: 2}
sampler: {kind: metropolis, move: {kind: exchange}, chains: 16, samples: 32}
stages:
  - kind: vmc
    steps: 3
    optimizer: {kind: minsr, lr: 0.01, diag_shift: 1.0e-3}
)";

constexpr const char* small_pretraining = R"(
format: 1
output: {directory: unused}
system:
  lattice: {kind: chain, size: [8], periodic: true}
  sector: {kind: spinless_fermions, particles: 4}
  hamiltonian: {kind: tv, t: 1.0, delta: 0.1}
  family: {V: [0.0, 1.0]}
wavefunction: {kind: qstage, depth: 1, d_model: 8, heads: 2, mlp: 8, tail: [V]}
sampler: {kind: exact_sum}
stages:
  - kind: pretrain
    targets: ed
    rows: full
    steps: 10
    optimizer: {kind: minsr, lr: 0.05}
)";

std::set<std::string> names(const nlohmann::json& list) {
  std::set<std::string> found;
  for (const auto& entry : list) found.insert(entry.at("name").get<std::string>());
  return found;
}

TEST(Bench, ReportsEveryOperationAndPhaseAsJson) {
  const auto comm = self_communicator();

  const BenchReport report = bench(test::plan_of(small_vit), {.steps = 2, .seconds_per_operation = 0.02}, *comm);
  const nlohmann::json json = to_json(report);

  for (const char* key :
       {"version", "title", "wavefunction", "parameters", "precision", "flops_per_log_psi", "instruction_set", "ranks", "threads"}) {
    EXPECT_TRUE(json.contains(key)) << key;
  }
  EXPECT_EQ(names(json.at("operations")), (std::set<std::string>{"log_psi", "vjp", "jacobian", "gram", "gemm", "cholesky"}));
  for (const auto& operation : json.at("operations")) {
    EXPECT_GT(operation.at("gflops").get<double>(), 0) << operation;
    EXPECT_GT(operation.at("fraction_of_peak").get<double>(), 0) << operation;
    EXPECT_LT(operation.at("fraction_of_peak").get<double>(), 1.5) << operation;
  }
  EXPECT_GT(json.at("operations")[0].at("psi_per_second").get<double>(), 0);
  const nlohmann::json& step = json.at("step");
  EXPECT_EQ(step.at("samples"), 32);
  EXPECT_EQ(step.at("steps"), 2);
  EXPECT_EQ(names(step.at("phases")), (std::set<std::string>{"sample", "local_energy", "derivatives", "gram", "solve", "judge", "update", "wait"}));
  double seconds = 0;
  for (const auto& phase : step.at("phases")) {
    seconds += phase.at("seconds").get<double>();
    EXPECT_GT(phase.at("peak_memory_bytes").get<std::int64_t>(), 0) << phase;
  }
  EXPECT_LE(seconds, step.at("seconds_per_step").get<double>() + 1e-6);
  EXPECT_GT(step.at("first_step_seconds").get<double>(), 0);
}

TEST(Bench, TheJsonHoldsTheTraceOfTheMeasuredSteps) {
  const auto comm = self_communicator();

  const BenchReport report = bench(test::plan_of(small_vit), {.steps = 2, .seconds_per_operation = 0}, *comm);
  const nlohmann::json trace = to_json(report).at("step").at("trace");

  const auto columns = trace.at("columns").get<std::vector<std::string>>();
  ASSERT_EQ(trace.at("rows").size(), 2u);
  const auto energy = std::find(columns.begin(), columns.end(), "energy_00") - columns.begin();
  for (int k = 0; k < 2; ++k) {
    const nlohmann::json& row = trace.at("rows")[k];
    ASSERT_EQ(row.size(), columns.size());
    EXPECT_EQ(row[0], k + 1);  // step 0 was the first one
    // Total energy of 32 bonds in S.S: each lies in [-3/4, 1/4].
    EXPECT_GT(row[energy].get<double>(), -24.0);
    EXPECT_LT(row[energy].get<double>(), 8.0);
  }
}

TEST(Bench, MeasuresASystemWhoseStatesCannotBeEnumerated) {
  const auto comm = self_communicator();
  std::string large = small_vit;
  large.replace(large.find("[4, 4]"), 6, "[10, 10]");

  const BenchReport report = bench(test::plan_of(large), {.steps = 1, .seconds_per_operation = 0}, *comm);

  EXPECT_EQ(report.steps->samples, 32);
}

TEST(Bench, MeasuresPretrainingWhenTheInputHasNoVmcStage) {
  const auto comm = self_communicator();

  const BenchReport report = bench(test::plan_of(small_pretraining), {.steps = 4, .seconds_per_operation = 0}, *comm);

  ASSERT_TRUE(report.steps.has_value());
  EXPECT_EQ(report.steps->stage, "00_pretrain");
  EXPECT_EQ(report.steps->samples, 2 * 70);  // two problems of (8 choose 4) states
  ASSERT_EQ(report.steps->trace.columns.at(1), "loss");
  ASSERT_EQ(report.steps->trace.rows.size(), 4u);
  EXPECT_LT(report.steps->trace.rows.back()[1], report.steps->trace.rows.front()[1]) << "the loss falls";
  EXPECT_GT(to_json(report).at("step").at("seconds_per_step").get<double>(), 0);
}

TEST(Bench, TheTableNamesWhatTheJsonHolds) {
  const auto comm = self_communicator();

  const BenchReport report = bench(test::plan_of(small_vit), {.steps = 1, .seconds_per_operation = 0}, *comm);
  const std::string text = table(report);

  for (const char* word :
       {"log_psi", "jacobian", "cholesky", "of peak", "local_energy", "derivatives", "peak memory", report.instruction_set.c_str()}) {
    EXPECT_NE(text.find(word), std::string::npos) << word << " is not in\n" << text;
  }
}

TEST(Bench, MeasuresNoStepsWhenNoneAreAskedFor) {
  const auto comm = self_communicator();

  const BenchReport report = bench(test::plan_of(small_vit), {.steps = 0, .seconds_per_operation = 0}, *comm);

  EXPECT_FALSE(report.steps.has_value());
  EXPECT_FALSE(to_json(report).contains("step"));
}

TEST(Bench, RefusesAnInputWithoutANetwork) {
  const auto comm = self_communicator();
  RunPlan plan;

  EXPECT_THROW(bench(plan, {}, *comm), InputError);
}

// The least time of a loop beside the highest rate of the same loop: 1 but for the reading of the clock and what a busy machine does to eight tries.
TEST(BesidePeak, MultiplyAddsReachTheirOwnPeak) {
  constexpr std::int64_t steps = 60000;
  const double operations = kernels::multiply_adds<float>(steps);

  const BesidePeak measured = measure_beside_peak(Device::cpu, Precision::float32, {[&] { kernels::multiply_adds<float>(steps); }}, 0.05);

  EXPECT_GT(operations / measured.seconds / measured.peak, 0.8);
  EXPECT_LT(operations / measured.seconds / measured.peak, 1.25);
}

TEST(PhaseClock, GivesTheTimeOfAnInnerPhaseToTheInnerPhaseAlone) {
  PhaseClock clock;
  std::vector<std::string> left, entered;
  clock.watch([&](const std::string* before, const std::string* now) {
    left.push_back(before ? *before : "-");
    entered.push_back(now ? *now : "-");
  });

  const int answer = clock.measure("outer", [&] { return clock.measure("inner", [&] { return clock.measure("outer", [] { return 6; }); }) * 7; });

  EXPECT_EQ(answer, 42);
  EXPECT_EQ(left, (std::vector<std::string>{"-", "outer", "inner", "outer", "inner", "outer"}));
  EXPECT_EQ(entered, (std::vector<std::string>{"outer", "inner", "outer", "inner", "outer", "-"}));
  EXPECT_EQ(clock.seconds().size(), 2u);
}

TEST(ObservedCommunicator, PassesCollectivesOnAndLetsThemBeTimed) {
  run_in_process(2, [](Communicator& world) {
    PhaseClock clock;
    ObservedCommunicator comm(world, [&](const auto& collective) { timed(&clock, "wait", collective); });

    std::string text = comm.is_root() ? "abc" : "";
    comm.broadcast_string(text, 0);

    EXPECT_EQ(text, "abc");
    EXPECT_EQ(comm.max(comm.rank()), 1);
    EXPECT_EQ(comm.sum(comm.rank() + 1), 3);
    EXPECT_GT(clock.seconds().at("wait"), 0);
  });
}

TEST(PeakMemory, SeesAnAllocationThatIsGoneAgain) {
  forget_peak_memory();
  const std::int64_t before = peak_memory();
  if (before == 0) GTEST_SKIP() << "this system does not tell";

  { const std::vector<char> block(std::size_t{64} << 20, 1); }

  EXPECT_GE(peak_memory() - before, std::int64_t{60} << 20);
}

}  // namespace
}  // namespace qs
