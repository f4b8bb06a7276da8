// The steps of the accuracy ladder as stages: energies after a Lanczos step against enumeration, and extrapolation from stored points.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include "engine/energy/krylov_space.h"
#include "engine/energy/lanczos_step.h"
#include "engine/stages/extrapolate_stage.h"
#include "engine/stages/lanczos_stage.h"
#include "evaluated.h"
#include "tests/engine/energy/guides.h"

namespace qs {
namespace {

using namespace testing_guides;  // NOLINT: systems of the tests
using ::testing::Contains;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using testing_evaluate::exact_sum;
using testing_evaluate::metropolis;

struct Stepped {
  StepOutcome outcome;
  DataTree outputs;
  double before(const std::string& name) const { return outputs.doubles("stages/00_lanczos/energy/" + name).at(0); }
  double after(const std::string& name) const { return outputs.doubles("stages/00_lanczos/step/" + name).at(0); }
};

Stepped lanczos(const ProblemFamily& family, Wavefunction& psi, const LanczosOptions& options, std::uint64_t seed, Communicator& comm) {
  ExactStates exact({}, comm);
  RunState state;
  LanczosStage stage(options, {.comm = comm, .family = family, .psi = &psi, .features = {}, .key = {seed, 1}, .group = "00_lanczos"}, exact);
  stage.begin(state);
  Stepped result{.outcome = stage.step(state), .outputs = {}};
  result.outputs = std::move(state.outputs);
  return result;
}

TEST(LanczosStage, OfAnExactSumIsTheEnumeratedStep) {
  const auto comm = self_communicator();
  for (const Guide& guide : guides()) {
    TableWavefunction psi(guide.family, {guide.log_psi});
    const Stepped one = lanczos(guide.family, psi, {.sampler = exact_sum(), .compare = Compare::ed}, 1, *comm);
    const Known& known = guide.known;
    EXPECT_NEAR(one.before("mean"), known.energy, 2e-9);
    EXPECT_NEAR(one.before("variance"), known.variance, 2e-9) << "zeros of psi included";
    EXPECT_NEAR(one.after("mean"), known.after, 2e-9);
    EXPECT_NEAR(one.after("variance"), known.variance_after, 2e-9);
    EXPECT_NEAR(one.after("alpha"), known.alpha, 2e-9);
    EXPECT_NEAR(one.after("mu"), known.mu, 2e-9);
    EXPECT_NEAR(one.after("x"), known.x, 2e-9);
    EXPECT_EQ(one.after("error"), 0);
    EXPECT_LT(one.after("relative_error"), one.before("relative_error"));
    EXPECT_THAT(one.outcome.warnings, Not(Contains(HasSubstr("not variational"))));
    const Stepped two = lanczos(guide.family, psi, {.sampler = exact_sum(), .steps = 2}, 1, *comm);
    EXPECT_NEAR(two.after("mean"), known.after_two, 2e-9);
    EXPECT_NEAR(two.after("variance"), known.variance_after_two, 2e-9);
    EXPECT_TRUE(two.outputs.has("stages/00_lanczos/step/alpha_valid")) << "alpha is that of one step";
  }
}

// 20 seeds: energies before and after the step are those of enumeration, within errors that are neither too small nor too large.
TEST(LanczosStage, OfSamplesAgreesWithEnumeration) {
  const auto comm = self_communicator();
  const ProblemFamily tv = build_family(with_couplings(square("tv", 4, 4, fermions(5)), {{"V", 1}}));
  const ProblemFamily hubbard = build_family(with_couplings(square("hubbard", 4, 2, electrons(4, 4)), {{"U", 4}}));
  const Guide spins = guides()[0];
  struct Case {
    const ProblemFamily& family;
    std::vector<std::vector<std::complex<double>>> table;
    MoveKind move;
  };
  int positive = 0, negative = 0, doubted = 0;
  std::string doubts;
  for (const Case& test : {Case{spins.family, {spins.log_psi}, MoveKind::exchange}, Case{tv, random_table(tv, 0.6, 3), MoveKind::hop},
                           Case{hubbard, random_table(hubbard, 0.6, 4), MoveKind::hop}}) {
    TableWavefunction psi(test.family, test.table);
    const KrylovSpace space = krylov_spaces(*comm, test.family, make_exact_sum(test.family, *comm)->sample(psi), 1)[0];
    const KrylovSpace::State exact = space.lowest(1);
    double chi_square = 0, before_chi_square = 0, sum = 0, variance = 0;
    constexpr int seeds = 20;
    for (std::uint64_t seed = 1; seed <= seeds; ++seed) {
      const Stepped found =
          lanczos(test.family, psi, {.sampler = metropolis({.moves = {{.kind = test.move}}, .chains = 64, .samples = 1024})}, seed, *comm);
      const double z = (found.after("mean") - exact.energy) / found.after("error");
      sum += z;
      chi_square += z * z;
      before_chi_square += std::pow((found.before("mean") - space.diagonal[0]) / found.before("error"), 2);
      variance += found.after("variance") / seeds;
      (found.after("alpha") > 0 ? positive : negative) += 1;
      if (found.after("reliable") == 0) {
        ++doubted;
        for (const std::string& warning : found.outcome.warnings) doubts += warning + "\n";
      }
      EXPECT_LT(found.after("mean"), found.before("mean"));
      EXPECT_GT(found.after("variance_error"), 0);
    }
    EXPECT_LT(std::abs(sum) / std::sqrt(seeds), 3.3) << test.family.hamiltonian.name;
    EXPECT_LT(std::abs(chi_square_z(chi_square, seeds)), 3.3) << test.family.hamiltonian.name << " " << chi_square;
    EXPECT_LT(std::abs(chi_square_z(before_chi_square, seeds)), 3.3) << test.family.hamiltonian.name << " " << before_chi_square;
    EXPECT_NEAR(variance, exact.variance, 0.1 * exact.variance);
  }
  EXPECT_LE(doubted, 3) << "of 60 runs\n" << doubts;
  EXPECT_GT(positive, 0);
  EXPECT_GT(negative, 0);
}

TEST(LanczosStage, SaysWhereSamplesCannotSee) {
  const auto comm = self_communicator();
  const Guide guide = hubbard_4x2();
  TableWavefunction psi(guide.family, {guide.log_psi});
  const Stepped found =
      lanczos(guide.family, psi, {.sampler = metropolis({.moves = {{.kind = MoveKind::hop}}, .chains = 64, .samples = 2048})}, 1, *comm);
  EXPECT_NEAR(found.after("zeros"), guide.known.weight_on_zeros, 0.3 * guide.known.weight_on_zeros);
  EXPECT_THAT(found.outcome.warnings, Contains(HasSubstr("its energy is not variational")));
}

// ---- extrapolation

struct Stored {
  std::string group;
  double energy, variance, energy_error, variance_error, covariance;
};

std::pair<StepOutcome, DataTree> extrapolated(const std::vector<Stored>& points, Compare compare) {
  const ProblemFamily family = build_family(with_couplings(square("heisenberg", 4, 4, spins(8)), {{"J2", 0.5}}));
  const auto comm = self_communicator();
  ExactStates exact({}, *comm);
  RunState state;
  std::vector<std::string> sources;
  for (const Stored& point : points) {
    sources.push_back("stages/" + point.group + "/energy/");
    const std::pair<const char*, double> values[] = {{"mean", point.energy},
                                                     {"variance", point.variance},
                                                     {"error", point.energy_error},
                                                     {"variance_error", point.variance_error},
                                                     {"covariance", point.covariance}};
    for (const auto& [name, value] : values) store_values(state.outputs, sources.back() + name, {value}, {1}, {});
  }
  ExtrapolateStage stage(sources, compare, {.comm = *comm, .family = family, .features = {}, .key = {1, 1}, .group = "03_extrapolate"}, exact);
  stage.begin(state);
  StepOutcome outcome = stage.step(state);
  return {std::move(outcome), std::move(state.outputs)};
}

TEST(ExtrapolateStage, ReadsPointsOfEarlierStages) {
  const double exact = -8.4579233514;
  const auto [outcome, outputs] = extrapolated({{"00_evaluate", exact + 0.5 * 0.4, 0.4, 0.01, 0.02, 1e-4},
                                                {"01_evaluate", exact + 0.5 * 0.2, 0.2, 0.008, 0.015, 5e-5},
                                                {"02_evaluate", exact + 0.5 * 0.1, 0.1, 0.006, 0.01, 2e-5}},
                                               Compare::ed);
  const auto value = [&, &tree = outputs](const std::string& name) { return tree.doubles("stages/03_extrapolate/" + name).at(0); };
  EXPECT_NEAR(value("linear/mean"), exact, 1e-9);
  EXPECT_NEAR(value("linear/slope"), 0.5, 1e-9);
  EXPECT_NEAR(value("quadratic/mean"), exact, 1e-8);
  EXPECT_NEAR(value("linear/chi_square"), 0, 1e-12);
  EXPECT_EQ(value("linear/freedom"), 1);
  EXPECT_GT(value("linear/error"), 0.004);
  EXPECT_LT(value("relative_error"), 1e-9);
  EXPECT_EQ(outputs.integers("stages/03_extrapolate/converged").at(0), 1);
  EXPECT_EQ(outputs.doubles("stages/03_extrapolate/points/variance"), (std::vector<double>{0.4, 0.2, 0.1}));
  EXPECT_THAT(outcome.notes, Contains(HasSubstr("no upper bounds")));
  EXPECT_THAT(outcome.warnings, IsEmpty());
}

// G1 of guides.h after one and two steps: -8.766 for -8.458.
TEST(ExtrapolateStage, SaysThatPoorStatesMislead) {
  const Known known = guides()[0].known;
  const auto [outcome, outputs] = extrapolated(
      {{"00_lanczos", known.after, known.variance_after, 0, 0, 0}, {"01_lanczos", known.after_two, known.variance_after_two, 0, 0, 0}}, Compare::ed);
  EXPECT_NEAR(outputs.doubles("stages/03_extrapolate/linear/mean").at(0), -8.766, 1e-3);
  EXPECT_THAT(outcome.warnings, Contains(HasSubstr("poor states mislead")));
  EXPECT_THAT(outcome.warnings, Contains(HasSubstr("measure a third state")));
  EXPECT_EQ(outputs.integers("stages/03_extrapolate/converged").at(0), 0);
}

TEST(ExtrapolateStage, DoubtsPointsThatAreNoLine) {
  const std::vector<Stored> bent = {
      {"00_evaluate", -8.0, 1.0, 0.001, 0.001, 0}, {"01_evaluate", -8.3, 0.6, 0.001, 0.001, 0}, {"02_evaluate", -8.35, 0.3, 0.001, 0.001, 0}};
  EXPECT_THAT(extrapolated(bent, Compare::none).first.warnings, Contains(HasSubstr("no straight line within their errors")));
  const std::vector<Stored> rising = {{"00_evaluate", -8.4, 1.0, 0.01, 0.01, 0}, {"01_evaluate", -8.3, 0.6, 0.01, 0.01, 0}};
  EXPECT_THAT(extrapolated(rising, Compare::none).first.warnings, Contains(HasSubstr("do not fall with the variance")));
  const std::vector<Stored> equal = {{"00_evaluate", -8.4, 1.0, 0.01, 0.01, 0}, {"01_evaluate", -8.3, 1.0, 0.01, 0.01, 0}};
  EXPECT_THAT(extrapolated(equal, Compare::none).first.warnings, Contains(HasSubstr("nothing is extrapolated")));
}

}  // namespace
}  // namespace qs
