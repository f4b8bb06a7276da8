// Observables on twisted and antiperiodic boundaries, in ground states of free fermions: c_{x+L} = exp(i theta) c_x has the waves k = (2 pi m +
// theta) / L, the lowest are full, and Wick's theorem gives the rest from G(r, s) = <c+_r c_s> = (1/N) sum_k exp(i k.(s - r)).
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <complex>
#include <numbers>

#include "complex_exact.h"
#include "engine/base/error.h"
#include "exact.h"
#include "hamiltonians/observable.h"
#include "hamiltonians/registry.h"

namespace qs {
namespace {

using test::Dense;
using Complex = std::complex<double>;
using Twist = std::array<double, 3>;
using Wave = std::array<double, 2>;  // radians per cell

constexpr double kTolerance = 1e-9;

Dense sector_matrix(const Operator& op, const Sector& sector) { return Dense(test::complex_table_matrix(TermTable(op), {1}, sector)); }

// Hopping -1 between nearest neighbours, in its ground state.
struct FreeFermions {
  FreeFermions(Lattice where, SectorOptions options, Twist angles) : lattice(std::move(where)), sector(options), twist(angles) {
    const bool spin = options.kind == SectorKind::spinful_fermions;
    const TermSpec hop{.name = "",
                       .expression = spin ? "-c+_up c_up - c+_dn c_dn + h.c." : "-c+ c + h.c.",
                       .where = ShellBonds{1},
                       .coefficient = {},
                       .coupling = ""};
    hamiltonian = build_terms(lattice, options.kind, {hop}, {.name = "hopping", .twist = twist});
    const Eigen::SelfAdjointEigenSolver<Dense> solver(sector_matrix(hamiltonian, sector));
    EXPECT_GT(solver.eigenvalues()[1] - solver.eigenvalues()[0], 1e-3) << "a degenerate level has no one ground state";
    energy = solver.eigenvalues()[0];
    state = solver.eigenvectors().col(0);
  }

  std::vector<NamedOperator> build(const char* name) const {
    return find_observable(name).build({lattice, sector, SignRule::none, &hamiltonian, twist});
  }
  double mean(const Operator& op) const { return state.dot(sector_matrix(op, sector) * state).real(); }

