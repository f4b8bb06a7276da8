// Lanczos and the matrix-free product against dense matrices, closed spectra, and themselves on other divisions of the work.
#include "engine/ed/lanczos.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <random>

#include "engine/base/error.h"
#include "engine/base/parallel.h"
#include "hamiltonians/registry.h"

namespace qs {
namespace {

SystemOptions system(const std::string& model, const std::string& lattice, std::vector<int> size, int up, std::map<std::string, double> couplings,
                     int down = -1) {
  SystemOptions options;
  options.lattice = {lattice, size, std::vector<Boundary>(size.size(), Boundary::periodic)};
  options.sector.kind = model == "hubbard" ? SectorKind::spinful_fermions : model == "tv" ? SectorKind::spinless_fermions : SectorKind::spin_half;
  options.sector.up = up;
  options.sector.down = down;
  options.model = model;
  options.couplings = std::move(couplings);
  return options;
}

std::vector<double> random_vector(std::int64_t size) {
  std::mt19937_64 engine(5);
  std::normal_distribution<double> normal;
  std::vector<double> x(size);
  for (double& value : x) value = normal(engine);
  return x;
}

std::vector<double> product(const ProblemFamily& family, Communicator& comm, const std::vector<double>& x) {
  const SectorOperator op(family.hamiltonian, family.problems[0].sector, family.problems[0].couplings, comm);
  std::vector<double> y(op.dimension());
  op.apply(x.data(), y.data());
  return y;
}

class SectorOperatorOf : public ::testing::TestWithParam<SystemOptions> {};

// The product over split halves against the definition: one state, its diagonal, its connected states by index.
TEST_P(SectorOperatorOf, EqualsTheSumOverConnectedStates) {
  const ProblemFamily family = build_family(GetParam());
  const auto comm = self_communicator();
  const Sector& sector = family.problems[0].sector;
  const double* couplings = family.problems[0].couplings.data();
  const std::vector<double> x = random_vector(sector.dimension());

  const std::vector<double> y = product(family, *comm, x);

  for (std::int64_t i = 0; i < sector.dimension(); ++i) {
    const Word state = sector.state(i);
    double sum = family.table.diagonal(&state, couplings) * x[i], size = std::abs(sum);
    family.table.for_each_connected(state, couplings, [&](Word partner, double element) {
      sum += element * x[sector.index(partner)];
      size += std::abs(element * x[sector.index(partner)]);
    });
    ASSERT_NEAR(y[i], sum, 100 * 2.3e-16 * (size + 1)) << "state " << i;  // fewer than 100 terms, one rounding each
  }
}

TEST_P(SectorOperatorOf, GivesTheSameBitsOnAnyNumberOfRanksAndThreads) {
  const ProblemFamily family = build_family(GetParam());
  const std::vector<double> x = random_vector(family.problems[0].sector.dimension());
  const std::vector<double> one = product(family, *self_communicator(), x);

  for (const int ranks : {2, 3, 5}) {
    run_in_process(ranks, [&](Communicator& comm) { EXPECT_EQ(product(family, comm, x), one) << ranks << " ranks"; });
  }
  set_threads(3);
  EXPECT_EQ(product(family, *self_communicator(), x), one) << "three threads";
  set_threads(1);
}

INSTANTIATE_TEST_SUITE_P(Models, SectorOperatorOf,
                         ::testing::Values(system("heisenberg", "square", {4, 3}, 6, {{"J2", 0.4}}),
                                           system("heisenberg", "chain", {9}, 2, {{"J2", -0.3}}),
                                           system("tfim", "square", {3, 3}, -1, {{"Gamma", 0.7}}),
                                           system("tv", "square", {4, 4}, 3, {{"V", 2.5}, {"delta", 0.1}}),
                                           system("tv", "chain", {11}, 10, {{"V", 1.5}}), system("tv", "chain", {40}, 2, {{"V", 1.5}}),
                                           system("tv", "chain", {64}, 2, {{"V", 1.5}}), system("hubbard", "chain", {6}, 2, {{"U", 4}}, 3),
                                           system("hubbard", "square", {3, 2}, 1, {{"U", 4}}, 5)));

// Free spinless fermions on a ring: sums of n_p of the levels -2 cos(2 pi m / L), with all their degeneracies.
std::vector<double> free_spectrum(int sites, int particles) {
  std::vector<double> energies;
  for (Word modes = 0; modes < Word{1} << sites; ++modes) {
    if (std::popcount(modes) != particles) continue;
    double sum = 0;
    for (int m = 0; m < sites; ++m) {
      // An even number of particles sees an antiperiodic seam only through its own signs: plain momenta.
      if (modes >> m & 1u) sum -= 2 * std::cos(2 * M_PI * m / sites);
    }
    energies.push_back(sum);
  }
  std::sort(energies.begin(), energies.end());
  return energies;
}

TEST(Diagonalise, FindsEveryCopyOfADegenerateLevel) {
  const auto comm = self_communicator();
  // 12 sites, 4 particles: 495 states (Lanczos). 8 sites, 3 particles: 56 (dense).
  for (const auto& [sites, particles] : {std::pair{12, 4}, std::pair{8, 3}}) {
    const ProblemFamily family = build_family(system("tv", "chain", {sites}, particles, {}));
    const std::vector<double> exact = free_spectrum(sites, particles);

    const EdResult result = diagonalise(family, 0, {.states = 8}, *comm);

    for (int k = 0; k < 8; ++k) {
      EXPECT_NEAR(result.energies[k], exact[k], 1e-10) << sites << " sites, level " << k;
      EXPECT_LE(result.residuals[k], 1e-8);
      for (int l = 0; l <= k; ++l) {
        double overlap = 0;
        for (std::int64_t i = 0; i < result.dimension; ++i) overlap += result.states[k][i] * result.states[l][i];
        EXPECT_NEAR(overlap, k == l ? 1 : 0, 1e-7) << k << ", " << l;
      }
    }
  }
}

// The lowest level is never cut, whatever was asked for: 6 fermions on 12 sites (924 states) and 4 on 12 (495) by Lanczos, 3 on 8 densely.
TEST(Diagonalise, CompletesTheLowestLevelAndKnowsTheGap) {
  const auto comm = self_communicator();
  for (const auto& [sites, particles] : {std::pair{12, 6}, std::pair{12, 4}, std::pair{8, 3}, std::pair{8, 2}}) {
    const ProblemFamily family = build_family(system("tv", "chain", {sites}, particles, {}));
    const std::vector<double> exact = free_spectrum(sites, particles);
    const auto same = [&](double energy) { return std::abs(energy - exact[0]) < 1e-9; };
    const int degeneracy = static_cast<int>(std::count_if(exact.begin(), exact.end(), same));
    for (const int states : {1, 2, 3}) {
      const EdResult result = diagonalise(family, 0, {.states = states}, *comm);

      EXPECT_EQ(result.degeneracy, degeneracy) << sites << " sites, " << particles;
      EXPECT_EQ(result.states.size(), static_cast<std::size_t>(std::max(states, degeneracy)));
      ASSERT_TRUE(result.gap.has_value());
      EXPECT_NEAR(*result.gap, exact[degeneracy] - exact[0], 1e-9);
    }
  }
}

// Without hopping every configuration without a pair has energy 0: C(6, 3) of the 400, and U is the gap. A level of twenty, of which Lanczos sees one
// vector at a time.
TEST(Diagonalise, CompletesALevelOfTwentyStates) {
  const ProblemFamily family = build_family(system("hubbard", "chain", {6}, 3, {{"t", 0}, {"U", 4}}, 3));

  const EdResult result = diagonalise(family, 0, {}, *self_communicator());

  EXPECT_EQ(result.degeneracy, 20);
  ASSERT_TRUE(result.gap.has_value());
  EXPECT_NEAR(*result.gap, 4, 1e-9);
  for (int k = 0; k < 20; ++k) {
    EXPECT_NEAR(result.energies[k], 0, 1e-10);
    for (int l = 0; l <= k; ++l) {
      double overlap = 0;
      for (std::int64_t i = 0; i < result.dimension; ++i) overlap += result.states[k][i] * result.states[l][i];
      EXPECT_NEAR(overlap, k == l ? 1 : 0, 1e-12);
    }
  }
}

// No Hamiltonian at all, and one of few and large eigenvalues: Krylov spaces of one to three vectors.
TEST(Diagonalise, TakesSpectraOfFewLevels) {
  const EdResult nothing = diagonalise(build_family(system("tv", "chain", {12}, 4, {{"t", 0}})), 0, {.states = 4}, *self_communicator());
  EXPECT_EQ(nothing.degeneracy, 495);
  EXPECT_FALSE(nothing.gap.has_value());

  // Four particles of which no two are neighbours on a ring of 12: 12/8 C(8, 4) = 105.
  const EdResult heavy = diagonalise(build_family(system("tv", "chain", {12}, 4, {{"t", 0}, {"V", 1e6}})), 0, {}, *self_communicator());
  EXPECT_EQ(heavy.degeneracy, 105);
  EXPECT_NEAR(heavy.gap.value(), 1e6, 1e-3);
}

TEST(Diagonalise, SaysThatALevelDoesNotFitTheMemory) {
  const ProblemFamily family = build_family(system("hubbard", "chain", {6}, 3, {{"t", 0}, {"U", 4}}, 3));
  const EdOptions options{.memory_limit = ed_memory(400, {}) + 8 * 400 * 5};
  try {
    diagonalise(family, 0, options, *self_communicator());
    FAIL() << "twenty states do not fit";
  } catch (const MemoryError& error) {
    EXPECT_THAT(error.what(), ::testing::AllOf(::testing::HasSubstr("the lowest level has 7 states or more"), ::testing::HasSubstr("limits.memory")));
  }
}

// One particle on a ring that fills 63 of the 64 bits of a word: E = -2 cos k.
TEST(Diagonalise, TakesLatticesAsLongAsAWord) {
  for (const int sites : {63, 64}) {
    const EdResult result = diagonalise(build_family(system("tv", "chain", {sites}, 1, {})), 0, {}, *self_communicator());

    EXPECT_NEAR(result.energies[0], -2, 1e-13);
    EXPECT_EQ(result.degeneracy, 1);
    EXPECT_NEAR(result.gap.value(), 2 - 2 * std::cos(2 * M_PI / sites), 1e-13);
  }
}

TEST(Diagonalise, ASectorOfOneLevelHasNoGap) {
  const EdResult result = diagonalise(build_family(system("tv", "chain", {6}, 6, {})), 0, {}, *self_communicator());

  EXPECT_EQ(result.degeneracy, 1);
  EXPECT_FALSE(result.gap.has_value());
}

// 4x4, Gamma = J: the two ordered superpositions differ by 5.5e-7 in energy.
TEST(Diagonalise, ResolvesTheTunnelSplittingOfAnOrderedMagnet) {
  const ProblemFamily family = build_family(system("tfim", "square", {4, 4}, -1, {{"Gamma", 1}}));
  const auto comm = self_communicator();

  const EdResult result = diagonalise(family, 0, {.states = 2}, *comm);

  EXPECT_NEAR(result.energies[0], -34.0105975508, 1e-9);
  EXPECT_NEAR(result.energies[1] - result.energies[0], 5.5e-7, 0.06e-7);
  EXPECT_EQ(result.degeneracy, 1);
  EXPECT_NEAR(result.gap.value(), result.energies[1] - result.energies[0], 1e-12);
  // Parity under flipping all spins: +1 below, -1 above.
  for (int k = 0; k < 2; ++k) {
    double parity = 0;
    for (std::int64_t i = 0; i < result.dimension; ++i) parity += result.states[k][i] * result.states[k][result.dimension - 1 - i];
    EXPECT_NEAR(parity, k == 0 ? 1 : -1, 1e-4);
  }
}

// Ring of 12, Gamma = J/2: the pair split by 7.24688e-5 (SECTORS.md 9.3) is two levels, however loose the tolerance within reason.
TEST(Diagonalise, TellsANarrowPairFromALevel) {
  const ProblemFamily family = build_family(system("tfim", "chain", {12}, -1, {{"Gamma", 0.5}}));
  for (const double tolerance : {1e-12, 1e-10, 1e-7}) {
    const EdResult result = diagonalise(family, 0, {.tolerance = tolerance}, *self_communicator());

    EXPECT_EQ(result.degeneracy, 1) << tolerance;
    EXPECT_NEAR(result.energies[0], -12.7625691510, 1e-9) << tolerance;
    EXPECT_NEAR(result.gap.value(), 7.24688e-5, 1e-9) << tolerance;
  }
}

TEST(Diagonalise, NormalisesAndFixesTheSign) {
  const auto comm = self_communicator();
  const ProblemFamily family = build_family(system("heisenberg", "chain", {12}, 6, {}));

  const EdResult result = diagonalise(family, 0, {}, *comm);

  double norm = 0, largest = 0;
  for (const double amplitude : result.states[0]) {
    norm += amplitude * amplitude;
    if (std::abs(amplitude) > std::abs(largest)) largest = amplitude;
  }
  EXPECT_NEAR(norm, 1, 1e-14);
  EXPECT_GT(largest, 0);
  EXPECT_EQ(result.dimension, 924);
}

TEST(Diagonalise, GivesTheSameBitsOnAnyNumberOfRanks) {
  const ProblemFamily family = build_family(system("heisenberg", "chain", {12}, 6, {{"J2", 0.3}}));
  const EdResult one = diagonalise(family, 0, {.states = 3}, *self_communicator());

  for (const int ranks : {2, 3}) {
    run_in_process(ranks, [&](Communicator& comm) {
      const EdResult many = diagonalise(family, 0, {.states = 3}, comm);
      EXPECT_EQ(many.energies, one.energies);
      EXPECT_EQ(many.states, one.states);
    });
  }
}

// Without hopping H is U times the number of pairs: the lowest level is exactly zero and the Krylov space ends after four vectors.
TEST(Diagonalise, ConvergesWhenTheEnergyIsZero) {
  const ProblemFamily family = build_family(system("hubbard", "chain", {6}, 3, {{"t", 0}, {"U", 4}}, 3));

  const EdResult result = diagonalise(family, 0, {}, *self_communicator());

  EXPECT_NEAR(result.energies[0], 0, 1e-12);
  EXPECT_LE(result.residuals[0], 1e-9);
}

TEST(Diagonalise, RefusesBeforehandWhatDoesNotFit) {
  const auto comm = self_communicator();
  const ProblemFamily ring = build_family(system("heisenberg", "chain", {12}, 6, {}));
  const ProblemFamily huge = build_family(system("heisenberg", "square", {10, 10}, 50, {}));

  EXPECT_THROW(diagonalise(ring, 0, {.states = 925}, *comm), InputError);
  EXPECT_THROW(diagonalise(huge, 0, {}, *comm), InputError);
  try {
    diagonalise(ring, 0, {.memory_limit = 1 << 20}, *comm);
    FAIL() << "one MiB is not enough";
  } catch (const MemoryError& error) {
    EXPECT_THAT(error.what(), ::testing::AllOf(::testing::HasSubstr("924"), ::testing::HasSubstr("1048576"), ::testing::HasSubstr("limits.memory")));
  }
  EXPECT_THROW(diagonalise(ring, 0, {.max_iterations = 1}, *comm), NumericalError);
}

TEST(Diagonalise, NeedsNoMoreMemoryWhenTheLimitIsTight) {
  const std::int64_t dimension = 2704156;

  EXPECT_LT(ed_memory(dimension, {.memory_limit = std::int64_t{600} << 20}), ed_memory(dimension, {}));
  EXPECT_LE(ed_memory(dimension, {.memory_limit = std::int64_t{600} << 20}), std::int64_t{600} << 20);
}

TEST(SectorOperator, RefusesAnOperatorThatLeavesTheSector) {
  const auto comm = self_communicator();
  const Sector sector({SectorKind::spin_half, 6, 3, -1});
  Operator flip{"flip", "-", 6, {}, {}};
  flip.add(1, "1", {{Factor::pauli_x, 2}});

  EXPECT_THROW(SectorOperator(flip, sector, {1.0}, *comm), InputError);
}

// Two fermions on a ring of six have the momenta 0 and +-1: in each of the two states the densities may be bent, their mean is flat.
TEST(Expectation, OfALevelIsTheMeanOverItsStates) {
  const ProblemFamily family = build_family(system("tv", "chain", {6}, 2, {}));
  const EdResult exact = diagonalise(family, 0, {}, *self_communicator());
  ASSERT_EQ(exact.degeneracy, 2);

  for (int site = 0; site < 6; ++site) {
    Operator density{"density", "-", 6, {}, {}};
    density.add(1, "1", {{Factor::number, site}});

    EXPECT_NEAR(ground_level_expectation(TermTable(density), family.problems[0].sector, exact, *self_communicator()), 1.0 / 3, 1e-13);
  }
}

TEST(Expectation, MeasuresTheEnergyOfAnEigenvector) {
  const ProblemFamily family = build_family(system("heisenberg", "chain", {12}, 6, {}));
  Operator bonds{"bonds", "S.S", 12, {}, {}};
  for (int i = 0; i < 12; ++i) {
    const int j = (i + 1) % 12;
    bonds.add(1, "1", {{Factor::sz, i}, {Factor::sz, j}});
    bonds.add(0.5, "1", {{Factor::s_plus, i}, {Factor::s_minus, j}});
    bonds.add(0.5, "1", {{Factor::s_minus, i}, {Factor::s_plus, j}});
  }
  const TermTable table(bonds);
  const EdResult exact = diagonalise(family, 0, {}, *self_communicator());
  const double one = expectation(table, family.problems[0].sector, exact.states[0], *self_communicator());

  EXPECT_NEAR(one, -5.38739091745, 1e-9);
  run_in_process(3, [&](Communicator& comm) { EXPECT_EQ(expectation(table, family.problems[0].sector, exact.states[0], comm), one); });
}

}  // namespace
}  // namespace qs
