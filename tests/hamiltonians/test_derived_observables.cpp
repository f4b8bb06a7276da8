// Observables that are made of the Hamiltonian: bond energies, currents, derivatives by couplings; and the user's own.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

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
using test::difference;
using Complex = std::complex<double>;
using Named = std::map<std::string, double>;
using ::testing::HasSubstr;

Sector spinless(int sites, int particles) { return Sector({SectorKind::spinless_fermions, sites, particles, -1}); }

Dense sector_matrix(const Operator& op, const Named& named, const Sector& sector) {
  return Dense(test::complex_table_matrix(TermTable(op.at(named)), {1}, sector));
}

struct Ground {
  double energy;
  Eigen::VectorXcd state;
};
Ground ground(const Operator& op, const Named& named, const Sector& sector) {
  const Eigen::SelfAdjointEigenSolver<Dense> solver(sector_matrix(op, named, sector));
  return {solver.eigenvalues()[0], solver.eigenvectors().col(0)};
}
double mean(const Operator& op, const Named& named, const Sector& sector, const Eigen::VectorXcd& x) {
  return x.dot(sector_matrix(op, named, sector) * x).real();
}

TermSpec term(std::string expression, Where where, std::string coupling = "") {
  return {.name = "", .expression = std::move(expression), .where = std::move(where), .coefficient = {}, .coupling = std::move(coupling)};
}

Operator twisted_ring(const Lattice& lattice, double twist) {
  const std::vector<TermSpec> terms = {term("-c+ c + h.c.", ShellBonds{1}, "t"), term("-0.3 c+ c + h.c.", ShellBonds{2}, "t"),
                                       term("n n", ShellBonds{1}, "V")};
  return build_terms(lattice, SectorKind::spinless_fermions, terms, {.name = "ring", .twist = {twist, 0, 0}});
}

// dE/dtheta of a whole ring of L cells is the mean current over L.
TEST(Current, IsTheDerivativeByTheTwist) {
  const Lattice lattice(test::periodic("chain", {7}));
  const Sector sector = spinless(7, 3);
  const Named named = {{"t", 1.0}, {"V", 0.7}};
  const double twist = 0.6, step = 1e-4;
  const Operator ring = twisted_ring(lattice, twist);
  const auto current = find_observable("current").build({lattice, sector, SignRule::none, &ring});
  ASSERT_EQ(current.size(), 1u);
  const Ground exact = ground(ring, named, sector);
  const double slope =
      (ground(twisted_ring(lattice, twist + step), named, sector).energy - ground(twisted_ring(lattice, twist - step), named, sector).energy) /
      (2 * step);
  EXPECT_GT(std::abs(slope), 1e-2);
  EXPECT_NEAR(mean(current[0].op, named, sector, exact.state), 7 * slope, 1e-6);
}

// i [H, X] along both axes of an open piece, sites with two steps included.
TEST(Current, IsTheCommutatorWithThePosition) {
  const Lattice lattice({"square", {2, 3}, {Boundary::open, Boundary::open}});
  const Sector sector = spinless(6, 3);
  const Operator hopping = build_terms(lattice, SectorKind::spinless_fermions,
                                       {term("-c+ c + h.c.", ShellBonds{1}, "t"), term("0.4 i c+ c + h.c.", ShellBonds{2}, "t"),
                                        term("c+(1) c(2) n(3) + h.c.", ExplicitTuples{{{0, 5, 2}}})},
                                       {});
  const Dense h = sector_matrix(hopping, {{"t", 1.5}}, sector);
  const auto current = find_observable("current").build({lattice, sector, SignRule::none, &hopping});
  ASSERT_EQ(current.size(), 2u);
  for (int axis = 0; axis < 2; ++axis) {
    Operator position{"x", "-", 6, {}, {}};
    for (int s = 0; s < 6; ++s) position.add(axis == 0 ? s / 3 : s % 3, "1", {{Factor::number, s}});
    const Dense x = sector_matrix(position, {}, sector);
    EXPECT_LT(difference(sector_matrix(current[axis].op, {{"t", 1.5}}, sector), Complex(0, 1) * (h * x - x * h)), 1e-13) << axis;
  }
}

TEST(Current, OfSpinIsTheDerivativeByTheTwist) {
  const Lattice lattice(test::periodic("chain", {6}));
  const Sector sector({SectorKind::spin_half, 6, 2, -1});
  const auto ring = [&](double twist) {
    return build_terms(lattice, SectorKind::spin_half, {term("0.5 S+ S- + h.c.", ShellBonds{1}), term("0.4 Sz Sz", ShellBonds{1})},
                       {.twist = {twist, 0, 0}});
  };
  const Operator here = ring(0.5);
  const auto current = find_observable("spin_current").build({lattice, sector, SignRule::none, &here});
  const double step = 1e-4, slope = (ground(ring(0.5 + step), {}, sector).energy - ground(ring(0.5 - step), {}, sector).energy) / (2 * step);
  EXPECT_GT(std::abs(slope), 1e-2);
  EXPECT_NEAR(mean(current[0].op, {}, sector, ground(here, {}, sector).state), 6 * slope, 1e-6);
}

