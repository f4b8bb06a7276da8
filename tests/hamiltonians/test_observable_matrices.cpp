// Every observable by name against a dense matrix written from its definition, and sum rules.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <complex>
#include <map>
#include <numbers>

#include "complex_exact.h"
#include "engine/base/error.h"
#include "exact.h"
#include "hamiltonians/observable.h"

namespace qs {
namespace {

using test::annihilator;
using test::Dense;
using test::difference;
using test::pauli;
using Complex = std::complex<double>;
using Named = std::map<std::string, double>;

constexpr Complex kI(0, 1);
constexpr double kRounding = 1e-12;

Lattice ring(int sites) { return Lattice(test::periodic("chain", {sites})); }
Lattice torus(const std::string& kind, int lx, int ly) { return Lattice(test::periodic(kind, {lx, ly})); }
Sector spins(int sites) { return Sector({SectorKind::spin_half, sites, -1, -1}); }
Sector spinless(int sites) { return Sector({SectorKind::spinless_fermions, sites, sites / 2, -1}); }
Sector spinful(int sites) { return Sector({SectorKind::spinful_fermions, sites, sites / 2, sites / 2}); }

Dense matrix_of(const Operator& op, const Named& named = {}) { return Dense(test::complex_table_matrix(TermTable(op.at(named)), {1})); }

Dense spin(char axis, int site, int sites) { return 0.5 * pauli(axis, site, sites); }
Dense heisenberg(int i, int j, int sites) {
  Dense sum = spin('X', i, sites) * spin('X', j, sites);
  for (const char axis : {'Y', 'Z'}) sum += spin(axis, i, sites) * spin(axis, j, sites);
  return sum;
}
Dense number(int mode, int modes) { return annihilator(mode, modes).adjoint() * annihilator(mode, modes); }

// "0-3" -> 0, 3
std::vector<int> sites_in(const std::string& label) {
  std::vector<int> sites;
  for (std::size_t begin = 0; begin < label.size();) {
    std::size_t end = 0;
    sites.push_back(std::stoi(label.substr(begin), &end));
    begin += end + 1;
  }
  return sites;
}

Eigen::VectorXcd random_state(Eigen::Index dimension) {
  std::srand(7);  // NOLINT: the state may be any
  return Eigen::VectorXcd::Random(dimension).normalized();
}

double mean(const Dense& matrix, const Eigen::VectorXcd& x) { return x.dot(matrix * x).real(); }

// Values of an observable whose means are measured first.
std::vector<double> values(const Observable& observable, const Eigen::VectorXcd& x) {
  Named named;
  for (const NamedOperator& each : observable.means) named[each.label] = mean(matrix_of(each.op), x);
  std::vector<double> result;
  for (const NamedOperator& each : observable.operators) result.push_back(mean(matrix_of(each.op, named), x));
  return result;
}

TEST(Sz, IsHalfTheDifferenceOfUpAndDown) {
  const auto of_spins = find_observable("sz").build({ring(4), spins(4)}), of_fermions = find_observable("sz").build({ring(4), spinful(4)});
  for (int site = 0; site < 4; ++site) {
    EXPECT_LT(difference(matrix_of(of_spins[site].op), spin('Z', site, 4)), kRounding) << site;
    EXPECT_LT(difference(matrix_of(of_fermions[site].op), Dense(0.5 * (number(4 + site, 8) - number(site, 8)))), kRounding) << site;
  }
}

TEST(BondSpin, IsSpinTimesSpinOnNeighbours) {
  const Lattice lattice = torus("triangular", 2, 3);
  const auto bonds = find_observable("bond_spin").build({lattice, spins(6)});
  EXPECT_EQ(bonds.size(), lattice.bonds(1).size());
  for (const NamedOperator& each : bonds) {
    const auto sites = sites_in(each.label);
    EXPECT_LT(difference(matrix_of(each.op), heisenberg(sites[0], sites[1], 6)), kRounding) << each.label;
  }
}

TEST(BondHopping, IsTheKineticEnergyOfBonds) {
  Lattice lattice({"chain", {4}, {Boundary::antiperiodic}});
  for (const NamedOperator& each : find_observable("bond_hopping").build({lattice, spinful(4)})) {
    const auto sites = sites_in(each.label);
    const double sign = sites[1] - sites[0] == 3 ? -1 : 1;
    Dense sum = Dense::Zero(256, 256);
    for (const int spin : {0, 4}) sum += sign * annihilator(spin + sites[0], 8).adjoint() * annihilator(spin + sites[1], 8);
    EXPECT_LT(difference(matrix_of(each.op), sum + sum.adjoint()), kRounding) << each.label;
  }
}

TEST(DimerDimer, IsConnected) {
  const Lattice lattice = torus("square", 2, 3);
  const Observable observable = make_observable(find_observable("dimer_dimer"), {lattice, spins(6)});
  const Eigen::VectorXcd x = random_state(64);
  const std::vector<Bond> bonds = lattice.bonds(1);
  const std::vector<double> measured = values(observable, x);
  ASSERT_EQ(measured.size(), bonds.size());
  const Dense first = heisenberg(bonds[0].i, bonds[0].j, 6);
  for (std::size_t b = 0; b < bonds.size(); ++b) {
    const Dense other = heisenberg(bonds[b].i, bonds[b].j, 6);
    EXPECT_NEAR(measured[b], mean(first * other, x) - mean(first, x) * mean(other, x), kRounding) << observable.operators[b].label;
  }
}

// The average of f(i, j) over all translations of a torus.
template <class F>
double averaged(const Lattice& lattice, const std::vector<int>& pair, F&& f) {
  double sum = 0;
  int count = 0;
  for (int cell = 0; cell * lattice.basis() < lattice.sites(); ++cell) {
    const std::vector<int> images = lattice.translation(lattice.cell_vector(cell * lattice.basis()));
    if (images.empty()) continue;
    sum += f(images[pair[0]], images[pair[1]]);
    ++count;
  }
  return sum / count;
}

TEST(Pairs, OfSpinsAreAveragedOverTranslations) {
  const Eigen::VectorXcd x = random_state(64);
  const Lattice lattice = torus("honeycomb", 1, 3);
  const ObservableInput input{lattice, spins(6)};
  const auto sz = [&](int site) { return spin('Z', site, 6); };
  const auto check = [&](const char* name, auto&& pair_value) {
    const Observable observable = make_observable(find_observable(name), input);
    ASSERT_EQ(observable.operators.size(), 12u);
    const std::vector<double> measured = values(observable, x);
    for (std::size_t k = 0; k < measured.size(); ++k)
      EXPECT_NEAR(measured[k], averaged(lattice, sites_in(observable.operators[k].label), pair_value), kRounding) << name;
  };
  check("sz_pairs", [&](int i, int j) { return mean(sz(i) * sz(j), x); });
  check("spin_pairs", [&](int i, int j) { return mean(heisenberg(i, j, 6), x); });
  check("sz_sz_connected", [&](int i, int j) { return mean(sz(i) * sz(j), x) - mean(sz(i), x) * mean(sz(j), x); });
}

TEST(Pairs, OfDensitiesAreAveragedOverTranslations) {
  const Eigen::VectorXcd x = random_state(64);
  const Lattice lattice = ring(3);
  const auto n = [&](int site) { return Dense(number(site, 6) + number(3 + site, 6)); };
  for (const bool connected : {false, true}) {
    const Observable observable = make_observable(find_observable(connected ? "density_connected" : "density_pairs"), {lattice, spinful(3)});
    const std::vector<double> measured = values(observable, x);
    ASSERT_EQ(measured.size(), 3u);
    for (int j = 0; j < 3; ++j) {
      const double expected =
          averaged(lattice, {0, j}, [&](int a, int b) { return mean(n(a) * n(b), x) - (connected ? mean(n(a), x) * mean(n(b), x) : 0.0); });
      EXPECT_NEAR(measured[j], expected, kRounding) << connected << j;
    }
  }
}

// Behind open ends a pair has fewer images.
TEST(Pairs, OnOpenLatticesAndGraphs) {
  const Lattice open({"chain", {4}, {Boundary::open}});
  const auto pairs = find_observable("sz_pairs").build({open, spins(4)});
  ASSERT_EQ(pairs.size(), 4u);
  const Dense expected = (spin('Z', 0, 4) * spin('Z', 2, 4) + spin('Z', 1, 4) * spin('Z', 3, 4)) / 2;
  EXPECT_LT(difference(matrix_of(pairs[2].op), expected), kRounding);
}

TEST(MomentumDistribution, CountsParticlesOfEachWave) {
  const Lattice lattice = torus("square", 2, 3);
  const auto occupations = find_observable("momentum_distribution").build({lattice, spinless(6)});
  ASSERT_EQ(occupations.size(), 6u);
  Dense sum = Dense::Zero(64, 64), particles = Dense::Zero(64, 64);
  for (int s = 0; s < 6; ++s) particles += number(s, 6);
  for (int k = 0; k < 6; ++k) {
    Dense wave = Dense::Zero(64, 64);
    for (int s = 0; s < 6; ++s) {
      const double turns = (k / 3) * (s / 3) / 2.0 + (k % 3) * (s % 3) / 3.0;
      wave += std::polar(1 / std::sqrt(6.0), -2 * std::numbers::pi * turns) * annihilator(s, 6);
    }
    EXPECT_LT(difference(matrix_of(occupations[k].op), wave.adjoint() * wave), kRounding) << occupations[k].label;
    sum += matrix_of(occupations[k].op);
  }
  EXPECT_LT(difference(sum, particles), kRounding);
}

TEST(MomentumDistribution, SumsToTheParticlesOfBothSpinsOnEveryLattice) {
  for (const Lattice& lattice : {ring(4), torus("honeycomb", 1, 2)}) {
    Dense sum = Dense::Zero(256, 256), particles = Dense::Zero(256, 256);
    for (int mode = 0; mode < 8; ++mode) particles += number(mode, 8);
    for (const NamedOperator& each : find_observable("momentum_distribution").build({lattice, spinful(4)})) sum += matrix_of(each.op);
    EXPECT_LT(difference(sum, particles), kRounding);
  }
}

TEST(Pairing, OfTheSWave) {
  const auto pairs = find_observable("pair_s").build({ring(4), spinful(4)});
  ASSERT_EQ(pairs.size(), 4u);
  const auto pair = [](int site) { return Dense(annihilator(site, 8) * annihilator(4 + site, 8)); };
  for (int r = 0; r < 4; ++r) {
    Dense sum = Dense::Zero(256, 256);
    for (int i = 0; i < 4; ++i) sum += pair(i).adjoint() * pair((i + r) % 4) / 8;
    EXPECT_LT(difference(matrix_of(pairs[r].op), sum + sum.adjoint()), kRounding) << r;
  }
}

// c_{x + 2} = sign c_x: an antiperiodic axis of two sites cancels the pairs along it.
TEST(Pairing, OfTheDWave) {
  for (const double sign : {1.0, -1.0}) {
    const Lattice lattice({"square", {2, 2}, {sign > 0 ? Boundary::periodic : Boundary::antiperiodic, Boundary::periodic}});
    const auto c = [&](int x, int y, int spin) {
      const Dense inside = annihilator(4 * spin + 2 * ((x + 4) % 2) + (y + 4) % 2, 8);
      return test::ComplexSparse((x < 0 || x > 1 ? (x > 3 || x < -2 ? 1 : sign) : 1.0) * inside.sparseView());
    };
    const auto pair = [&](int x, int y) {
      test::ComplexSparse sum(256, 256);
      const int steps[4][2] = {{1, 0}, {-1, 0}, {0, 1}, {0, -1}};
      for (int d = 0; d < 4; ++d) {
        const int nx = x + steps[d][0], ny = y + steps[d][1];
        sum += (d < 2 ? 1 : -1) / std::sqrt(2.0) * test::ComplexSparse(c(x, y, 1) * c(nx, ny, 0) - c(x, y, 0) * c(nx, ny, 1));
      }
      return sum;
    };
    const auto pairs = find_observable("pair_d").build({lattice, spinful(4)});
    for (int r = 0; r < 4; ++r) {
      Dense sum = Dense::Zero(256, 256);
      for (int i = 0; i < 4; ++i) sum += Dense(test::ComplexSparse(pair(i / 2, i % 2).adjoint() * pair(i / 2 + r / 2, i % 2 + r % 2))) / 8;
      EXPECT_LT(difference(matrix_of(pairs[r].op), sum + sum.adjoint()), kRounding) << r << " " << sign;
    }
  }
  EXPECT_THROW(find_observable("pair_d").build({ring(4), spinful(4)}), InputError);
}

TEST(Chirality, OfEveryTriangleCounterClockwise) {
  const Lattice lattice = torus("triangular", 3, 3);
  const auto triangles = find_observable("chirality").build({lattice, spins(9)});
  EXPECT_EQ(triangles.size(), 18u);
  const auto is = [](const char* label) { return [label](const NamedOperator& each) { return each.label == label; }; };
  EXPECT_EQ(std::count_if(triangles.begin(), triangles.end(), is("0-3-1")), 1);  // site 3 x + y: to the right, then up
  EXPECT_EQ(std::count_if(triangles.begin(), triangles.end(), is("0-1-3")), 0);
  EXPECT_EQ(find_observable("chirality").build({torus("square", 4, 4), spins(16)}).size(), 64u);
  EXPECT_EQ(find_observable("chirality").build({torus("kagome", 2, 2), spins(12)}).size(), 8u);
  EXPECT_EQ(find_observable("chirality").build({ring(6), spins(6)}).size(), 6u);
}

TEST(Chirality, IsTheTripleProduct) {
  for (const NamedOperator& each : find_observable("chirality").build({ring(5), spins(5)})) {
    const auto t = sites_in(each.label);
    Dense sum = Dense::Zero(32, 32);
    const char* axes = "XYZ";
    for (int a = 0; a < 3; ++a) {
      const char x = axes[a], y = axes[(a + 1) % 3], z = axes[(a + 2) % 3];
      sum += spin(x, t[0], 5) * (spin(y, t[1], 5) * spin(z, t[2], 5) - spin(z, t[1], 5) * spin(y, t[2], 5));
    }
    EXPECT_LT(difference(matrix_of(each.op), sum), kRounding) << each.label;
    int steps_to_the_right = 0;  // left, middle, right, in any rotation
    for (int k = 0; k < 3; ++k) steps_to_the_right += (t[(k + 1) % 3] - t[k] + 5) % 5 == 1;
    EXPECT_EQ(steps_to_the_right, 2) << each.label;
  }
}

TEST(TotalSpin, IsTheSquareOfTheSumOfSpins) {
  Dense expected = Dense::Zero(32, 32);
  for (const char axis : {'X', 'Y', 'Z'}) {
    Dense total = Dense::Zero(32, 32);
    for (int site = 0; site < 5; ++site) total += spin(axis, site, 5);
    expected += total * total;
  }
  const auto total = find_observable("total_spin").build({ring(5), spins(5)});
  EXPECT_LT(difference(matrix_of(total[0].op), expected), kRounding);
  EXPECT_NEAR(expected(31, 31).real(), 2.5 * 3.5, 1e-12);  // polarised
}

TEST(TotalSpin, OfFermionsVanishesOnDoubleOccupancyAndIsThreeQuartersOnOne) {
  const Dense total = matrix_of(find_observable("total_spin").build({ring(2), spinful(2)})[0].op);
  EXPECT_NEAR(total(1, 1).real(), 0.75, 1e-14);         // one particle
  EXPECT_NEAR(total(0b0101, 0b0101).real(), 0, 1e-14);  // both on site 0
  EXPECT_NEAR(total(0b0011, 0b0011).real(), 2, 1e-14);  // two down: S = 1
}

}  // namespace
}  // namespace qs
