// The sampler against the exact distribution on systems of ten sites: chi-square of the samples, and the acceptance.
#include <gtest/gtest.h>

#include <cmath>
#include <ostream>

#include "engine/sampling/sampler.h"
#include "transition_matrix.h"

namespace qs {
namespace {

using namespace testing_table;  // NOLINT: systems of the tests

struct Case {
  std::string name;
  SystemOptions system;
  std::vector<MoveOptions> moves;
  double power = 2;
};
void PrintTo(const Case& test, std::ostream* out) { *out << test.name; }

std::vector<Case> cases() {
  const MoveOptions exchange{.kind = MoveKind::exchange}, far{.kind = MoveKind::exchange, .shells = {1}, .d_max = 3, .weight = 0.5};
  const MoveOptions flip{.kind = MoveKind::flip}, hop{.kind = MoveKind::hop}, far_hop{.kind = MoveKind::hop, .shells = {1}, .d_max = 2, .weight = 2};
  return {{"exchange", chain("heisenberg", 10, spins(5)), {exchange}},
          {"exchange_open", chain("heisenberg", 10, spins(4), Boundary::open), {exchange}},
          {"flip", chain("tfim", 10, spins(-1)), {flip}},
          {"hop", chain("tv", 10, fermions(3), Boundary::open), {hop}},
          {"hop_spinful", chain("hubbard", 5, electrons(2, 2), Boundary::open), {hop}},
          {"mixture_exchange", chain("heisenberg", 10, spins(5), Boundary::open), {exchange, far}},
          {"mixture_hop", chain("tv", 10, fermions(4), Boundary::open), {hop, far_hop}},
          {"mixture_flip_exchange", chain("tfim", 10, spins(-1), Boundary::open), {flip, exchange}},
          {"exchange_power_1", chain("heisenberg", 10, spins(5)), {exchange}, 1},
          {"hop_power_half", chain("tv", 10, fermions(4), Boundary::open), {hop}, 0.5}};
}

class Distribution : public ::testing::TestWithParam<Case> {
 protected:
  Distribution() : family_(build_family(GetParam().system)), psi_(family_, random_table(family_, 0.6, 5)), comm_(self_communicator()) {}

  // One sample per chain and call, `sweep` proposals apart.
  std::unique_ptr<Sampler> sampler(std::int64_t chains, std::int64_t samples, std::int64_t sweep) {
    return make_metropolis(
        {.moves = GetParam().moves, .chains = chains, .samples = samples, .sweep_size = sweep, .thermalise = 20, .power = GetParam().power}, family_,
        *comm_, {.seed = 12, .stage = 1});
  }

  ProblemFamily family_;
  TableWavefunction psi_;
  std::unique_ptr<Communicator> comm_;
};

TEST_P(Distribution, SamplesFollowThePowerOfPsi) {
  const Sector& sector = family_.problems[0].sector;
  const std::vector<double> p = exact_distribution(psi_.table(0), GetParam().power);
  const std::int64_t samples = 24 * static_cast<std::int64_t>(p.size());
  const std::int64_t chains = samples / 8;
  // 80 proposals between samples: eight sweeps, several autocorrelation times of the slowest mode of a ten-site open chain.
  const SampleSet set = sampler(chains, samples, 80)->sample(psi_);

  std::vector<double> count(p.size(), 0.0);
  for (std::int64_t i = 0; i < set.rows.rows(); ++i) ++count[sector.index(*set.rows.row(i))];
  double chi_square = 0;
  for (std::size_t s = 0; s < p.size(); ++s) {
    const double expected = p[s] * static_cast<double>(samples);
    ASSERT_GT(expected, 5);
    chi_square += (count[s] - expected) * (count[s] - expected) / expected;
  }

  EXPECT_LT(std::abs(chi_square_z(chi_square, static_cast<double>(p.size()) - 1)), 3.09);
}

// Acceptance in equilibrium: sum_s p(s) sum_moves w sum_{proposals of s} 1/n(s) min(1, p(s') n(s) / (p(s) n(s'))).
double exact_acceptance(const ProblemFamily& family, const std::vector<MoveOptions>& moves, const std::vector<double>& p) {
  const Sector& sector = family.problems[0].sector;
  double acceptance = 0, total_weight = 0;
  for (const MoveOptions& options : moves) total_weight += options.weight;
  for (const MoveOptions& options : moves) {
    for (std::size_t s = 0; s < p.size(); ++s) {
      const std::vector<Word> targets = neighbours(family, options, sector.state(s));
      const auto n = static_cast<double>(targets.size());
      for (Word target : targets) {
        const double ratio = p[sector.index(target)] * n / (p[s] * static_cast<double>(neighbours(family, options, target).size()));
        acceptance += options.weight / total_weight * p[s] / n * std::min(1.0, ratio);
      }
    }
  }
  return acceptance;
}

TEST_P(Distribution, AcceptanceIsTheStationaryOne) {
  const auto chains = sampler(64, 64, 50);
  const int batches = 50;
  double sum = 0, squares = 0;
  for (int b = 0; b < batches; ++b) {
    chains->sample(psi_);
    if (b == 0) continue;  // contains the thermalisation
    const double a = chains->acceptance(*comm_)[0];
    sum += a;
    squares += a * a;
  }
  const double mean = sum / (batches - 1), variance = squares / (batches - 1) - mean * mean;

  const double expected = exact_acceptance(family_, GetParam().moves, exact_distribution(psi_.table(0), GetParam().power));

  EXPECT_NEAR(mean, expected, 4 * std::sqrt(variance / (batches - 2)));
  EXPECT_LT(expected, 0.97);  // the table is rough enough for rejections
}

INSTANTIATE_TEST_SUITE_P(Moves, Distribution, ::testing::ValuesIn(cases()), [](const auto& test) { return test.param.name; });

}  // namespace
}  // namespace qs
