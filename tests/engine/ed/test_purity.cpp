// Second Renyi entropies of exact states: against tables, free fermions by their correlation matrix, and rho_A element
// by element.
#include "engine/ed/purity.h"

#include <gtest/gtest.h>

#include <Eigen/Eigenvalues>
#include <cmath>
#include <map>
#include <numbers>

#include "engine/ed/lanczos.h"
#include "tests/engine/sampling/table_wavefunction.h"

namespace qs {
namespace {

using namespace testing_table;  // NOLINT: systems of the tests
using Complex = std::complex<double>;

double s2_of_ground_state(SystemOptions system, const std::map<std::string, double>& couplings, const std::vector<int>& region) {
  for (const auto& [name, value] : couplings) system.couplings[name] = value;
  const ProblemFamily family = build_family(system);
  const EdResult exact = diagonalise(family, 0, {.tolerance = 1e-12}, *self_communicator());
  EXPECT_EQ(exact.degeneracy, 1);
  const Sector& sector = family.problems[0].sector;
  return -std::log(purity(sector, Bipartition(sector, region), exact.amplitudes(0)));
}

std::vector<int> first_sites(int count) {
  std::vector<int> region;
  for (int s = 0; s < count; ++s) region.push_back(s);
  return region;
}

TEST(Purity, OfTheIsingRing) {
  const double critical[] = {.3512557232, .4427574858, .4896626997, .5166952806, .5311405014, .5357123329};
  for (int l = 1; l <= 6; ++l)
    EXPECT_NEAR(s2_of_ground_state(chain("tfim", 12, spins(-1)), {{"J", 1}, {"Gamma", 1}}, first_sites(l)), critical[l - 1], 2e-9) << l;
  EXPECT_NEAR(s2_of_ground_state(chain("tfim", 12, spins(-1)), {{"J", 1}, {"Gamma", 1.5}}, first_sites(6)), .1433314259, 2e-9);
}

TEST(Purity, OfTheHeisenbergSquare) {
  const SystemOptions square16 = square("heisenberg", 4, 4, spins(8));
  const std::vector<int> block = {0, 1, 4, 5};
  EXPECT_NEAR(s2_of_ground_state(square16, {{"J1", 1}}, first_sites(8)), 1.1277467743, 2e-9);
  EXPECT_NEAR(s2_of_ground_state(square16, {{"J1", 1}}, block), 1.1027548768, 2e-9);
  EXPECT_NEAR(s2_of_ground_state(square16, {{"J1", 1}}, {3}), std::numbers::ln2, 1e-9);
  EXPECT_NEAR(s2_of_ground_state(square16, {{"J1", 1}, {"J2", 0.5}}, first_sites(8)), 0.9323881185, 2e-9);
  EXPECT_NEAR(s2_of_ground_state(square16, {{"J1", 1}, {"J2", 0.5}}, block), 1.1830786853, 2e-9);
}

// The region between whose modes others lie: without epsilon the numbers are 3.0681139722 and 3.0534311763.
const std::vector<int> scattered = {1, 3, 5, 7, 8, 10};

TEST(Purity, OfFermionsHasTheSignOfTheirOrder) {
  const SystemOptions tv = square("tv", 4, 4, fermions(5));
  EXPECT_NEAR(s2_of_ground_state(tv, {{"t", 1}, {"V", 1}}, first_sites(8)), 2.0632800179, 2e-9);
  EXPECT_NEAR(s2_of_ground_state(tv, {{"t", 1}, {"V", 1}}, scattered), 2.8011155841, 2e-9);
  EXPECT_NEAR(s2_of_ground_state(tv, {{"t", 1}, {"V", 0}}, scattered), 2.7963052489, 2e-9);
}

// Peschel, J. Phys. A 36, L205 (2003): of free fermions S2 = -sum_k ln(nu_k^2 + (1 - nu_k)^2), nu the eigenvalues of <c+_i c_j> in A.
TEST(Purity, OfFreeFermionsFollowsFromTheirCorrelationMatrix) {
  Eigen::MatrixXd hopping = Eigen::MatrixXd::Zero(16, 16);
  for (int x = 0; x < 4; ++x) {
    for (int y = 0; y < 4; ++y) {
      for (const int j : {(x + 1) % 4 * 4 + y, x * 4 + (y + 1) % 4}) hopping(x * 4 + y, j) = hopping(j, x * 4 + y) = -1;
    }
  }
  const Eigen::MatrixXd orbitals = Eigen::SelfAdjointEigenSolver<Eigen::MatrixXd>(hopping).eigenvectors().leftCols(5);
  const Eigen::MatrixXd correlation = orbitals * orbitals.transpose();
  for (const std::vector<int>& region : {scattered, first_sites(8), std::vector<int>{0, 6, 9}}) {
    const auto size = static_cast<Eigen::Index>(region.size());
    Eigen::MatrixXd of_a(size, size);
    for (Eigen::Index i = 0; i < size; ++i) {
      for (Eigen::Index j = 0; j < size; ++j) of_a(i, j) = correlation(region[i], region[j]);
    }
    const Eigen::SelfAdjointEigenSolver<Eigen::MatrixXd> solver(of_a);
    double s2 = 0;
    for (const double nu : solver.eigenvalues()) s2 -= std::log(nu * nu + (1 - nu) * (1 - nu));
    EXPECT_NEAR(s2_of_ground_state(square("tv", 4, 4, fermions(5)), {{"t", 1}, {"V", 0}}, region), s2, 1e-8);
  }
}

// Element by element, for complex vectors in sectors of every kind.
TEST(Purity, IsTheSumOfTheSquaredElementsOfRho) {
  const Sector sectors[] = {Sector({SectorKind::spin_half, 6, 2, -1}), Sector({SectorKind::spin_half, 5, -1, -1}),
                            Sector({SectorKind::spinless_fermions, 7, 3, -1}), Sector({SectorKind::spinful_fermions, 4, 2, 1})};
  for (const Sector& sector : sectors) {
    const Bipartition parts(sector, {0, 2, 3});
    std::vector<Complex> x;
    for (std::int64_t i = 0; i < sector.dimension(); ++i) {
      const RandomWords w = random_words({.seed = 3}, 0, i, 0);
      x.push_back({uniform01(w.word[0], w.word[1]) - 0.5, uniform01(w.word[2], w.word[3]) - 0.5});
    }
    const Word mask = parts.modes_of_a()[0];
    std::map<std::pair<Word, Word>, Complex> rho;
    double norm = 0, expected = 0;
    for (std::int64_t i = 0; i < sector.dimension(); ++i) {
      const Word n = sector.state(i);
      norm += std::norm(x[i]);
      for (std::int64_t j = 0; j < sector.dimension(); ++j) {
        const Word m = sector.state(j);
        if ((n & ~mask) == (m & ~mask)) rho[{n & mask, m & mask}] += static_cast<double>(parts.sign(&n) * parts.sign(&m)) * x[i] * std::conj(x[j]);
      }
    }
    for (const auto& [words, element] : rho) expected += std::norm(element);
    EXPECT_NEAR(purity(sector, parts, x), expected / (norm * norm), 1e-14) << sector.describe();
  }
}

TEST(Purity, OfAProductStateIsOne) {
  const Sector sector({SectorKind::spin_half, 6, -1, -1});
  std::vector<Complex> x;
  for (std::int64_t i = 0; i < sector.dimension(); ++i) x.push_back(std::pow(Complex(0.3, 0.8), std::popcount(sector.state(i))));
  EXPECT_NEAR(purity(sector, Bipartition(sector, {1, 4}), x), 1, 1e-14);
}

}  // namespace
}  // namespace qs
