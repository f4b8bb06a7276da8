#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <map>

#include "engine/base/error.h"
#include "exact.h"
#include "hamiltonians/registry.h"

namespace qs {
namespace {

using test::difference;
using test::Sparse;
using test::table_matrix;

Lattice lattice_of(const std::string& kind, std::vector<int> size) { return Lattice(test::periodic(kind, std::move(size))); }

std::vector<Sector> sectors_of(int sites) {
  return {Sector({SectorKind::spin_half, sites, sites / 2, -1}), Sector({SectorKind::spinless_fermions, sites, sites / 2, -1}),
          Sector({SectorKind::spinful_fermions, sites, sites / 2, sites / 2})};
}

std::vector<double> ones(const Operator& op) { return std::vector<double>(op.couplings.size(), 1.0); }

Sparse sector_matrix(const Operator& op, const Sector& sector) { return table_matrix(TermTable(op), ones(op), sector); }

double mean(const Operator& op, const Sector& sector, const Eigen::VectorXd& x) { return x.dot(sector_matrix(op, sector) * x); }

// Terms on one coupling of some model of each kind of sector.
Operator hamiltonian_of(const Lattice& lattice, SectorKind kind) {
  const char* expression = kind == SectorKind::spin_half           ? "S.S"
                           : kind == SectorKind::spinless_fermions ? "c+ c + h.c."
                                                                   : "c+_up c_up + c+_dn c_dn + h.c.";
  return build_terms(lattice, kind, {{.name = "", .expression = expression, .where = ShellBonds{1}, .coefficient = {}, .coupling = "J"}}, {});
}

// Sums over 25 pairs of coefficients of order 1: 1e-13 is 50 roundings.
TEST(ObservableTable, EveryRowEqualsItsProductsIsHermitianAndConservesItsSector) {
  for (const ObservableEntry& entry : observables()) {
    const Lattice lattice = entry.name == "pair_d" ? lattice_of("square", {2, 2}) : lattice_of("chain", {4});
    for (const Sector& sector : sectors_of(4)) {
      const Operator hamiltonian = hamiltonian_of(lattice, sector.options().kind);
      const ObservableInput input{lattice, sector, SignRule::none, &hamiltonian};
      if (std::find(entry.sectors.begin(), entry.sectors.end(), sector.options().kind) == entry.sectors.end()) {
        EXPECT_THROW(entry.build(input), InputError) << entry.name;
        continue;
      }
      const Observable observable = make_observable(entry, input);
      std::map<std::string, double> named = {{"J", 0.7}};
      for (const NamedOperator& each : observable.means) {
        ASSERT_EQ(each.op.couplings, std::vector<std::string>{"1"}) << entry.name;
        named[each.label] = 0.3;
      }
      for (const NamedOperator& each : observable.operators) {
        EXPECT_EQ(each.op.name, entry.name);
        const Operator op = each.op.at(named);
        const auto full = test::complex_table_matrix(TermTable(op), {1});
        EXPECT_LT(difference(full, test::complex_operator_matrix(op, {1})), 1e-13) << entry.name << " " << each.label;
        test::ComplexSparse block;
        ASSERT_NO_THROW(block = test::complex_table_matrix(TermTable(op), {1}, sector)) << entry.name << " " << each.label;
        EXPECT_LT(difference(block, test::ComplexSparse(block.adjoint())), 1e-15) << entry.name << " " << each.label;
      }
    }
  }
}

TEST(Density, SumsToTheParticleNumber) {
  for (const Sector& sector : {Sector({SectorKind::spinless_fermions, 4, 3, -1}), Sector({SectorKind::spinful_fermions, 4, 3, 2})}) {
    Sparse sum(sector.dimension(), sector.dimension()), number(sector.dimension(), sector.dimension());
    number.setIdentity();
    for (const NamedOperator& named : find_observable("density").build({lattice_of("chain", {4}), sector})) {
      sum += sector_matrix(named.op, sector);
    }
    EXPECT_EQ(difference(sum, sector.particles() * number), 0);
  }
}

TEST(SpinSpin, BondSumIsTheHeisenbergEnergy) {
  const ProblemFamily family = build_family(test::spins(test::periodic("chain", {8}), "heisenberg", {}, 4));
  const Problem& problem = family.problems[0];
  const Sparse h = table_matrix(family.table, problem.couplings, problem.sector);
  const Eigen::VectorXd ground = test::lowest_eigenvector(h);
  const auto spin_spin = find_observable("spin_spin").build({family.lattice, problem.sector});
  const auto sz_sz = find_observable("sz_sz").build({family.lattice, problem.sector});
  EXPECT_EQ(spin_spin[3].label, "0-3");
  EXPECT_NEAR(mean(spin_spin[0].op, problem.sector, ground), 0.75, 1e-13);
  EXPECT_NEAR(8 * mean(spin_spin[1].op, problem.sector, ground), -3.65109340894, 1e-9);
  for (int j = 0; j < 8; ++j) {  // a singlet is isotropic
    EXPECT_NEAR(mean(spin_spin[j].op, problem.sector, ground), 3 * mean(sz_sz[j].op, problem.sector, ground), 1e-12);
  }
}

TEST(SpinObservables, DoNotDependOnTheSublatticeRotation) {
  SystemOptions options = test::spins(test::periodic("square", {2, 4}), "heisenberg", {{"J2", 0.2}}, 4);
  std::vector<double> values[2];
  for (const SignRule rule : {SignRule::none, SignRule::marshall}) {
    options.sign_rule = rule;
    const ProblemFamily family = build_family(options);
    const Problem& problem = family.problems[0];
    const Eigen::VectorXd ground = test::lowest_eigenvector(table_matrix(family.table, problem.couplings, problem.sector));
    for (const char* name : {"spin_spin", "sz_sz", "structure_factor", "spin_structure_factor", "staggered_moment"}) {
      for (const NamedOperator& named : find_observable(name).build({family.lattice, problem.sector, rule})) {
        values[rule == SignRule::marshall].push_back(mean(named.op, problem.sector, ground));
      }
    }
  }
  ASSERT_EQ(values[0].size(), values[1].size());
  for (std::size_t k = 0; k < values[0].size(); ++k) EXPECT_NEAR(values[0][k], values[1][k], 1e-11);
}

TEST(StructureFactor, VanishesAtZeroMomentumAndSumsToSpinLengthInASinglet) {
  const ProblemFamily family = build_family(test::spins(test::periodic("square", {2, 4}), "heisenberg", {}, 4));
  const Problem& problem = family.problems[0];
  const Eigen::VectorXd ground = test::lowest_eigenvector(table_matrix(family.table, problem.couplings, problem.sector));
  const auto factors = find_observable("spin_structure_factor").build({family.lattice, problem.sector});
  const auto diagonal = find_observable("structure_factor").build({family.lattice, problem.sector});
  const auto moment = find_observable("staggered_moment").build({family.lattice, problem.sector});
  ASSERT_EQ(factors.size(), 8u);
  double sum = 0;
  for (std::size_t q = 0; q < factors.size(); ++q) {
    const double value = mean(factors[q].op, problem.sector, ground);
    EXPECT_NEAR(value, 3 * mean(diagonal[q].op, problem.sector, ground), 1e-11) << factors[q].label;
    sum += value;
    if (factors[q].label == "0,0") {
      EXPECT_NEAR(value, 0, 1e-12);
    } else if (factors[q].label == "1,2") {  // (pi, pi)
      EXPECT_NEAR(value, 8 * mean(moment[0].op, problem.sector, ground), 1e-12);
    }
  }
  EXPECT_NEAR(sum, 8 * 0.75, 1e-11);
}

// On any lattice the value of a product state is |sum_i exp(i q.r_i) n_i|^2 / N with Cartesian positions and reciprocal vectors.
TEST(StructureFactor, IsTheSquaredFourierSumOfAProductState) {
  for (const char* kind : {"square", "triangular", "honeycomb", "kagome"}) {
    const Lattice lattice = lattice_of(kind, {2, 3});
    const int n = lattice.sites();
    const Sector sector({SectorKind::spinless_fermions, n, 3, -1});
    const Word sigma = sector.state(17);
    const bool oblique = kind != std::string("square");
    for (const NamedOperator& named : find_observable("structure_factor").build({lattice, sector})) {
      const int kx = named.label[0] - '0', ky = named.label[2] - '0';
      const double turn = 2 * std::acos(-1.0);
      const double qx = turn * kx / 2;  // a_1 = (1, 0)
      const double qy = oblique ? (turn * ky / 3 - 0.5 * qx) / std::sqrt(0.75) : turn * ky / 3;
      double re = 0, im = 0;
      for (int s = 0; s < n; ++s) {
        if (!test_bit(&sigma, s)) continue;
        const auto r = lattice.position(s);
        re += std::cos(qx * r[0] + qy * r[1]);
        im += std::sin(qx * r[0] + qy * r[1]);
      }
      const double one = 1;
      EXPECT_NEAR(TermTable(named.op).diagonal(&sigma, &one), (re * re + im * im) / n, 1e-12) << named.label;
    }
  }
}

TEST(StaggeredMoment, OfProductStates) {
  const Lattice lattice = lattice_of("square", {4, 4});
  Word neel = 0;
  for (int s = 0; s < 16; ++s) neel |= static_cast<Word>((s / 4 + s % 4) % 2) << s;
  const double one = 1;
  const auto spin = find_observable("staggered_moment").build({lattice, Sector({SectorKind::spin_half, 16, 8, -1})});
  EXPECT_NEAR(TermTable(spin[0].op).diagonal(&neel, &one), 0.25 + 0.5 / 16, 1e-14);
  const auto charge = find_observable("staggered_moment").build({lattice, Sector({SectorKind::spinless_fermions, 16, 8, -1})});
  EXPECT_NEAR(TermTable(charge[0].op).diagonal(&neel, &one), 0.25, 1e-14);
  EXPECT_THROW(find_observable("staggered_moment").build({lattice_of("triangular", {3, 3}), Sector({SectorKind::spin_half, 9, 4, -1})}), InputError);
}

// Half-filled Hubbard dimer: <S_0.S_1> = -3/4 (1 - 2 d), d = <n_up n_down> per site, and dE/dU = 2 d.
TEST(SpinSpin, OfTheHubbardDimer) {
  const double u = 4, step = 1e-4;
  const auto energy = [](double value) { return (value - std::sqrt(value * value + 16)) / 2; };
  const ProblemFamily family = build_family(test::spinful({"chain", {2}, {Boundary::open}}, {{"U", u}}, 1, 1));
  const Problem& problem = family.problems[0];
  const Eigen::VectorXd ground = test::lowest_eigenvector(table_matrix(family.table, problem.couplings, problem.sector));
  const auto doubles = find_observable("double_occupancy").build({family.lattice, problem.sector});
  const auto spin_spin = find_observable("spin_spin").build({family.lattice, problem.sector});
  const double d = mean(doubles[0].op, problem.sector, ground);
  EXPECT_NEAR(2 * d, (energy(u + step) - energy(u - step)) / (2 * step), 1e-8);
  EXPECT_NEAR(mean(spin_spin[1].op, problem.sector, ground), -0.75 * (1 - 2 * d), 1e-13);
}

}  // namespace
}  // namespace qs
