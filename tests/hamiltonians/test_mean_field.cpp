// Mean fields against published anchors, and determinants against enumeration: <H> of a determinant by its amplitudes in the whole sector.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <Eigen/Dense>
#include <array>
#include <cmath>
#include <functional>
#include <numbers>
#include <string>

#include "complex_models.h"
#include "engine/base/error.h"
#include "exact.h"
#include "hamiltonians/mean_field/start_orbitals.h"

namespace qs {
namespace {

using test::periodic;
using test::spinful;
using test::spinless;
using ::testing::AllOf;
using ::testing::HasSubstr;

ProblemFamily tv(std::vector<int> size, int particles, double v, double delta = 0) {
  const std::string kind = size.size() == 1 ? "chain" : "square";
  return build_family(spinless(periodic(kind, std::move(size)), {{"V", v}, {"delta", delta}}, particles));
}
ProblemFamily hubbard(std::vector<int> size, int up, int down, double u) {
  const std::string kind = size.size() == 1 ? "chain" : "square";
  return build_family(spinful(periodic(kind, std::move(size)), {{"U", u}}, up, down));
}

double per_site(const ProblemFamily& family, MeanFieldSeed seed = MeanFieldSeed::lowest) {
  return mean_field(family, 0, seed).energy / family.lattice.sites();
}
double total(const ProblemFamily& family, MeanFieldSeed seed = MeanFieldSeed::lowest) { return mean_field(family, 0, seed).energy; }

std::string refusal(const std::function<void()>& work) {
  try {
    work();
  } catch (const InputError& error) {
    return error.what();
  }
  return "accepted";
}

// <H> of the determinant of the given columns, from its amplitudes: psi(sigma) = det of the occupied rows.
double enumerated_energy(const ProblemFamily& family, int g, const MeanField& field) {
  const Problem& problem = family.problems[g];
  const std::int64_t states = problem.sector.dimension();
  Eigen::VectorXcd psi(states);
  for (std::int64_t s = 0; s < states; ++s) {
    const Word word = problem.sector.state(s);
    Eigen::MatrixXcd rows(field.particles, field.particles);
    int row = 0;
    for (int mode = 0; mode < field.modes; ++mode) {
      if (!test_bit(&word, mode)) continue;
      for (int k = 0; k < field.particles; ++k) rows(row, k) = field.orbitals[static_cast<std::size_t>(mode) * field.particles + k];
      ++row;
    }
    psi[s] = rows.determinant();
  }
  const test::ComplexSparse h = test::complex_table_matrix(family.table, problem.couplings, problem.sector);
  return (psi.dot(h * psi) / psi.squaredNorm()).real();
}

constexpr double kSevenDigits = 0.6e-7, kSixDigits = 0.6e-6;  // half of the last digit of the anchors, and rounding

TEST(MeanField, SpinlessSquares) {
  EXPECT_NEAR(per_site(tv({8, 8}, 32, 1)), -0.4561552, kSevenDigits);
  EXPECT_NEAR(per_site(tv({8, 8}, 32, 2)), -0.2891614, kSevenDigits);
  EXPECT_NEAR(per_site(tv({8, 8}, 32, 4)), -0.1597047, kSevenDigits);
  EXPECT_NEAR(per_site(tv({6, 6}, 18, 1)), -0.4541309, kSevenDigits);
  EXPECT_NEAR(per_site(tv({4, 4}, 8, 1)), -0.4474930, kSevenDigits);
  EXPECT_NEAR(per_site(tv({4, 4}, 8, 4)), -0.1586596, kSevenDigits);
}

TEST(MeanField, PinnedRing) {
  const double v[] = {0.5, 1, 2, 4}, expected[] = {-6.374092, -5.577454, -4.228061, -2.639449};
  for (int i = 0; i < 4; ++i) {
    EXPECT_NEAR(total(tv({12}, 6, v[i], 0.1)), expected[i], kSixDigits) << v[i];
    EXPECT_NEAR(total(tv({12}, 6, v[i], 0.1), MeanFieldSeed::uniform), expected[i], kSixDigits) << v[i];
  }
}

TEST(MeanField, HubbardRestrictedAndUnrestricted) {
  const auto expect = [](const ProblemFamily& family, double restricted, double unrestricted) {
    EXPECT_NEAR(total(family, MeanFieldSeed::uniform), restricted, kSixDigits);
    EXPECT_NEAR(total(family), unrestricted, kSixDigits);
  };
  expect(hubbard({6}, 3, 3, 4), -2, -2.836322);
  expect(hubbard({6}, 3, 3, 8), 4, -1.477308);
  expect(hubbard({10}, 5, 5, 4), -2.944272, -4.691965);
  expect(hubbard({14}, 7, 7, 4), -3.975837, -6.567518);
  expect(hubbard({4, 4}, 5, 5, 4), -17.75, -17.75);
  EXPECT_NEAR(total(hubbard({4, 4}, 8, 8, 4)), -12.566555, kSixDigits);
  EXPECT_NEAR(total(hubbard({4, 4}, 8, 8, 8)), -7.389626, kSixDigits);
  EXPECT_NEAR(total(hubbard({4, 4}, 5, 5, 8)), -13.583267, kSixDigits);
}

TEST(MeanField, OfBothSpinsAlikeIsEqualBitForBit) {
  const MeanField field = mean_field(hubbard({10}, 5, 5, 4), 0, MeanFieldSeed::uniform);
  for (int site = 0; site < 10; ++site) {
    for (int k = 0; k < 5; ++k) EXPECT_EQ(field.orbitals[site * 10 + k], field.orbitals[(10 + site) * 10 + 5 + k]);
  }
}

TEST(MeanField, OrbitalsAreOrthonormalSortedAndOfFixedSign) {
  const MeanField field = mean_field(tv({12}, 6, 2, 0.1), 0, MeanFieldSeed::uniform);
  const Eigen::Map<const Eigen::Matrix<std::complex<double>, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>> phi(field.orbitals.data(), 12, 6);
  EXPECT_LT((phi.adjoint() * phi - Eigen::MatrixXcd::Identity(6, 6)).cwiseAbs().maxCoeff(), 1e-13);
  for (int k = 0; k < 6; ++k) {
    EXPECT_TRUE(k == 0 || field.levels[k - 1] <= field.levels[k]);
    EXPECT_GT(phi.col(k).real().maxCoeff(), phi.col(k).cwiseAbs().maxCoeff() * (1 - 1e-5));
  }
  EXPECT_TRUE(field.converged());
  EXPECT_GT(field.gap, 2);
}

// Free fermions on a ring of N, n odd: all momenta |k| <= pi (n - 1) / N.
TEST(MeanField, FreeFermionsFillTheLowestMomenta) {
  const ProblemFamily family = tv({10}, 3, 0.7);
  const MeanField field = free_fermions(density_terms(family.hamiltonian, family.problems[0]), family.problems[0].sector);
  const double step = 2 * std::numbers::pi / 10;
  EXPECT_NEAR(field.levels[0], -2, 1e-13);
  EXPECT_NEAR(field.levels[1], -2 * std::cos(step), 1e-13);
  EXPECT_NEAR(field.levels[2], -2 * std::cos(step), 1e-13);
  EXPECT_NEAR(field.gap, 2 * (std::cos(step) - std::cos(2 * step)), 1e-13);
  EXPECT_NEAR(field.energy, enumerated_energy(family, 0, field), 1e-10);
}

TermSpec term(const std::string& expression, Where where, const std::string& coupling) { return {"", expression, std::move(where), {}, coupling}; }

// 4x2 sites with longer hops, a field on three of them, repulsion on two shells and, with spin, on the site and between unlike neighbours; a
// seam.
ProblemFamily extended(SectorKind kind, Boundary boundary, std::array<double, 3> twist = {}) {
  SystemOptions options;
  options.lattice = {"square", {4, 2}, {boundary, Boundary::open}};
  options.model = "terms";
  options.terms.options.twist = twist;
  options.terms.couplings = {{"t", 1}, {"t2", 0.3}, {"V", 1.7}, {"V2", 0.6}, {"U", 3.1}, {"h", 0.4}};
  const SiteList some{{0, 3, 5}};
  if (kind == SectorKind::spinful_fermions) {
    options.sector = {kind, 0, 3, 2};
    options.terms.terms = {term("-(c+_up c_up + c+_dn c_dn + h.c.)", ShellBonds{1}, "t"),
                           term("c+_up c_up + h.c.", ShellBonds{2}, "t2"),
                           term("n_up n_dn", AllSites{}, "U"),
                           term("(n_up + n_dn - 1) (n_up + n_dn - 1)", ShellBonds{1}, "V"),
                           term("n_up n_dn", ShellBonds{2}, "V2"),
                           term("n_up - n_dn", some, "h")};
  } else {
    options.sector = {kind, 0, 3, -1};
    options.terms.terms = {term("-(c+ c + h.c.)", ShellBonds{1}, "t"), term("c+ c + h.c.", ShellBonds{2}, "t2"),
                           term("(n - 1/2) (n - 1/2)", ShellBonds{1}, "V"), term("n n", ShellBonds{2}, "V2"), term("n", some, "h")};
  }
  return build_family(options);
}

TEST(MeanField, EnergyIsThatOfTheDeterminant) {
  const auto expect = [](const ProblemFamily& family, MeanFieldSeed seed) {
    const MeanField field = mean_field(family, 0, seed);
    EXPECT_NEAR(field.energy, enumerated_energy(family, 0, field), 1e-10);
  };
  for (const double v : {0.5, 2.0, 4.0}) expect(tv({12}, 6, v, 0.1), MeanFieldSeed::lowest);
  expect(tv({4, 4}, 5, 4), MeanFieldSeed::lowest);
  expect(hubbard({6}, 3, 3, 4), MeanFieldSeed::neel);
  expect(hubbard({6}, 3, 3, 4), MeanFieldSeed::uniform);
  expect(hubbard({4, 2}, 4, 3, 6), MeanFieldSeed::lowest);
  for (const SectorKind kind : {SectorKind::spinless_fermions, SectorKind::spinful_fermions}) {
    for (const Boundary boundary : {Boundary::open, Boundary::periodic, Boundary::antiperiodic})
      expect(extended(kind, boundary), MeanFieldSeed::uniform);
    expect(extended(kind, Boundary::periodic, {0.7, 0, 0}), MeanFieldSeed::uniform);
  }
  expect(test::flux_family(8, 3, 0.9, 2), MeanFieldSeed::uniform);
}

// A self-consistent determinant is a stationary point: the energy does not change to first order as an occupied orbital turns into an empty one.
TEST(MeanField, IsStationary) {
  const ProblemFamily family = extended(SectorKind::spinful_fermions, Boundary::periodic);
  const MeanField field = mean_field(family, 0, MeanFieldSeed::uniform);
  for (const int column : {0, 4}) {
    const int first = column == 0 ? 0 : 8;  // of the modes of its spin
    MeanField turned[2] = {field, field};
    const double angle = 1e-5;
    for (int side = 0; side < 2; ++side) {
      for (int mode = first; mode < first + 8; ++mode)
        turned[side].orbitals[mode * field.particles + column] += (side == 0 ? angle : -angle) * (mode % 3);
    }
    const double up = enumerated_energy(family, 0, turned[0]), down = enumerated_energy(family, 0, turned[1]);
    EXPECT_NEAR((up - down) / (2 * angle), 0, 1e-7);
    EXPECT_GT(up + down, 2 * field.energy + 1e-11);  // and a minimum
  }
}

TEST(MeanField, OpenShellsAreNamed) {
  const auto why = [](const ProblemFamily& family, MeanFieldSeed seed) { return refusal([&] { mean_field(family, 0, seed); }); };
  EXPECT_THAT(why(tv({12}, 6, 4), MeanFieldSeed::uniform), HasSubstr("levels 6 to 7 of 12 are equal, and 1 of them are filled"));
  EXPECT_NEAR(total(tv({12}, 6, 4), MeanFieldSeed::cdw), -2.696, 5e-4);
  EXPECT_THAT(why(tv({4, 4}, 8, 1), MeanFieldSeed::uniform), HasSubstr("levels 6 to 11 of 16 are equal, and 3 of them are filled"));
  EXPECT_THAT(why(hubbard({4, 4}, 8, 8, 4), MeanFieldSeed::uniform), HasSubstr("levels 6 to 11 of 16 (up) are equal"));
  SystemOptions antiperiodic = spinless({"chain", {12}, {Boundary::antiperiodic}}, {{"V", 4}}, 6);
  EXPECT_GT(mean_field(build_family(antiperiodic), 0, MeanFieldSeed::uniform).gap, 1);
}

TEST(MeanField, RefusesTermsByName) {
  const auto why = [](const std::string& expression, const std::string& coupling) {
    SystemOptions options;
    options.lattice = periodic("chain", {4});
    options.sector = {SectorKind::spinful_fermions, 0, 2, 2};
    options.model = "terms";
    options.terms.couplings = {{"t", 1}, {coupling, 0.5}};
    options.terms.terms = {term("-(c+_up c_up + c+_dn c_dn + h.c.)", ShellBonds{1}, "t"), term(expression, ShellBonds{1}, coupling)};
    const ProblemFamily family = build_family(options);
    return refusal([&] { density_terms(family.hamiltonian, family.problems[0]); });
  };
  EXPECT_EQ(why("n_up n_dn", "W"), "accepted");
  EXPECT_THAT(why("S.S", "J"), AllOf(HasSubstr("coupling J"), HasSubstr("c+(")));
  EXPECT_THAT(why("c+_up(1) c_up(2) n_dn(1) + h.c.", "X"), HasSubstr("coupling X"));
  const ProblemFamily spins = build_family(test::spins(periodic("chain", {4}), "heisenberg", {}, 2));
  EXPECT_THAT(refusal([&] { density_terms(spins.hamiltonian, spins.problems[0]); }), HasSubstr("sector is one of spins"));
}

TEST(StartOrbitals, OfAFamilyFollowItsSymmetries) {
  SystemOptions options = spinless(periodic("chain", {10}), {}, 5);
  EXPECT_EQ(resolved_seed(build_family(options), MeanFieldSeed::lowest), MeanFieldSeed::uniform);
  options.couplings = {{"V", 4}};
  EXPECT_EQ(resolved_seed(build_family(options), MeanFieldSeed::lowest), MeanFieldSeed::cdw);
  options.couplings.clear();
  options.varied = {"V", "particles"};
  options.rows = {{1, 5}, {4, 5}, {4, 3}};
  const ProblemFamily family = build_family(options);
  EXPECT_EQ(resolved_seed(family, MeanFieldSeed::lowest), MeanFieldSeed::uniform);
  const auto tables = start_orbitals(family, {OrbitalStart::hartree_fock, MeanFieldSeed::uniform, 5});
  ASSERT_EQ(tables.size(), 3u);
  for (std::size_t g = 0; g < 3; ++g) {
    ASSERT_EQ(tables[g].size(), 50u);
    for (int k = 0; k < 5; ++k) {
      double square = 0;
      for (int site = 0; site < 10; ++site) square += tables[g][site * 5 + k] * tables[g][site * 5 + k];
      EXPECT_NEAR(square / 10, g == 2 && k >= 3 ? 0 : 1, 1e-12);
    }
  }
}

TEST(StartOrbitals, RefuseWhatTheyCannotBe) {
  const auto why = [](const ProblemFamily& family, OrbitalStart start, MeanFieldSeed seed = MeanFieldSeed::uniform) {
    return refusal([&] { start_orbitals(family, {start, seed, 6}); });
  };
  EXPECT_THAT(why(tv({12}, 6, 1), OrbitalStart::free), AllOf(HasSubstr("free fermions"), HasSubstr("levels 6 to 7 of 12")));
  EXPECT_THAT(why(test::flux_family(8, 3, 0.9, 2), OrbitalStart::hartree_fock), HasSubstr("complex orbitals"));
  EXPECT_THAT(why(tv({12}, 6, 1, 0.1), OrbitalStart::hartree_fock, MeanFieldSeed::neel), HasSubstr("has no order neel"));
  const ProblemFamily triangles = build_family(spinless(periodic("triangular", {3, 3}), {{"V", 1}}, 2));
  EXPECT_THAT(why(triangles, OrbitalStart::hartree_fock, MeanFieldSeed::cdw), HasSubstr("has no order cdw"));
}

}  // namespace
}  // namespace qs