TEST(Current, RefusesRingsWithoutADirectionAndGraphs) {
  const Lattice two(test::periodic("chain", {2})), four(test::periodic("chain", {4}));
  const Operator dimer = build_terms(two, SectorKind::spinless_fermions, {term("c+ c + h.c.", ShellBonds{1})}, {});
  EXPECT_THROW(find_observable("current").build({two, spinless(2, 1), SignRule::none, &dimer}), InputError);
  const Operator across = build_terms(four, SectorKind::spinless_fermions, {term("c+ c + h.c.", ShellBonds{2})}, {});
  EXPECT_THROW(find_observable("current").build({four, spinless(4, 2), SignRule::none, &across}), InputError);
}

TEST(EnergyDerivative, IsTheSlopeOfTheEnergyByEveryCoupling) {
  Named values = {{"J", 1.3}, {"Delta", 0.6}};
  const auto family = [&](const Named& couplings) { return build_family(test::spins(test::periodic("chain", {8}), "xxz", couplings, 4)); };
  const ProblemFamily here = family(values);
  const Sector& sector = here.problems[0].sector;
  const Ground exact = ground(here.hamiltonian, values, sector);
  const auto derivatives = find_observable("energy_derivative").build({here.lattice, sector, SignRule::none, &here.hamiltonian});
  ASSERT_EQ(derivatives.size(), 2u);
  for (const NamedOperator& each : derivatives) {
    constexpr double step = 1e-4;
    Named up = values, down = values;
    up[each.label] += step;
    down[each.label] -= step;
    const double slope = (ground(family(up).hamiltonian, up, sector).energy - ground(family(down).hamiltonian, down, sector).energy) / (2 * step);
    EXPECT_NEAR(mean(each.op, values, sector, exact.state), slope, 1e-7) << each.label;
  }
}

TEST(BondEnergy, SumsToTheEnergyWithoutTheSites) {
  const ProblemFamily family = build_family(test::spinless(test::periodic("chain", {8}), {{"V", 1.5}, {"delta", 0.3}}, 4));
  const Problem& problem = family.problems[0];
  const Ground exact = ground(family.hamiltonian, problem.named, problem.sector);
  const ObservableInput input{family.lattice, problem.sector, SignRule::none, &family.hamiltonian};
  double sum = 0;
  const auto bonds = find_observable("bond_energy").build(input);
  EXPECT_EQ(bonds.size(), 8u);
  for (const NamedOperator& each : bonds) sum += mean(each.op, problem.named, problem.sector, exact.state);
  for (const NamedOperator& each : find_observable("energy_derivative").build(input)) {
    if (each.label == "delta") sum += 0.3 * mean(each.op, problem.named, problem.sector, exact.state);
  }
  EXPECT_NEAR(sum, exact.energy, 1e-10);
}

std::string refusal(const OwnObservable& own, const Sector& sector) {
  try {
    make_observable(own, Lattice(test::periodic("chain", {4})), sector, {{"J", 1.0}});
  } catch (const TermError& error) {
    EXPECT_EQ(error.term(), static_cast<int>(own.terms.size()) - 1);
    return error.what();
  }
  return "nothing was refused";
}

TEST(OwnObservable, IsTheSumOfItsTerms) {
  const Sector sector({SectorKind::spin_half, 4, -1, -1});
  const OwnObservable own{"string", {term("Z Z Z", ExplicitTuples{{{0, 1, 2}}}), term("X", SiteList{{3}}, "J")}, {}};
  const Observable made = make_observable(own, Lattice(test::periodic("chain", {4})), sector, {{"J", 2.0}});
  ASSERT_EQ(made.operators.size(), 1u);
  const Dense expected = test::pauli('Z', 0, 4) * test::pauli('Z', 1, 4) * test::pauli('Z', 2, 4) + 2 * test::pauli('X', 3, 4);
  EXPECT_LT(difference(sector_matrix(made.operators[0].op, {{"J", 2.0}}, sector), expected), 1e-14);
}

TEST(OwnObservable, NamesTheTermThatMakesNoSense) {
  const Sector fixed({SectorKind::spin_half, 4, 2, -1}), free({SectorKind::spin_half, 4, -1, -1});
  const TermSpec good = term("Z", AllSites{});
  EXPECT_THAT(refusal({"a", {good, term("S+ S-", ShellBonds{1})}, {}}, fixed), HasSubstr("not hermitian"));
  EXPECT_THAT(refusal({"a", {good, term("X", AllSites{})}, {}}, fixed), HasSubstr("changes the total Sz"));
  EXPECT_THAT(refusal({"a", {good, term("X", AllSites{})}, {}}, free), HasSubstr("nothing was refused"));
  EXPECT_THAT(refusal({"a", {good, term("Z", AllSites{}, "K")}, {}}, fixed), HasSubstr("no coupling 'K'"));
}

}  // namespace
}  // namespace qs