  Lattice lattice;
  Sector sector;
  Twist twist;
  Operator hamiltonian;
  double energy = 0;
  Eigen::VectorXcd state;
};

double energy_of(const Wave& k, int axes) { return -2 * std::cos(k[0]) - (axes == 2 ? 2 * std::cos(k[1]) : 0); }

// The `count` lowest of the waves.
std::vector<Wave> filled(std::vector<Wave> waves, int axes, int count) {
  std::sort(waves.begin(), waves.end(), [&](const Wave& a, const Wave& b) { return energy_of(a, axes) < energy_of(b, axes); });
  waves.resize(count);
  return waves;
}

std::vector<Wave> waves_of_box(int lx, int ly, const Twist& angles) {
  std::vector<Wave> waves;
  for (int x = 0; x < lx; ++x) {
    for (int y = 0; y < ly; ++y) waves.push_back({(2 * std::numbers::pi * x + angles[0]) / lx, (2 * std::numbers::pi * y + angles[1]) / ly});
  }
  return waves;
}

TEST(TwistedMomenta, AreAStepOnARing) {
  for (const double theta : {0.6, -2.0, std::numbers::pi}) {
    const int particles = theta < 3 ? 3 : 4;  // at pi only an even number has one ground state
    const FreeFermions ring(Lattice(test::periodic("chain", {7})), {SectorKind::spinless_fermions, 7, particles, -1}, {theta, 0, 0});
    const std::vector<Wave> waves = waves_of_box(7, 1, ring.twist), full = filled(waves, 1, particles);
    const auto occupations = ring.build("momentum_distribution");
    ASSERT_EQ(occupations.size(), 7u);
    for (int m = 0; m < 7; ++m) {
      const bool is_full = std::find(full.begin(), full.end(), waves[m]) != full.end();
      EXPECT_NEAR(ring.mean(occupations[m].op), is_full ? 1 : 0, kTolerance) << "theta " << theta << ", m " << m;
    }
  }
}

TEST(TwistedMomenta, OfAntiperiodicRingsAreThoseOfPi) {
  const FreeFermions ring(Lattice({"chain", {6}, {Boundary::antiperiodic}}), {SectorKind::spinless_fermions, 6, 2, -1}, {});
  const auto occupations = ring.build("momentum_distribution");
  for (int m = 0; m < 6; ++m) EXPECT_NEAR(ring.mean(occupations[m].op), m == 0 || m == 5 ? 1 : 0, kTolerance) << m;  // k = -pi/6, pi/6
}

// Cells modulo the rows (3, 1) and (-1, 3): 3 kx + ky = 2 pi m + theta_0, -kx + 3 ky = 2 pi n + theta_1.
TEST(TwistedMomenta, AreAStepOnATiltedTorus) {
  const FreeFermions torus(Lattice({.kind = "square", .torus = {{3, 1, 0}, {-1, 3, 0}}}), {SectorKind::spinless_fermions, 10, 4, -1}, {0.7, -0.4, 0});
  const auto occupations = torus.build("momentum_distribution");
  const std::vector<Momentum> momenta = torus.lattice.momenta(seam_angles(torus.lattice, SectorKind::spinless_fermions, torus.twist));
  std::vector<std::pair<double, double>> levels;  // energy, occupation
  for (std::size_t k = 0; k < momenta.size(); ++k) {
    const double kx = momenta[k].q[0], ky = momenta[k].q[1];
    for (const auto& [angle, theta] : {std::pair{3 * kx + ky, 0.7}, std::pair{-kx + 3 * ky, -0.4}})
      EXPECT_LT(std::abs(std::polar(1.0, angle) - std::polar(1.0, theta)), kTolerance) << k;
    levels.emplace_back(energy_of({kx, ky}, 2), torus.mean(occupations[k].op));
  }
  std::sort(levels.begin(), levels.end());
  for (std::size_t k = 0; k < levels.size(); ++k) EXPECT_NEAR(levels[k].second, k < 4 ? 1 : 0, kTolerance) << levels[k].first;
}

TEST(TwistedBonds, ShareTheEnergyEvenly) {
  const FreeFermions ring(Lattice(test::periodic("chain", {7})), {SectorKind::spinless_fermions, 7, 3, -1}, {0.6, 0, 0});
  const auto bonds = ring.build("bond_hopping");
  ASSERT_EQ(bonds.size(), 7u);
  for (const NamedOperator& bond : bonds) EXPECT_NEAR(-ring.mean(bond.op), ring.energy / 7, kTolerance) << bond.label;
}

TEST(TwistedBonds, AreRefusedWhereASeamIsCrossedBothWays) {
  const Lattice ladder(test::periodic("square", {3, 2}));
  const Sector sector({SectorKind::spinless_fermions, 6, 3, -1});
  EXPECT_NO_THROW(find_observable("bond_hopping").build({ladder, sector, SignRule::none, nullptr, {0.6, 0, 0}}));
  EXPECT_THROW(find_observable("bond_hopping").build({ladder, sector, SignRule::none, nullptr, {0, 0.6, 0}}), InputError);
}

// <c+_r c_s> of the filled waves, r and s anywhere on the infinite lattice.
Complex green(const std::vector<Wave>& full, int sites, const Wave& r, const Wave& s) {
  Complex sum = 0;
  for (const Wave& k : full) sum += std::polar(1.0 / sites, k[0] * (s[0] - r[0]) + k[1] * (s[1] - r[1]));
  return sum;
}

TEST(TwistedPairs, OfTheSWave) {
  const FreeFermions ring(Lattice(test::periodic("chain", {5})), {SectorKind::spinful_fermions, 5, 2, 2}, {0.6, 0, 0});
  const std::vector<Wave> full = filled(waves_of_box(5, 1, ring.twist), 1, 2);
  const auto pairs = ring.build("pair_s");
  ASSERT_EQ(pairs.size(), 5u);
  for (int r = 0; r < 5; ++r) {
    const Complex g = green(full, 5, {0, 0}, {static_cast<double>(r), 0});
    EXPECT_NEAR(ring.mean(pairs[r].op), (g * g).real(), kTolerance) << r;
  }
}

TEST(TwistedPairs, OfTheDWave) {
  const FreeFermions torus(Lattice(test::periodic("square", {3, 3})), {SectorKind::spinful_fermions, 9, 2, 1}, {0.9, -0.5, 0});
  const std::vector<Wave> waves = waves_of_box(3, 3, torus.twist), up = filled(waves, 2, torus.sector.options().up), down = filled(waves, 2, 1);
  const auto pairs = torus.build("pair_d");
  ASSERT_EQ(pairs.size(), 9u);
  const Wave steps[] = {{1, 0}, {-1, 0}, {0, 1}, {0, -1}};
  const auto moved = [](const Wave& r, const Wave& step) { return Wave{r[0] + step[0], r[1] + step[1]}; };
  for (int s = 0; s < 9; ++s) {
    const Wave i = {0, 0}, j = {static_cast<double>(s / 3), static_cast<double>(s % 3)};
    const auto u = [&](const Wave& a, const Wave& b) { return green(up, 9, a, b); };
    const auto d = [&](const Wave& a, const Wave& b) { return green(down, 9, a, b); };
    Complex sum = 0;
    for (int a = 0; a < 4; ++a) {
      for (int b = 0; b < 4; ++b) {
        const Wave x = moved(i, steps[a]), y = moved(j, steps[b]);
        sum += 0.5 * ((a < 2) == (b < 2) ? 1 : -1) * (u(i, j) * d(x, y) + u(i, y) * d(x, j) + u(x, j) * d(i, y) + u(x, y) * d(i, j));
      }
    }
    EXPECT_NEAR(torus.mean(pairs[s].op), sum.real(), kTolerance) << s;
  }
}

// S.S of spins turns with the place of the seam; electrons carry no spin across it, and Sz does not turn.
TEST(TwistedSpins, AreMeasuredAlongZOnly) {
  const Lattice triangles(test::periodic("triangular", {3, 3})), ring(test::periodic("chain", {6}));
  const Sector spins({SectorKind::spin_half, 6, 3, -1}), electrons({SectorKind::spinful_fermions, 6, 3, 3});
  for (const char* name : {"bond_spin", "dimer_dimer", "spin_pairs", "spin_structure_factor", "staggered_moment", "total_spin"}) {
    EXPECT_THROW(find_observable(name).build({ring, spins, SignRule::none, nullptr, {0.3, 0, 0}}), InputError) << name;
    EXPECT_NO_THROW(find_observable(name).build({ring, spins})) << name;
    EXPECT_NO_THROW(find_observable(name).build({ring, electrons, SignRule::none, nullptr, {0.3, 0, 0}})) << name;
  }
  EXPECT_THROW(find_observable("chirality").build({triangles, Sector({SectorKind::spin_half, 9, 4, -1}), SignRule::none, nullptr, {0.3, 0, 0}}),
               InputError);
  for (const char* name : {"sz_sz", "sz_pairs", "structure_factor"})
    EXPECT_NO_THROW(find_observable(name).build({ring, spins, SignRule::none, nullptr, {0.3, 0, 0}})) << name;
}

}  // namespace
}  // namespace qs
