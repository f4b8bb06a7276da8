// Thermalisation, and what an evaluate stage says about chains that are slow, stuck or fine.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "engine/energy/local_energy.h"
#include "engine/stages/sampling_report.h"
#include "engine/stages/thermalise.h"
#include "evaluated.h"

namespace qs {
namespace {

using namespace testing_evaluate;  // NOLINT: systems of the tests
using ::testing::Contains;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

constexpr RandomKey key{.seed = 3, .stage = 1};
const MoveOptions hop{.kind = MoveKind::hop}, exchange{.kind = MoveKind::exchange};

// One particle on an open chain in the field |psi|^2 ~ exp(-x / length): it walks there from a random start.
struct Walker {
  Walker(int sites, double length) : family(build_family(chain("tv", sites, fermions(1), Boundary::open))), psi(family, table(sites, length)) {}
  static std::vector<std::vector<std::complex<double>>> table(int sites, double length) {
    std::vector<std::complex<double>> log_psi(sites);
    for (int s = 0; s < sites; ++s) log_psi[s] = {-0.5 * s / length, 0};  // the sector numbers its states by the site of the particle
    return {log_psi};
  }
  ProblemFamily family;
  TableWavefunction psi;
};

TEST(Thermalise, GoesOnUntilTheHalvesOfTheChainsAgree) {
  const Walker walker(24, 6);
  const auto comm = self_communicator();
  // One proposal a sweep: a step every other sweep, so the way takes a hundred sweeps and more.
  const SamplerOptions options = metropolis({.moves = {hop}, .chains = 256, .samples = 256 * 64, .sweep_size = 1});
  const auto sampler = make_sampler(options, walker.family, *comm, key);

  const Thermalisation start = thermalise(*sampler, options, walker.family, *comm, walker.psi);

  EXPECT_THAT(start.doubt, IsEmpty());
  EXPECT_GT(start.sweeps, 100);
  EXPECT_LE(start.sweeps, most_sweeps);
  EXPECT_EQ(static_cast<std::int64_t>(sampler->proposals_done()), start.sweeps);
  const SampleSet samples = sampler->sample(walker.psi);
  const auto energy = estimate(*comm, samples, sampled_energies(*comm, walker.family, walker.psi, samples), "energy")[0];
  const SampleSet all = make_exact_sum(walker.family, *comm)->sample(walker.psi);
  const auto exact = estimate(*comm, all, sampled_energies(*comm, walker.family, walker.psi, all), "energy")[0];
  EXPECT_NEAR(energy.mean.real(), exact.mean.real(), 4 * energy.error);
}

TEST(Thermalise, SaysSoWhereTheLimitIsTooLow) {
  const Walker walker(60, 15);  // the way of some 20 sites takes 60 sweeps each
  const auto comm = self_communicator();
  const SamplerOptions options = metropolis({.moves = {hop}, .chains = 4096, .samples = 4096, .sweep_size = 1});
  const auto sampler = make_sampler(options, walker.family, *comm, key);

  const Thermalisation start = thermalise(*sampler, options, walker.family, *comm, walker.psi);

  EXPECT_LE(start.sweeps, most_sweeps);
  EXPECT_GT(2 * start.sweeps, most_sweeps / 2);
  EXPECT_THAT(start.doubt, HasSubstr("still drifts by"));
  ASSERT_EQ(start.warnings().size(), 1);
  EXPECT_THAT(start.warnings()[0], HasSubstr("raise sampler.thermalise"));
}

TEST(Thermalise, LooksOnceAtSettledChainsAndLeavesExactSumsAlone) {
  const Walker walker(24, 6);
  const auto comm = self_communicator();
  for (const SamplerOptions& options : {metropolis({.moves = {hop}, .chains = 8, .samples = 8, .thermalise = 0}), exact_sum()}) {
    const auto sampler = make_sampler(options, walker.family, *comm, key);
    EXPECT_EQ(thermalise(*sampler, options, walker.family, *comm, walker.psi).sweeps, 0);
    EXPECT_EQ(sampler->proposals_done(), 0);
  }
  const SamplerOptions options = metropolis({.moves = {hop}, .chains = 8, .samples = 8});
  const auto sampler = make_sampler(options, walker.family, *comm, key);
  sampler->read(walker.psi, {.discard = 500});
  const std::uint64_t done = sampler->proposals_done();
  EXPECT_EQ(thermalise(*sampler, options, walker.family, *comm, walker.psi).sweeps, 20);
  EXPECT_EQ(sampler->proposals_done(), done + 20 * 24);
}

// Stationary from the start: about one run in a thousand may look once more.
TEST(Thermalise, SeldomLooksTwiceAtChainsThatHaveSettled) {
  const ProblemFamily family = build_family(chain("heisenberg", 8, spins(4)));
  const TableWavefunction psi(family, random_table(family, 0.4, 5));
  const auto comm = self_communicator();
  int again = 0;
  for (std::uint64_t seed = 0; seed < 200; ++seed) {
    for (const std::int64_t chains : {4, 64}) {
      const SamplerOptions options = metropolis({.moves = {exchange}, .chains = chains, .samples = 64});
      const auto sampler = make_sampler(options, family, *comm, {.seed = seed});
      again += thermalise(*sampler, options, family, *comm, psi).sweeps > 60;
    }
  }
  EXPECT_LE(again, 4);
}

TEST(ForVerdicts, KeepsEnoughSamplesOfEveryChain) {
  const auto of = [](std::int64_t chains, std::int64_t samples) {
    const MetropolisOptions m = for_verdicts(metropolis({.moves = {exchange}, .chains = chains, .samples = samples})).metropolis;
    return std::pair(m.chains, m.samples);
  };
  EXPECT_EQ(of(256, 1024), std::pair(64L, 1024L));
  EXPECT_EQ(of(256, 8192), std::pair(256L, 8192L));
  EXPECT_EQ(of(256, 256), std::pair(32L, 512L));  // at least 32 chains of 16 samples
  EXPECT_EQ(of(16, 64), std::pair(16L, 1024L));   // few chains: at least 64 samples each
  EXPECT_EQ(of(1, 20000), std::pair(1L, 20000L));
  EXPECT_EQ(of(100, 4100), std::pair(100L, 4100L));
  EXPECT_EQ(of(1024, 4096 + 16), std::pair(257L, 4112L));
}

// Case L: without a Hamiltonian every state is an eigenstate, and no energy varies: that is success, not a frozen chain.
TEST(Evaluate, ZeroVarianceOfMovingChainsIsReliable) {
  SystemOptions system = chain("tv", 8, fermions(4));
  system.couplings = {{"t", 0.0}, {"V", 0.0}, {"delta", 0.0}};
  const ProblemFamily family = build_family(system);
  TableWavefunction psi(family, random_table(family, 0.3, 5));
  const auto comm = self_communicator();

  const Evaluated e = evaluate(family, psi, {.sampler = metropolis({.moves = {hop}, .chains = 16, .samples = 64})}, 1, *comm);

  EXPECT_THAT(e.outcome.notes, Contains(HasSubstr("16 chains of 64 samples, a sweep apart, after")));

  EXPECT_EQ(e.energy("mean"), 0);
  EXPECT_EQ(e.energy("error"), 0);
  EXPECT_EQ(e.energy("vscore"), 0);
  EXPECT_EQ(e.energy("reliable"), 1);
  EXPECT_FALSE(e.outputs.has("stages/00_evaluate/energy/vscore_valid"));
  EXPECT_THAT(e.outcome.warnings, IsEmpty());
}

// Two peaks with nothing in between: chains stay in the one that they fell into.
TEST(Evaluate, DoubtsChainsThatStandStill) {
  const ProblemFamily family = build_family(chain("tv", 12, fermions(1)));
  std::vector<std::complex<double>> log_psi(12, {-40.0, 0.0});
  log_psi[0] = log_psi[6] = {0.0, 0.0};
  TableWavefunction psi(family, {log_psi});
  const auto comm = self_communicator();

  const Evaluated e =
      evaluate(family, psi, {.sampler = metropolis({.moves = {hop}, .chains = 64, .samples = 1024}), .observables = {"energy", "density"}}, 1, *comm);

  EXPECT_EQ(e.energy("reliable"), 0);
  EXPECT_EQ(e.sampling("still_chains"), 64);
  EXPECT_THAT(e.outcome.notes[0], HasSubstr("?"));
  EXPECT_THAT(e.outcome.warnings, Contains(HasSubstr("most chains are frozen")));
  EXPECT_THAT(e.outcome.warnings, Contains(HasSubstr("energy is not reliable")));
  EXPECT_THAT(e.outcome.warnings, Contains(HasSubstr("density: the errors of 12 of 12 values are not reliable")));
}

TEST(Evaluate, LengthensTheWayBetweenSamplesOfSlowChains) {
  Walker walker(12, 4);
  const auto comm = self_communicator();
  const SamplerOptions slow = metropolis({.moves = {hop}, .chains = 64, .samples = 1024, .sweep_size = 1});

  const Evaluated e = evaluate(walker.family, walker.psi, {.sampler = slow, .observables = {"energy", "density"}}, 1, *comm);
  const Evaluated exact = evaluate(walker.family, walker.psi, {.sampler = exact_sum(), .observables = {"energy", "density"}}, 1, *comm);

  EXPECT_EQ(e.energy("reliable"), 1);
  EXPECT_GE(e.sampling("sweeps_between"), 16);
  EXPECT_LE(e.sampling("sweeps_between") * 16, most_sweeps);
  EXPECT_NEAR(e.energy("mean"), exact.energy("mean"), 4 * e.energy("error"));
  for (int site = 0; site < 12; ++site) {
    EXPECT_NEAR(e.observable("density", "mean")[site], exact.observable("density", "mean")[site], 4 * e.observable("density", "error")[site]);
    EXPECT_EQ(e.observable("density", "reliable")[site], 1) << site;
    EXPECT_GT(e.observable("density", "rhat")[site], 0.9);
    EXPECT_GT(e.observable("density", "tau")[site], 0);
  }
}

TEST(Evaluate, DoubtsChainsThatTheLimitLeavesTooShort) {
  Walker walker(60, 30);
  const auto comm = self_communicator();
  const SamplerOptions slow = metropolis({.moves = {hop}, .chains = 64, .samples = 1024, .sweep_size = 1});

  const Evaluated e = evaluate(walker.family, walker.psi, {.sampler = slow, .observables = {"energy", "density"}}, 1, *comm);

  EXPECT_EQ(e.sampling("sweeps_between"), most_sweeps / 16);
  EXPECT_THAT(e.observable("density", "reliable"), Contains(0.0));
  EXPECT_THAT(e.outcome.warnings, Contains(HasSubstr("density: the errors of")));
}

TEST(Evaluate, WarnsWhereNearlyEverythingIsAccepted) {
  const ProblemFamily family = build_family(chain("tv", 8, fermions(1)));  // every state has as many ways out
  TableWavefunction psi(family, random_table(family, 0, 5));
  const auto comm = self_communicator();
  const Evaluated e = evaluate(family, psi, {.sampler = metropolis({.moves = {hop}})}, 1, *comm);
  EXPECT_THAT(e.outcome.warnings, Contains(HasSubstr("more than 0.98 of the proposals are accepted")));
}

TEST(Evaluate, GivesTheSameBitsOnAnyNumberOfRanks) {
  SystemOptions system = chain("tv", 8, fermions(3));
  system.varied = {"V"};
  system.rows = {{1.0}, {2.0}};
  const ProblemFamily family = build_family(system);
  const EvaluateOptions options{.sampler = metropolis({.moves = {hop}, .chains = 40, .samples = 640}), .observables = {"energy", "density_density"}};
  const auto outputs = [&](int ranks) {
    TableWavefunction psi(family, random_table(family, 1, 3));
    DataTree root;
    run_in_process(ranks, [&](Communicator& comm) {
      Evaluated mine = evaluate(family, psi, options, 9, comm);
      if (comm.is_root()) root = std::move(mine.outputs);
    });
    return root;
  };
  const DataTree one = outputs(1);
  for (const int ranks : {2, 3, 5}) EXPECT_EQ(outputs(ranks), one) << ranks;
}

// More samples than half of the basis states: equal rows share one evaluation, and every value stays the same bit for bit.
TEST(LocalEnergies, OfEqualSamplesAreEvaluatedOnce) {
  const ProblemFamily family = build_family(chain("heisenberg", 8, spins(4)));  // 70 states
  const TableWavefunction psi(family, random_table(family, 1, 3));
  const auto comm = self_communicator();
  const auto sampler = make_metropolis({.moves = {exchange}, .chains = 64, .samples = 1024}, family, *comm, key);
  const SampleSet samples = sampler->sample(psi);
  const std::int64_t before = psi.evaluations();
  const auto single = local_energies(family, psi, samples);
  const std::int64_t between = psi.evaluations();

  const auto merged = sampled_energies(*comm, family, psi, samples);

  EXPECT_EQ(merged, single);
  EXPECT_LT(10 * (psi.evaluations() - between), between - before);
}

TEST(MovementWarnings, NameWhatIsWrong) {
  const ProblemFamily family = build_family(chain("tv", 8, fermions(3)));
  Acceptance fine{.proposed = {1000},
                  .accepted = {400},
                  .invalid = {0},
                  .still = {0},
                  .moves = {"hop"},
                  .move_proposed = {1000},
                  .move_accepted = {400},
                  .swap_proposed = {},
                  .swap_accepted = {}};
  EXPECT_THAT(movement_warnings(fine, family, 64), IsEmpty());
  EXPECT_THAT(movement_doubt(fine, 0, 64), IsEmpty());
  Acceptance low = fine;
  low.accepted = {15};
  EXPECT_THAT(movement_warnings(low, family, 64), Contains(HasSubstr("fewer than 0.02")));
  EXPECT_THAT(movement_doubt(low, 0, 64), IsEmpty());
  low.proposed = {100000};
  EXPECT_THAT(movement_doubt(low, 0, 64), HasSubstr("acceptance 1.5e-04 < 1e-03"));
  Acceptance invalid = fine;
  invalid.invalid = {3};
  EXPECT_THAT(movement_warnings(invalid, family, 64), Contains(HasSubstr("not a number")));
  Acceptance still = fine;
  still.still = {3};
  EXPECT_THAT(movement_warnings(still, family, 64), IsEmpty());
  EXPECT_EQ(movement_doubt(still, 0, 64), "3 of 64 chains did not move");
  Acceptance tempered = fine;
  tempered.swap_proposed = {100, 100};
  tempered.swap_accepted = {30, 5};
  EXPECT_THAT(movement_warnings(tempered, family, 64), testing::ElementsAre(HasSubstr("swaps between replicas 2 and 3")));
  const Acceptance one_state{.proposed = {100},
                             .accepted = {0},
                             .invalid = {0},
                             .still = {0},
                             .moves = {"hop"},
                             .move_proposed = {100},
                             .move_accepted = {0},
                             .swap_proposed = {},
                             .swap_accepted = {}};
  EXPECT_THAT(movement_warnings(one_state, family, 64), IsEmpty());
  EXPECT_THAT(movement_doubt(one_state, 0, 64), IsEmpty());
}

}  // namespace
}  // namespace qs
