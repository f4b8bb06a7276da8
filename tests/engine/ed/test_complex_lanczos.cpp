// Exact diagonalisation of complex Hamiltonians against dense matrices and closed spectra.
#include <gtest/gtest.h>

#include <Eigen/Dense>
#include <algorithm>
#include <cmath>
#include <initializer_list>
#include <numbers>

#include "engine/base/parallel.h"
#include "engine/ed/lanczos.h"
#include "engine/ed/translations.h"
#include "hamiltonians/term_compile.h"
#include "tests/engine/energy/symbolic_matrix.h"
#include "tests/hamiltonians/complex_models.h"

namespace qs {
namespace {

using test::dm_family;
using test::flux_family;
using testing_matrix::complex_symbolic_matrix;
using Complex = std::complex<double>;
constexpr double pi = std::numbers::pi;

Eigen::MatrixXcd matrix_of(const ProblemFamily& family) {
  const Problem& problem = family.problems[0];
  return complex_symbolic_matrix(family.hamiltonian, problem.couplings, problem.sector);
}

Eigen::VectorXcd vector_of(const std::vector<Complex>& x) {
  return Eigen::Map<const Eigen::VectorXcd>(x.data(), static_cast<Eigen::Index>(x.size()));
}

// The largest amplitude is positive; of several that rounding alone tells apart, one.
bool phase_is_fixed(const Eigen::VectorXcd& x) {
  const double largest = x.cwiseAbs().maxCoeff();
  return std::any_of(x.begin(), x.end(), [&](Complex a) { return std::abs(a - largest) < 1e-12; });
}

// Energies, residuals, orthonormality and the degeneracy of the lowest level by the dense matrix, for several numbers of states.
void expect_exact(const ProblemFamily& family, std::initializer_list<int> numbers) {
  const Eigen::MatrixXcd h = matrix_of(family);
  const Eigen::VectorXd energies = Eigen::SelfAdjointEigenSolver<Eigen::MatrixXcd>(h, Eigen::EigenvaluesOnly).eigenvalues();
  const auto lowest = std::count_if(energies.begin(), energies.end(), [&](double energy) { return energy < energies[0] + 1e-9; });
  for (const int k : numbers) {
    const EdResult result = diagonalise(family, 0, {.states = k}, *self_communicator());

    EXPECT_EQ(result.degeneracy, lowest);
    EXPECT_EQ(result.energies.size(), static_cast<std::size_t>(std::max<std::int64_t>(k, lowest)));
    ASSERT_EQ(result.complex_states.size(), result.energies.size());
    EXPECT_TRUE(result.states.empty());
    for (std::size_t i = 0; i < result.energies.size(); ++i) {
      EXPECT_NEAR(result.energies[i], energies[static_cast<Eigen::Index>(i)], 1e-10) << "state " << i << " of " << k;
      const Eigen::VectorXcd x = vector_of(result.complex_states[i]);
      EXPECT_LT((h * x - result.energies[i] * x).norm(), 1e-8);
      EXPECT_NEAR((h * x - result.energies[i] * x).norm(), result.residuals[i], 1e-12);
      for (std::size_t j = 0; j <= i; ++j) EXPECT_NEAR(std::abs(vector_of(result.complex_states[j]).dot(x)), i == j ? 1 : 0, 1e-7);
      EXPECT_TRUE(phase_is_fixed(x));
    }
    EXPECT_NEAR(result.gap.value(), energies[lowest] - energies[0], 1e-10);
  }
}

// 6 and 7 sites densely, 10 (252 states) and 9 without a fixed Sz (512 states, every level a Kramers pair) by Lanczos.
TEST(ComplexDiagonalise, GivesTheLevelsOfDzyaloshinskyMoriyaRings) {
  expect_exact(dm_family(6, 3, {0, 0, 1}), {1, 2, 5});
  expect_exact(dm_family(7, -1, {0.3, -0.4, 0.5}), {1, 3});
  expect_exact(dm_family(10, 5, {0, 0, 1}), {1, 2, 5});
  expect_exact(dm_family(9, -1, {0.3, -0.4, 0.5}), {1, 2, 5});
}

TEST(ComplexDiagonalise, GivesTheLevelsOfAFluxRing) {
  for (const double flux : {0.7, 2 * pi / 3}) {
    expect_exact(flux_family(8, 3, flux, 1.5), {1, 4});   // 56 states
    expect_exact(flux_family(12, 4, flux, 1.5), {1, 4});  // 495 states
  }
}

// Free fermions: sums of -2 cos((2 pi m + flux) / L), half a step further where an even number of particles sees the seam.
TEST(ComplexDiagonalise, FindsEveryCopyOfTheLevelsOfFreeFermions) {
  constexpr int sites = 12;
  for (const int particles : {3, 4}) {
    for (const double flux : {pi / 2, -pi + 0.3, 2 * pi}) {
      std::vector<double> expected;
      for (Word modes = 0; modes < Word{1} << sites; ++modes) {
        if (std::popcount(modes) != particles) continue;
        double sum = 0;
        for (int m = 0; m < sites; ++m) {
          if (modes >> m & 1u) sum -= 2 * std::cos((2 * pi * m + flux) / sites);
        }
        expected.push_back(sum);
      }
      std::sort(expected.begin(), expected.end());
      const EdResult result = diagonalise(flux_family(sites, particles, flux, 0), 0, {.states = 9}, *self_communicator());
      for (int k = 0; k < 9; ++k) EXPECT_NEAR(result.energies[k], expected[k], 1e-10) << particles << " particles, flux " << flux << ", state " << k;
    }
  }
}

TEST(ComplexDiagonalise, GivesAFluxRingAnEnergyOfPeriodTwoPiThatIsEven) {
  const auto comm = self_communicator();
  const auto energy = [&](double flux) { return diagonalise(flux_family(12, 5, flux, 2), 0, {}, *comm).energies[0]; };
  for (const double flux : {0.4, 1.9, 3.0}) {
    EXPECT_NEAR(energy(flux), energy(flux + 2 * pi), 1e-10);
    EXPECT_NEAR(energy(flux), energy(-flux), 1e-10);
  }
  EXPECT_GT(std::abs(energy(0.4) - energy(1.9)), 1e-3);
}

TEST(ComplexDiagonalise, GivesTheSameBitsOnAnyNumberOfRanksAndThreads) {
  const ProblemFamily family = flux_family(12, 4, 0.7, 1.5);
  const EdResult one = diagonalise(family, 0, {.states = 3}, *self_communicator());
  run_in_process(3, [&](Communicator& comm) {
    const EdResult many = diagonalise(family, 0, {.states = 3}, comm);
    EXPECT_EQ(many.energies, one.energies);
    EXPECT_EQ(many.complex_states, one.complex_states);
  });
  set_threads(3);
  EXPECT_EQ(diagonalise(family, 0, {.states = 3}, *self_communicator()).complex_states, one.complex_states);
  set_threads(1);
}

TEST(ComplexDiagonalise, PlansTwiceTheMemory) {
  EXPECT_EQ(amplitude_bytes(flux_family(6, 3, 0, 1)), 8);
  EXPECT_EQ(amplitude_bytes(flux_family(6, 3, 1, 1)), 16);
  const double real = static_cast<double>(ed_memory(1 << 24, {})), complex = static_cast<double>(ed_memory(1 << 24, {}, 16));
  EXPECT_GT(complex, 1.3 * real);  // with fewer Krylov vectors where the limit asks for it
  EXPECT_LE(complex, 2 * real);
}

// The current of a flux ring is the derivative of its energy by the flux.
TEST(ComplexExpectation, OfTheCurrentIsTheDerivativeOfTheEnergy) {
  constexpr int sites = 10;
  constexpr double flux = 0.8, h = 1e-4;
  const auto comm = self_communicator();
  const auto exact = [&](double at) { return diagonalise(flux_family(sites, 3, at, 1.5), 0, {}, *comm); };
  Operator current{"current", "t", sites, {}, {}};
  const Complex phase = std::polar(1.0, flux / sites) * Complex(0, 1.0 / sites);
  for (int i = 0; i < sites; ++i) {
    const int j = (i + 1) % sites;
    current.add(-phase, "1", {{Factor::create, j}, {Factor::annihilate, i}});
    current.add(-std::conj(phase), "1", {{Factor::create, i}, {Factor::annihilate, j}});
  }
  const Sector sector = flux_family(sites, 3, flux, 1.5).problems[0].sector;
  const EdResult ground = exact(flux);

  const double mean = ground_level_expectation(TermTable(current), sector, ground, *comm);

  EXPECT_NEAR(mean, (exact(flux + h).energies[0] - exact(flux - h).energies[0]) / (2 * h), 1e-7);
  EXPECT_GT(std::abs(mean), 1e-3);
  run_in_process(3, [&](Communicator& ranks) { EXPECT_EQ(ground_level_expectation(TermTable(current), sector, ground, ranks), mean); });
  // In a real state the mean is that of the real part.
  const EdResult real = exact(0);
  const Eigen::MatrixXcd matrix = complex_symbolic_matrix(current, {1}, sector);
  const Eigen::VectorXcd x = vector_of(real.amplitudes(0));
  EXPECT_NEAR(expectation(TermTable(current), sector, real.states[0], *comm), x.dot(matrix * x).real(), 1e-12);
}

// T phi = exp(-i k) phi, looked up by hand: (T phi)(T sigma) = phi(sigma). Beyond half a flux quantum the lowest state has another momentum.
TEST(ComplexTranslations, GiveTheMomentumOfTheLowestState) {
  int moving = 0;
  for (const double flux : {2.0, 4.0, -4.0}) {
    const ProblemFamily family = flux_family(9, 3, flux, 1.5);
    const Sector& sector = family.problems[0].sector;
    const EdResult exact = diagonalise(family, 0, {}, *self_communicator());
    ASSERT_EQ(exact.degeneracy, 1);

    const TranslationContent content = translation_content(family.lattice, sector, exact, {1});

    ASSERT_EQ(content.momenta.size(), 1u);
    const int k = content.momenta[0][0];
    moving += k != 0;
    EXPECT_NEAR(content.largest_overlap, k == 0 ? 1 : 0, 1e-6);
    const std::vector<Complex>& phi = exact.complex_states[0];
    Complex product = 0;
    for (std::int64_t i = 0; i < sector.dimension(); ++i) {
      const Word state = sector.state(i), moved = ((state << 1) | (state >> 8)) & 0x1ff;
      product += std::conj(phi[sector.index(moved)]) * phi[i];
    }
    EXPECT_LT(std::abs(product - std::polar(1.0, -2 * pi * k / 9)), 1e-6) << flux;
  }
  EXPECT_EQ(moving, 2);
}

}  // namespace
}  // namespace qs
