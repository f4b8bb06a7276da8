// What tori of any shape must obey: translations, windings, wave vectors; and the distances of the small square clusters.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <complex>
#include <random>
#include <set>

#include "engine/base/error.h"
#include "hamiltonians/lattice.h"
#include "hamiltonians/registry.h"

namespace qs {
namespace {

LatticeOptions square_cluster(int a, int b) { return {.kind = "square", .torus = {{a, b, 0}, {-b, a, 0}}}; }

std::vector<LatticeOptions> lattices() {
  const UnitCell skew{{{1, 0, 0}, {0.3, 1, 0}, {-0.2, 0.4, 2}}, {{0, 0, 0}, {0.2, 0.3, 0.1}}, {}};
  return {{.kind = "chain", .size = {7}},
          {.kind = "square", .size = {3, 4}},
          {.kind = "kagome", .size = {2, 3}},
          {.kind = "cubic", .size = {2, 2, 3}},
          square_cluster(3, 1),
          square_cluster(3, 3),
          square_cluster(4, 2),
          {.kind = "square", .torus = {{-1, 3, 0}, {3, 1, 0}}},
          {.kind = "triangular", .torus = {{3, 1, 0}, {-1, 4, 0}}},  // 13 sites
          {.kind = "honeycomb", .torus = {{2, 1, 0}, {-1, 3, 0}}},
          {.kind = "checkerboard", .torus = {{2, 2, 0}, {-2, 2, 0}}},
          {.kind = "cubic", .torus = {{0, 2, 2}, {2, 0, 2}, {2, 2, 0}}},
          {.kind = "cell", .torus = {{2, 1, 0}, {-1, 3, 1}, {1, 0, 3}}, .cell = skew}};
}

std::vector<CellVector> periods(const Lattice& lattice) {
  if (lattice.is_tilted()) return lattice.options().torus;
  std::vector<CellVector> rows(lattice.axes(), CellVector{});
  for (int axis = 0; axis < lattice.axes(); ++axis) rows[axis][axis] = lattice.options().size[axis];
  return rows;
}

int cells(const Lattice& lattice) { return lattice.sites() / lattice.basis(); }

CellVector along(int axis, int steps) {
  CellVector step{};
  step[axis] = steps;
  return step;
}

TEST(TiltedLattice, HasAsManyTranslationsAsCellsAndTheyKeepTheBonds) {
  for (const LatticeOptions& options : lattices()) {
    const Lattice lattice(options);
    std::set<std::pair<int, int>> bonds;
    for (const Bond& bond : lattice.bonds(1)) bonds.insert({bond.i, bond.j});
    std::set<std::vector<int>> group;
    for (int cell = 0; cell < cells(lattice); ++cell) {
      const std::vector<int> moved = lattice.translation(lattice.cell_vector(cell * lattice.basis()));
      ASSERT_EQ(static_cast<int>(moved.size()), lattice.sites());
      EXPECT_EQ(static_cast<int>(std::set<int>(moved.begin(), moved.end()).size()), lattice.sites());
      for (const auto& [i, j] : bonds) EXPECT_TRUE(bonds.contains(std::minmax(moved[i], moved[j])));
      group.insert(moved);
    }
    EXPECT_EQ(static_cast<int>(group.size()), cells(lattice)) << lattice.describe();
    for (const CellVector& period : periods(lattice)) EXPECT_EQ(lattice.translation(period), lattice.translation({}));
  }
}

TEST(TiltedLattice, ComposesTranslations) {
  const Lattice lattice(square_cluster(3, 1));
  const std::vector<int> right = lattice.translation({1, 0, 0}), up = lattice.translation({0, 1, 0}), both = lattice.translation({1, 1, 0});
  for (int site = 0; site < 10; ++site) {
    EXPECT_EQ(up[right[site]], both[site]);
    EXPECT_EQ(right[up[site]], both[site]);
  }
}

TEST(TiltedLattice, HasNoTranslationAcrossAnOpenEnd) {
  const Lattice tube({.kind = "square", .size = {4, 3}, .boundary = {Boundary::open, Boundary::periodic}});
  EXPECT_TRUE(tube.translation({1, 0, 0}).empty());
  EXPECT_EQ(tube.translation({0, 1, 0}).size(), 12u);
  EXPECT_EQ(tube.image(0, {-1, 0, 0}, 0), std::nullopt);
  EXPECT_EQ(tube.image(0, {0, -1, 0}, 0), (Image{2, {0, -1, 0}}));
}

// A tube cut from the square lattice: along the open vector nothing leads out, around the other one everything closes.
TEST(TiltedLattice, CutsATiltedTubeOpen) {
  const LatticeOptions tube{.kind = "square", .boundary = {Boundary::open, Boundary::periodic}, .torus = {{4, 0, 0}, {-1, 3, 0}}};
  const Lattice open(tube);
  int inside = 0;
  for (const Bond& bond : Lattice({.kind = "square", .torus = tube.torus}).bonds(1)) inside += bond.winding[0] == 0;
  EXPECT_EQ(static_cast<int>(open.bonds(1).size()), inside);
  EXPECT_LT(inside, 24);
  for (const Bond& bond : open.bonds(1)) EXPECT_EQ(bond.winding[0], 0);
}

TEST(TiltedLattice, WindsOnceAroundAPeriodAndNotAroundALoopThatCloses) {
  std::mt19937 engine(7);
  for (const LatticeOptions& options : lattices()) {
    const Lattice lattice(options);
    const std::vector<CellVector> rows = periods(lattice);
    for (int target = -1; target < static_cast<int>(rows.size()); ++target) {
      // The unit steps that lead along the period `target` (or -1: back to the start), with a detour of three steps there and back.
      std::vector<CellVector> walk;
      for (int axis = 0; axis < lattice.axes(); ++axis) {
        const int length = target < 0 ? 0 : rows[target][axis];
        walk.insert(walk.end(), std::abs(length), along(axis, length < 0 ? -1 : 1));
        for (const int there : {3, -3}) walk.insert(walk.end(), 3, along(axis, there / 3));
      }
      std::shuffle(walk.begin(), walk.end(), engine);
      const int start = lattice.sites() / 2;
      int site = start;
      CellVector total{};
      for (const CellVector& step : walk) {
        const Image next = lattice.image(site, step, lattice.basis_site(site)).value();
        for (int axis = 0; axis < 3; ++axis) total[axis] += next.winding[axis];
        site = next.site;
      }
      EXPECT_EQ(site, start) << lattice.describe();
      EXPECT_EQ(total, target < 0 ? CellVector{} : along(target, 1)) << lattice.describe();
    }
  }
}

// With its winding, every bond leads to the place at the shell's distance.
TEST(TiltedLattice, BondsAndTheirWindingsHaveTheLengthOfTheShell) {
  for (const LatticeOptions& options : lattices()) {
    const Lattice lattice(options);
    const std::vector<CellVector> rows = periods(lattice);
    double length2 = -1;
    for (const Bond& bond : lattice.bonds(1)) {
      CellVector end = lattice.cell_vector(bond.j);
      for (std::size_t i = 0; i < rows.size(); ++i) {
        for (int axis = 0; axis < 3; ++axis) end[axis] += bond.winding[i] * rows[i][axis];
      }
      const Vector3 from = lattice.position(bond.i), to = cell_position(lattice.cell(), end, lattice.basis_site(bond.j));
      const Vector3 r{to[0] - from[0], to[1] - from[1], to[2] - from[2]};
      if (length2 < 0) length2 = dot(r, r);
      EXPECT_NEAR(dot(r, r), length2, 1e-12) << lattice.describe();
    }
  }
}

TEST(TiltedLattice, HasOneWaveVectorPerCellAndTheyAreOrthogonal) {
  for (const LatticeOptions& options : lattices()) {
    const Lattice lattice(options);
    const std::vector<Momentum> momenta = lattice.momenta();
    ASSERT_EQ(static_cast<int>(momenta.size()), cells(lattice));
    for (const Momentum& momentum : momenta) {
      for (const CellVector& period : periods(lattice)) {
        const Vector3 origin = cell_position(lattice.cell(), {}, 0), there = cell_position(lattice.cell(), period, 0);
        const double phase = dot(momentum.q, there) - dot(momentum.q, origin);
        EXPECT_NEAR(std::cos(phase), 1, 1e-12);
      }
    }
    for (int cell = 0; cell < cells(lattice); ++cell) {
      const Vector3 origin = lattice.position(0), there = lattice.position(cell * lattice.basis());
      std::complex<double> sum = 0;
      for (const Momentum& momentum : momenta) sum += std::polar(1.0, dot(momentum.q, there) - dot(momentum.q, origin));
      EXPECT_NEAR(std::abs(sum - (cell == 0 ? 1.0 * cells(lattice) : 0.0)), 0, 1e-11) << lattice.describe();
    }
  }
}

TEST(TiltedLattice, LabelsWaveVectors) {
  EXPECT_EQ(Lattice({.kind = "cubic", .size = {2, 2, 3}}).momenta()[4].label, "0,1,1");
  EXPECT_EQ(Lattice({.kind = "chain", .size = {5}}).momenta()[3].label, "3");
  EXPECT_EQ(Lattice(square_cluster(3, 1)).momenta()[7].label, "7");
}

// sum_q S(q) = number of particles: only pairs of one site survive the sum over q. |sum_j n_j exp(iq.r_j)|^2 / N for each q.
TEST(StructureFactor, ObeysItsSumRuleOnEveryTorus) {
  for (const LatticeOptions& options : lattices()) {
    const Lattice lattice(options);
    if (lattice.basis() > 1) continue;
    const Sector sector({SectorKind::spinless_fermions, lattice.sites(), 3, -1});
    const Word sigma = sector.state(11);
    const double one = 1;
    const auto factors = find_observable("structure_factor").build({lattice, sector});
    const std::vector<Momentum> momenta = lattice.momenta();
    double sum = 0;
    for (std::size_t q = 0; q < factors.size(); ++q) {
      std::complex<double> amplitude = 0;
      for (int site = 0; site < lattice.sites(); ++site) {
        if (test_bit(&sigma, site)) amplitude += std::polar(1.0, dot(momenta[q].q, lattice.position(site)));
      }
      const double value = TermTable(factors[q].op).diagonal(&sigma, &one);
      EXPECT_NEAR(value, std::norm(amplitude) / lattice.sites(), 1e-12) << lattice.describe();
      sum += value;
    }
    EXPECT_NEAR(sum, 3, 1e-12) << lattice.describe();
  }
}

// Sites at 0, 1, 2, ... hops from each one.
TEST(SquareCluster, HasItsDistancesAndIsBipartite) {
  const struct {
    int a, b;
    std::vector<int> at_distance;
  } cases[] = {{3, 1, {1, 4, 4, 1}}, {3, 3, {1, 4, 8, 5}}, {4, 2, {1, 4, 8, 6, 1}}, {2, 2, {1, 4, 3}}};
  for (const auto& [a, b, at_distance] : cases) {
    const Lattice lattice(square_cluster(a, b));
    const std::vector<int> distance = lattice.graph_distance({1});
    for (int site = 0; site < lattice.sites(); ++site) {
      std::vector<int> count(at_distance.size());
      for (int other = 0; other < lattice.sites(); ++other) ++count.at(distance[site * lattice.sites() + other]);
      EXPECT_EQ(count, at_distance) << lattice.describe();
    }
    EXPECT_EQ(static_cast<int>(lattice.bonds(1).size()), 2 * lattice.sites());
    const std::vector<int> colour = Lattice::two_colouring(lattice.sites(), lattice.bonds(1));
    EXPECT_EQ(std::count(colour.begin(), colour.end(), 0), lattice.sites() / 2);
    EXPECT_EQ(lattice.sublattices(), colour);
  }
  EXPECT_EQ(Lattice(square_cluster(3, 1)).describe(), "square [3 1; -1 3], periodic");
  EXPECT_TRUE(Lattice::two_colouring(5, Lattice(square_cluster(2, 1)).bonds(1)).empty());
}

TEST(Lattice, GivesAStraightTorusItsSize) {
  const Lattice lattice({.kind = "square", .torus = {{4, 0, 0}, {0, 6, 0}}});
  EXPECT_FALSE(lattice.is_tilted());
  EXPECT_EQ(lattice.describe(), "square 4x6, periodic");
  EXPECT_EQ(lattice.bonds(1), Lattice({.kind = "square", .size = {4, 6}}).bonds(1));
  for (const LatticeOptions& options : lattices()) EXPECT_EQ(Lattice(Lattice(options).options()).bonds(1), Lattice(options).bonds(1));
}

TEST(Lattice, AntiperiodicTiltedSeamsChangeTheSignOfEveryOddLoop) {
  LatticeOptions options = square_cluster(3, 1);
  options.boundary = {Boundary::antiperiodic, Boundary::periodic};
  int signs = 0;
  for (const Bond& bond : Lattice(options).bonds(1)) {
    EXPECT_EQ(bond.seam_sign, bond.winding[0] % 2 == 0 ? 1 : -1);
    signs += bond.seam_sign < 0;
  }
  EXPECT_GT(signs, 0);
}

// The pattern that the pinning field of the t-V model has always had: along a ring of odd length it simply goes on.
TEST(Lattice, SublatticesAreThoseOfTheInfiniteLattice) {
  EXPECT_EQ(Lattice({.kind = "chain", .size = {5}}).sublattices(), (std::vector<int>{0, 1, 0, 1, 0}));
  EXPECT_EQ(Lattice({.kind = "square", .size = {3, 3}}).sublattices(), (std::vector<int>{0, 1, 0, 1, 0, 1, 0, 1, 0}));
  EXPECT_EQ(Lattice({.kind = "honeycomb", .size = {2, 1}}).sublattices(), (std::vector<int>{0, 1, 0, 1}));
  EXPECT_EQ(Lattice({.kind = "lieb", .size = {1, 2}}).sublattices(), (std::vector<int>{0, 1, 1, 0, 1, 1}));
  EXPECT_EQ(Lattice({.kind = "cubic", .size = {1, 2, 3}}).sublattices(), (std::vector<int>{0, 1, 0, 1, 0, 1}));
  for (const char* frustrated : {"triangular", "kagome"}) EXPECT_TRUE(Lattice({.kind = frustrated, .size = {2, 2}}).sublattices().empty());
}

TEST(Lattice, RefusesAStepAlongAnAxisThatItLacks) { EXPECT_THROW(Lattice({.kind = "chain", .size = {4}}).image(0, {0, 1, 0}, 0), InputError); }

}  // namespace
}  // namespace qs
