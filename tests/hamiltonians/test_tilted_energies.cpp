// Ground energies on tilted squares, a cube and a ladder. The oracle knows no Lattice: it finds the sites of a torus by trying which
// vectors differ by a period, and writes the Hamiltonian into a matrix bit by bit.
#include <gtest/gtest.h>

#include <bit>
#include <cmath>
#include <map>

#include "exact.h"
#include "hamiltonians/registry.h"

namespace qs {
namespace {

using test::ground_energy;
using test::Sparse;
using Pairs = std::vector<std::pair<int, int>>;

// Nearest neighbours of the square lattice modulo (a, b) and (-b, a), every pair once.
Pairs square_modulo(int a, int b, int& sites) {
  std::vector<std::pair<int, int>> places;
  const auto same = [&](int dx, int dy) { return (dx * a + dy * b) % (a * a + b * b) == 0 && (dy * a - dx * b) % (a * a + b * b) == 0; };
  const auto number = [&](int x, int y) {
    for (std::size_t s = 0; s < places.size(); ++s) {
      if (same(x - places[s].first, y - places[s].second)) return static_cast<int>(s);
    }
    places.emplace_back(x, y);
    return static_cast<int>(places.size()) - 1;
  };
  Pairs pairs;
  for (int x = 0; x < a * a + b * b; ++x) {
    for (int y = 0; y < a * a + b * b; ++y) {
      for (const int other : {number(x + 1, y), number(x, y + 1)}) pairs.push_back(std::minmax(number(x, y), other));
    }
  }
  std::sort(pairs.begin(), pairs.end());
  pairs.erase(std::unique(pairs.begin(), pairs.end()), pairs.end());
  sites = static_cast<int>(places.size());
  return pairs;
}

struct States {
  std::vector<unsigned> all;
  std::map<unsigned, int> index;
};

States states_of(int sites, int ones) {
  States states;
  for (unsigned state = 0; state < 1u << sites; ++state) {
    if (std::popcount(state) != ones) continue;
    states.index[state] = static_cast<int>(states.all.size());
    states.all.push_back(state);
  }
  return states;
}

// sum over pairs of S.S, or of -(c+ c + h.c.) + V n n.
template <class Element>
double lowest(int sites, int ones, const Pairs& pairs, Element element) {
  const States states = states_of(sites, ones);
  std::vector<Eigen::Triplet<double>> entries;
  for (int row = 0; row < static_cast<int>(states.all.size()); ++row) {
    for (const auto& [i, j] : pairs) {
      const unsigned state = states.all[row];
      const auto [diagonal, swapped] = element(state, i, j);
      entries.emplace_back(row, row, diagonal);
      if (swapped != 0) entries.emplace_back(row, states.index.at(state ^ (1u << i) ^ (1u << j)), swapped);
    }
  }
  Sparse matrix(static_cast<int>(states.all.size()), static_cast<int>(states.all.size()));
  matrix.setFromTriplets(entries.begin(), entries.end());
  return test::lowest_eigenvalue(matrix);
}

bool differ(unsigned state, int i, int j) { return ((state >> i ^ state >> j) & 1) != 0; }

double heisenberg(int sites, const Pairs& pairs) {
  return lowest(sites, sites / 2, pairs,
                [](unsigned state, int i, int j) { return differ(state, i, j) ? std::pair(-0.25, 0.5) : std::pair(0.25, 0.0); });
}

double tv(int sites, int particles, double v, const Pairs& pairs) {
  return lowest(sites, particles, pairs, [v](unsigned state, int i, int j) {
    if (!differ(state, i, j)) return std::pair((state >> i & 1) != 0 ? v : 0.0, 0.0);
    const unsigned between = state & ((1u << j) - (2u << i));  // i < j
    return std::pair(0.0, std::popcount(between) % 2 == 0 ? -1.0 : 1.0);
  });
}

LatticeOptions cluster(int a, int b) { return {.kind = "square", .torus = {{a, b, 0}, {-b, a, 0}}}; }

constexpr double kSolver = 1e-9;

TEST(TiltedEnergy, HeisenbergOnTenEighteenAndTwentySites) {
  for (const auto& [a, b] : {std::pair(3, 1), std::pair(3, 3), std::pair(4, 2)}) {
    int sites = 0;
    const Pairs pairs = square_modulo(a, b, sites);
    const ProblemFamily family = build_family(test::spins(cluster(a, b), "heisenberg", {}, sites / 2));
    EXPECT_EQ(sites, a * a + b * b);
    EXPECT_NEAR(ground_energy(family), heisenberg(sites, pairs), kSolver) << sites;
  }
}

// The sublattice rotation makes all amplitudes positive, and leaves the energy as it is.
TEST(TiltedEnergy, DoesNotDependOnTheSublatticeRotation) {
  SystemOptions options = test::spins(cluster(3, 1), "heisenberg", {}, 5);
  const double plain = ground_energy(build_family(options));
  options.sign_rule = SignRule::marshall;
  EXPECT_NEAR(ground_energy(build_family(options)), plain, kSolver);
}

TEST(TiltedEnergy, SpinlessFermionsOnTenAndEighteenSites) {
  for (const auto& [a, b, particles] : {std::tuple(3, 1, 5), std::tuple(3, 1, 4), std::tuple(3, 3, 5)}) {
    int sites = 0;
    const Pairs pairs = square_modulo(a, b, sites);
    const ProblemFamily family = build_family(test::spinless(cluster(a, b), {{"V", 2}}, particles));
    EXPECT_NEAR(ground_energy(family), tv(sites, particles, 2, pairs), kSolver) << sites;
  }
}

// Free fermions fill the lowest levels -2 (cos qx + cos qy) of the wave vectors of the cluster.
TEST(TiltedEnergy, FreeFermionsFillTheWaveVectorsOfTheCluster) {
  for (const int particles : {1, 3, 5}) {
    const ProblemFamily family = build_family(test::spinless(cluster(3, 1), {}, particles));
    std::vector<double> levels;
    for (const Momentum& momentum : family.lattice.momenta()) levels.push_back(-2 * (std::cos(momentum.q[0]) + std::cos(momentum.q[1])));
    std::sort(levels.begin(), levels.end());
    double expected = 0;
    for (int k = 0; k < particles; ++k) expected += levels[k];
    EXPECT_NEAR(ground_energy(family), expected, kSolver) << particles;
  }
}

TEST(CubicEnergy, HeisenbergOnTwoByTwoByThree) {
  Pairs pairs;
  for (int s = 0; s < 12; ++s) {
    if (s < 6) pairs.emplace_back(s, s + 6);
    if (s / 3 % 2 == 0) pairs.emplace_back(s, s + 3);
    pairs.push_back(std::minmax(s, s - s % 3 + (s + 1) % 3));
  }
  EXPECT_NEAR(ground_energy(build_family(test::spins(test::periodic("cubic", {2, 2, 3}), "heisenberg", {}, 6))), heisenberg(12, pairs), kSolver);
}

TEST(LadderEnergy, HeisenbergOnThreeLegs) {
  Pairs pairs;
  for (int s = 0; s < 12; ++s) {
    pairs.push_back(std::minmax(s, (s + 3) % 12));
    if (s % 3 < 2) pairs.emplace_back(s, s + 1);
  }
  EXPECT_NEAR(ground_energy(build_family(test::spins({.kind = "ladder", .size = {4, 3}}, "heisenberg", {}, 6))), heisenberg(12, pairs), kSolver);
}

}  // namespace
}  // namespace qs
