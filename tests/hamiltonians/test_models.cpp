// Contract of every row of the model table: the term table equals the formula of the literature built from one-mode matrices and
// hand-made neighbour lists, it is symmetric, it conserves its sector, and E_inf is the normalised trace.
#include <gtest/gtest.h>

#include <cmath>
#include <functional>
#include <numbers>
#include <set>

#include "complex_exact.h"
#include "engine/base/error.h"
#include "exact.h"
#include "hamiltonians/registry.h"

namespace qs {
namespace {

using test::difference;
using test::pauli;
using test::product_matrix;
using test::Sparse;
using test::table_matrix;

struct HandBond {
  int i, j, sign;
};

// Neighbours written out: steps (dx, dy) on an lx x ly torus of one-site cells. `seam` multiplies a bond that leaves through x.
std::vector<HandBond> torus_bonds(int lx, int ly, const std::vector<std::pair<int, int>>& steps, int seam = 1) {
  std::vector<HandBond> result;
  std::set<std::pair<int, int>> seen;
  for (int x = 0; x < lx; ++x) {
    for (int y = 0; y < ly; ++y) {
      for (const auto& [dx, dy] : steps) {
        const int u = (x + dx + lx) % lx, v = (y + dy + ly) % ly;
        const int i = x * ly + y, j = u * ly + v;
        if (seen.insert(std::minmax(i, j)).second) result.push_back({i, j, x + dx >= lx || x + dx < 0 ? seam : 1});
      }
    }
  }
  return result;
}

Sparse spin_dot(int n, int i, int j, double exchange = 1, double ising = 1) {
  const auto two = [&](Factor a, Factor b) { return product_matrix({{a, i}, {b, j}}, n); };
  return exchange * 0.5 * (two(Factor::s_plus, Factor::s_minus) + two(Factor::s_minus, Factor::s_plus)) + ising * two(Factor::sz, Factor::sz);
}

Sparse hop(int modes, int i, int j) {
  return product_matrix({{Factor::create, i}, {Factor::annihilate, j}}, modes) +
         product_matrix({{Factor::create, j}, {Factor::annihilate, i}}, modes);
}

Sparse pair_density(int modes, int i, int j) { return product_matrix({{Factor::number, i}, {Factor::number, j}}, modes); }

Sparse zero(int modes) { return Sparse(Eigen::Index{1} << modes, Eigen::Index{1} << modes); }

Sparse sum_over(int modes, const std::vector<HandBond>& bonds, const std::function<Sparse(const HandBond&)>& term) {
  Sparse total = zero(modes);
  for (const HandBond& bond : bonds) total += term(bond);
  return total;
}

const std::vector<std::pair<int, int>> kSquare1 = {{1, 0}, {0, 1}}, kSquare2 = {{1, 1}, {1, -1}}, kChain1 = {{1, 0}};

Sparse heisenberg_square_3x3() {
  const auto shell3 = torus_bonds(3, 3, {{2, 0}, {0, 2}});
  return sum_over(9, torus_bonds(3, 3, kSquare1), [](const HandBond& b) { return spin_dot(9, b.i, b.j); }) +
         sum_over(9, torus_bonds(3, 3, kSquare2), [](const HandBond& b) { return Sparse(0.5 * spin_dot(9, b.i, b.j)); }) +
         sum_over(9, shell3, [](const HandBond& b) { return Sparse(-0.3 * spin_dot(9, b.i, b.j)); });
}

Sparse marshall_2x4() {  // J1 bonds join different sublattices, J2 bonds equal ones
  return sum_over(8, torus_bonds(2, 4, kSquare1), [](const HandBond& b) { return spin_dot(8, b.i, b.j, -1); }) +
         sum_over(8, torus_bonds(2, 4, kSquare2), [](const HandBond& b) { return Sparse(0.5 * spin_dot(8, b.i, b.j)); });
}

Sparse triangular_3x3() {
  return sum_over(9, torus_bonds(3, 3, {{1, 0}, {0, 1}, {1, -1}}), [](const HandBond& b) { return spin_dot(9, b.i, b.j); });
}

Sparse xxz_ring() {
  return sum_over(6, torus_bonds(6, 1, kChain1), [](const HandBond& b) { return Sparse(1.5 * spin_dot(6, b.i, b.j, 1, -0.4)); });
}

Sparse xyz_ring() {
  const std::map<char, double> coupling = {{'X', 1.5}, {'Y', -0.4}, {'Z', 0.7}};
  Sparse h = zero(5);
  for (int i = 0; i < 5; ++i) {
    for (const auto& [axis, value] : coupling) {
      h += Sparse((0.25 * value * pauli(axis, i, 5) * pauli(axis, (i + 1) % 5, 5)).real().sparseView());
    }
    h -= Sparse((0.5 * 0.3 * pauli('X', i, 5) - 0.5 * 0.2 * pauli('Z', i, 5)).real().sparseView());
  }
  return h;
}

Sparse tfim_2x4() {
  Sparse h = sum_over(8, torus_bonds(2, 4, kSquare1), [](const HandBond& b) {
    return Sparse(-0.9 * product_matrix({{Factor::pauli_z, b.i}, {Factor::pauli_z, b.j}}, 8));
  });
  for (int s = 0; s < 8; ++s) h -= 1.7 * product_matrix({{Factor::pauli_x, s}}, 8);
  return h;
}

Sparse shastry_sutherland_2x4() {
  Sparse h = sum_over(8, torus_bonds(2, 4, kSquare1), [](const HandBond& b) { return Sparse(0.7 * spin_dot(8, b.i, b.j)); });
  // s = 4 x + y; both even: (0,0)-(1,1), (0,2)-(1,3); both odd: (2=0,1)-(1,2), (0,3)-(1,0).
  for (const auto& [i, j] : {std::pair{0, 5}, {2, 7}, {1, 6}, {3, 4}}) h += 1.2 * spin_dot(8, i, j);
  return h;
}

Sparse haldane_shastry_6() {
  Sparse h = zero(6);
  for (int i = 0; i < 6; ++i) {
    for (int j = i + 1; j < 6; ++j) {
      h += 2 * std::pow(std::numbers::pi / 6, 2) / std::pow(std::sin(std::numbers::pi * (i - j) / 6), 2) * spin_dot(6, i, j);
    }
  }
  return h;
}

Sparse tv_torus(int lx, int ly, int seam, const std::function<double(int, int)>& pinning) {
  const int n = lx * ly;
  Sparse h = sum_over(n, torus_bonds(lx, ly, ly == 1 ? kChain1 : kSquare1, seam),
                      [&](const HandBond& b) { return Sparse(-1.1 * b.sign * hop(n, b.i, b.j) + 2.3 * pair_density(n, b.i, b.j)); });
  for (int x = 0; x < lx; ++x) {
    for (int y = 0; y < ly; ++y) h += pinning(x, y) * product_matrix({{Factor::number, x * ly + y}}, n);
  }
  return h;
}

Sparse tv_open_3x3() {
  Sparse h = zero(9);
  for (int x = 0; x < 3; ++x) {
    for (int y = 0; y < 3; ++y) {
      const int s = 3 * x + y;
      if (x < 2) h += -1.1 * hop(9, s, s + 3) + 2.3 * pair_density(9, s, s + 3);
      if (y < 2) h += -1.1 * hop(9, s, s + 1) + 2.3 * pair_density(9, s, s + 1);
    }
  }
  return h;
}

Sparse hubbard_ring(int n, int seam) {  // modes: n down, then n up
  Sparse h = zero(2 * n);
  for (int s = 0; s < n; ++s) {
    const int next = (s + 1) % n, sign = s + 1 == n ? seam : 1;
    h += -0.8 * sign * (hop(2 * n, s, next) + hop(2 * n, n + s, n + next)) + 3 * pair_density(2 * n, s, n + s);
  }
  return h;
}

struct ModelCase {
  std::string name;
  SystemOptions options;
  std::function<Sparse()> expected;
};

SystemOptions with(SystemOptions options, Pinning pinning) {
  options.pinning = pinning;
  return options;
}

SystemOptions with(SystemOptions options, SignRule rule) {
  options.sign_rule = rule;
  return options;
}

std::vector<ModelCase> cases() {
  using test::periodic, test::spinful, test::spinless, test::spins;
  const auto square = [](int x, int y) { return periodic("square", {x, y}); };
  const auto ring = [](int n) { return periodic("chain", {n}); };
  const LatticeOptions antiperiodic{"chain", {6}, {Boundary::antiperiodic}};
  const LatticeOptions antiperiodic_x{"square", {3, 3}, {Boundary::antiperiodic, Boundary::periodic}};
  const std::map<std::string, double> tv = {{"t", 1.1}, {"V", 2.3}};
  const std::map<std::string, double> pinned = {{"t", 1.1}, {"V", 2.3}, {"delta", 0.2}};
  return {
      {"heisenberg_three_shells", spins(square(3, 3), "heisenberg", {{"J2", 0.5}, {"J3", -0.3}}, 4), heisenberg_square_3x3},
      {"heisenberg_marshall", with(spins(square(2, 4), "heisenberg", {{"J2", 0.5}}, 4), SignRule::marshall), marshall_2x4},
      {"heisenberg_triangular", spins(periodic("triangular", {3, 3}), "heisenberg", {}, 4), triangular_3x3},
      {"xxz", spins(ring(6), "xxz", {{"J", 1.5}, {"Delta", -0.4}}, 2), xxz_ring},
      {"xyz", spins(ring(5), "xyz", {{"Jx", 1.5}, {"Jy", -0.4}, {"Jz", 0.7}, {"hx", 0.3}, {"hz", -0.2}}, -1), xyz_ring},
      {"tfim", spins(square(2, 4), "tfim", {{"J", 0.9}, {"Gamma", 1.7}}, -1), tfim_2x4},
      {"shastry_sutherland", spins(square(2, 4), "shastry_sutherland", {{"Js", 0.7}, {"Jd", 1.2}}, 4), shastry_sutherland_2x4},
      {"haldane_shastry", spins(ring(6), "haldane_shastry", {{"J", 2}}, 3), haldane_shastry_6},
      {"tv_ring_odd_pinning", spinless(ring(6), pinned, 3), [] { return tv_torus(6, 1, 1, [](int x, int) { return x % 2 ? 0.2 : 0; }); }},
      {"tv_ring_even_number", spinless(ring(6), tv, 2), [] { return tv_torus(6, 1, 1, [](int, int) { return 0.0; }); }},
      {"tv_torus_staggered", with(spinless(square(2, 4), pinned, 3), Pinning::staggered),
       [] { return tv_torus(2, 4, 1, [](int x, int y) { return (x + y) % 2 ? -0.2 : 0.2; }); }},
      {"tv_antiperiodic", spinless(antiperiodic, tv, 2), [] { return tv_torus(6, 1, -1, [](int, int) { return 0.0; }); }},
      {"tv_antiperiodic_torus", spinless(antiperiodic_x, tv, 4), [] { return tv_torus(3, 3, -1, [](int, int) { return 0.0; }); }},
      {"tv_open", spinless({"square", {3, 3}, {Boundary::open, Boundary::open}}, tv, 4), tv_open_3x3},
      {"hubbard", spinful(ring(4), {{"t", 0.8}, {"U", 3}}, 2, 1), [] { return hubbard_ring(4, 1); }},
      {"hubbard_antiperiodic", spinful({"chain", {4}, {Boundary::antiperiodic}}, {{"t", 0.8}, {"U", 3}}, 1, 2), [] { return hubbard_ring(4, -1); }},
  };
}

class Model : public ::testing::TestWithParam<ModelCase> {};

// Coefficients are sums of at most 30 terms of order 3: 30 * 3 * eps < 1e-13.
constexpr double kTolerance = 1e-13;

TEST_P(Model, EqualsTheFormula) {
  const ProblemFamily family = build_family(GetParam().options);
  EXPECT_LT(difference(table_matrix(family.table, family.problems[0].couplings), GetParam().expected()), kTolerance);
}

TEST_P(Model, IsSymmetricAndConservesItsSector) {
  const ProblemFamily family = build_family(GetParam().options);
  const Problem& problem = family.problems[0];
  Sparse h;
  ASSERT_NO_THROW(h = table_matrix(family.table, problem.couplings, problem.sector));
  EXPECT_EQ(difference(h, Sparse(h.transpose())), 0);
}

TEST_P(Model, HasTheNormalisedTraceAsInfiniteTemperatureEnergy) {
  const ProblemFamily family = build_family(GetParam().options);
  const Problem& problem = family.problems[0];
  // Spins: over the full spin space, as the V-score defines it; fermions: at fixed particle number.
  const Sparse h =
      problem.sector.fermionic() ? table_matrix(family.table, problem.couplings, problem.sector) : table_matrix(family.table, problem.couplings);
  double trace = 0;
  for (Eigen::Index i = 0; i < h.rows(); ++i) trace += h.coeff(i, i);
  EXPECT_NEAR(problem.infinite_temperature_energy, trace / static_cast<double>(h.rows()), 1e-12);
}

INSTANTIATE_TEST_SUITE_P(All, Model, ::testing::ValuesIn(cases()), [](const auto& param) { return param.param.name; });

TEST(ModelTable, EveryRowIsTested) {
  std::set<std::string> tested;
  for (const ModelCase& c : cases()) tested.insert(c.options.model);
  for (const ModelEntry& entry : models()) {
    EXPECT_TRUE(tested.contains(entry.kind) || !entry.sector) << entry.kind;  // terms have no sector of their own: test_terms.cpp
  }
}

TEST(InfiniteTemperature, HasTheClosedFormsOfFermions) {
  const ProblemFamily tv = build_family(test::spinless(test::periodic("square", {6, 6}), {{"V", 2}, {"delta", 0.1}}, 13));
  EXPECT_NEAR(tv.problems[0].infinite_temperature_energy, 2.0 * 72 * 13 * 12 / (36.0 * 35) + 0.05 * 13, 1e-11);
  const ProblemFamily hubbard = build_family(test::spinful(test::periodic("square", {6, 6}), {{"U", 8}}, 17, 16));
  EXPECT_NEAR(hubbard.problems[0].infinite_temperature_energy, 8.0 * 17 * 16 / 36, 1e-11);
  const ProblemFamily spins = build_family(test::spins(test::periodic("square", {6, 6}), "heisenberg", {}, 18));
  EXPECT_EQ(spins.problems[0].infinite_temperature_energy, 0);
}

TEST(Marshall, LeavesTheSpectrumAlone) {
  for (const char* model : {"heisenberg", "haldane_shastry", "xxz"}) {
    SystemOptions options = test::spins(test::periodic("chain", {8}), model, {}, 4);
    const double plain = test::ground_energy(build_family(options));
    options.sign_rule = SignRule::marshall;
    EXPECT_NEAR(test::ground_energy(build_family(options)), plain, 1e-12) << model;
  }
}

}  // namespace
}  // namespace qs
