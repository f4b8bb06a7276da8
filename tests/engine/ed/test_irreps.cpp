// Levels in one irrep: tables of independent diagonalisations to ten digits, the whole spectrum, and the definition of a sector.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "engine/ed/irrep_operator.h"
#include "engine/ed/lanczos.h"
#include "hamiltonians/registry.h"
#include "hamiltonians/symmetry/find_symmetry.h"
#include "tests/hamiltonians/complex_models.h"

namespace qs {
namespace {

using Complex = std::complex<double>;
constexpr double digits = 2e-10;  // of the tables

SystemOptions system_on(const std::string& kind, std::vector<int> size, const std::string& model, std::map<std::string, double> couplings,
                        SectorOptions sector) {
  SystemOptions options;
  options.lattice = {kind, std::move(size), {}};
  options.sector = sector;
  options.model = model;
  options.couplings = std::move(couplings);
  return options;
}

SystemOptions spins(const std::string& kind, std::vector<int> size, double j2 = 0) {
  SystemOptions options = system_on(kind, std::move(size), "heisenberg", {{"J2", j2}}, {});
  options.sector = {SectorKind::spin_half, 0, Lattice(options.lattice).sites() / 2, -1};
  return options;
}

EdResult solve(const SystemOptions& system, const SymmetryOptions& symmetry, int states = 1, Communicator& comm = *self_communicator()) {
  ProblemFamily family = build_family(system);
  EdOptions options;
  options.states = states;
  family.symmetry.one_row = std::make_shared<const SymmetrySector>(find_one_row(family, symmetry, system.sign_rule));
  return diagonalise(family, 0, options, comm);
}

double lowest(const SystemOptions& system, const SymmetryOptions& symmetry) { return solve(system, symmetry).energies[0]; }

TEST(Irreps, TriangularThreeByFour) {
  const SystemOptions system = spins("triangular", {3, 4});
  const EdResult ground = solve(system, {{0, 2}, "B", 1});
  EXPECT_NEAR(ground.energies[0], -6.9308123629, digits);
  EXPECT_EQ(ground.block, 29);
  EXPECT_EQ(ground.dimension, 924);
  EXPECT_NEAR(lowest(system, {{0, 0}, "A", 1}), -6.6041293421, digits);
  EXPECT_NEAR(lowest(system, {{0, 0}, "A", -1}), -4.4785754105, digits);
  EXPECT_NEAR(lowest(system, {{0, 0}, "B", 1}), -3.3027756377, digits);
  EXPECT_NEAR(lowest(system, {{0, 0}, "B", -1}), -5.2579553202, digits);
  EXPECT_NEAR(lowest(system, {{0, 2}, "A", 1}), -3.7604205375, digits);
  EXPECT_NEAR(lowest(system, {{0, 2}, "A", -1}), -6.1330538580, digits);
  EXPECT_NEAR(lowest(system, {{0, 2}, "B", -1}), -4.0095049886, digits);
  for (const std::vector<int>& k : {std::vector{1, 0}, std::vector{2, 0}}) {
    EXPECT_NEAR(lowest(system, {.momentum = k, .spin_inversion = 1}), -6.1344098746, digits);
    EXPECT_NEAR(lowest(system, {.momentum = k, .spin_inversion = -1}), -5.5317068025, digits);
  }
  EXPECT_NEAR(lowest(system, {.momentum = {0, 1}, .spin_inversion = 1}), -5.6612885196, digits);
  EXPECT_NEAR(lowest(system, {.momentum = {1, 1}, .spin_inversion = -1}), -6.1268532466, digits);
  EXPECT_NEAR(lowest(system, {.momentum = {1, 2}, .spin_inversion = 1}), -5.7717170077, digits);
  EXPECT_NEAR(lowest(system, {.momentum = {2, 1}, .spin_inversion = 1}), -5.9254611925, digits);
}

TEST(Irreps, SquareFourByFour) {
  struct Level {
    int dimension;
    double plain, frustrated;  // J2 = 0, 0.5
  };
  struct Row {
    std::vector<int> momentum;
    const char* point;
    Level even, odd;  // F = +1, -1
  };
  const std::vector<Row> table = {{{0, 0}, "A1", {107, -11.2284832084, -8.4579233514}, {46, -5.7471571381, -6.0862728552}},
                                  {{0, 0}, "A2", {42, -5.2755203468, -5.8018107760}, {36, -5.6874930544, -5.4810874392}},
                                  {{0, 0}, "B1", {92, -8.2528269573, -8.1389890608}, {38, -5.0119765457, -5.5035760681}},
                                  {{0, 0}, "B2", {50, -5.7010815028, -5.8698612883}, {45, -6.2716176301, -5.6322683846}},
                                  {{0, 0}, "E", {150, -4.9082817930, -5.3819836182}, {216, -7.4326054061, -6.8110782403}},
                                  {{2, 2}, "A1", {60, -6.1044678507, -5.6777969175}, {72, -10.6498848727, -7.5927682134}},
                                  {{2, 2}, "A2", {40, -4.9748865069, -4.9914437926}, {37, -5.2936397197, -5.0971570019}},
                                  {{2, 2}, "B1", {52, -6.4529036091, -5.6801393879}, {61, -7.3743978429, -7.1329697190}},
                                  {{2, 2}, "B2", {52, -5.9852712076, -6.3826977200}, {44, -5.7471571381, -5.9064701052}},
                                  {{2, 2}, "E", {226, -7.8121480090, -6.4936219698}, {172, -5.8229373274, -6.1000657829}},
                                  {{2, 0}, "A1", {131, -7.4770533022, -6.5797133765}, {122, -8.5182835962, -7.3300586549}},
                                  {{2, 0}, "A2", {73, -5.4269777438, -5.6312340802}, {92, -6.7353701119, -6.3035444068}},
                                  {{2, 0}, "B1", {132, -8.2528269573, -7.6278302625}, {75, -5.2936397197, -5.3575168765}},
                                  {{2, 0}, "B2", {94, -6.4529036091, -6.1566248195}, {97, -7.3743978429, -6.3016653345}},
                                  {{1, 1}, "A'", {204, -7.4770533022, -6.4969300949}, {214, -8.5182835962, -6.7703056300}},
                                  {{1, 1}, "A''", {188, -7.8121480090, -6.9753175913}, {194, -7.4326054061, -6.7410627470}},
                                  {{1, 0}, "A'", {206, -7.8779053914, -7.5598213553}, {230, -8.7943789081, -6.8775066324}},
                                  {{1, 0}, "A''", {186, -6.5846499086, -6.1827732172}, {178, -7.3899581796, -6.6108532751}},
                                  {{2, 1}, "A'", {206, -7.6302131626, -6.3538031070}, {230, -8.8864424078, -7.3303255414}},
                                  {{2, 1}, "A''", {186, -7.8779053914, -6.8971167287}, {178, -6.2696140081, -6.0607720078}}};
  for (const Row& row : table) {
    for (const int parity : {1, -1}) {
      const Level& expected = parity == 1 ? row.even : row.odd;
      const SymmetryOptions symmetry{row.momentum, row.point, parity};
      const EdResult plain = solve(spins("square", {4, 4}), symmetry);
      EXPECT_EQ(plain.block, row.point == std::string("E") ? expected.dimension / 2 : expected.dimension) << row.point;
      EXPECT_NEAR(plain.energies[0], expected.plain, digits) << row.point;
      EXPECT_NEAR(lowest(spins("square", {4, 4}, 0.5), symmetry), expected.frustrated, digits) << row.point;
    }
  }
}

// One row of an irrep of two dimensions: each level once, half of the states of its block.
TEST(Irreps, RowsOfIrrepsOfTwoDimensions) {
  const SystemOptions square = spins("square", {4, 4});
  const EdResult even = solve(square, {{0, 0}, "E", 1});
  EXPECT_NEAR(even.energies[0], -4.9082817930, digits);
  EXPECT_EQ(even.block, 150 / 2);
  EXPECT_EQ(even.degeneracy, 1);
  EXPECT_NEAR(lowest(square, {{0, 0}, "E", -1}), -7.4326054061, digits);
  EXPECT_NEAR(lowest(square, {{2, 2}, "E", 1}), -7.8121480090, digits);
  EXPECT_NEAR(lowest(spins("square", {4, 4}, 0.5), {{2, 2}, "E", -1}), -6.1000657829, digits);
  // C6v: the rows need complex characters.
  const EdResult triangular = solve(spins("triangular", {4, 4}), {{0, 0}, "E2", 1});
  EXPECT_EQ(triangular.degeneracy, 1);
  EXPECT_FALSE(triangular.complex_states.empty());
}

TEST(Irreps, RingOfTwelve) {
  const SystemOptions ring = spins("chain", {12});
  EXPECT_NEAR(lowest(ring, {{0}, "A'", 1}), -5.3873909174, digits);
  EXPECT_NEAR(lowest(ring, {{0}, "A''", -1}), -3.5456818075, digits);
  EXPECT_NEAR(lowest(ring, {{6}, "A'", -1}), -5.0315434037, digits);
  EXPECT_NEAR(lowest(ring, {{6}, "A''", 1}), -4.7773893337, digits);
  EXPECT_NEAR(lowest(ring, {.momentum = {5}, .spin_inversion = -1}), -4.2976885466, digits);
  // The rotated basis keeps the names of the state.
  SystemOptions rotated = ring;
  rotated.sign_rule = SignRule::marshall;
  EXPECT_NEAR(lowest(rotated, {{6}, "A'", -1}), -5.0315434037, digits);
  EXPECT_NEAR(lowest(rotated, {{6}, "A''", 1}), -4.7773893337, digits);
}

TEST(Irreps, TransverseFieldRing) {
  const SystemOptions ring = system_on("chain", {12}, "tfim", {{"Gamma", 0.5}}, {SectorKind::spin_half, 0, -1, -1});
  const EdResult even = solve(ring, {.momentum = {0}, .spin_inversion = 1}, 2);
  EXPECT_NEAR(even.energies[0], -12.7625691510, digits);
  EXPECT_NEAR(even.energies[1], -10.6306247851, digits);
  EXPECT_NEAR(lowest(ring, {.momentum = {0}, .spin_inversion = -1}), -12.7624966822, digits);
  EXPECT_NEAR(lowest(ring, {.momentum = {1}, .spin_inversion = -1}), -10.5231830073, digits);
}

TEST(Irreps, FermionsOnATorus) {
  const SystemOptions tv = system_on("square", {4, 4}, "tv", {{"V", 1}, {"delta", 0}}, {SectorKind::spinless_fermions, 0, 5, -1});
  EXPECT_NEAR(lowest(tv, {.momentum = {0, 0}}), -10.2406504923, digits);
  EXPECT_NEAR(lowest(tv, {.momentum = {1, 0}}), -8.0610599643, digits);
  EXPECT_NEAR(lowest(tv, {.momentum = {2, 0}}), -6.6278958298, digits);
  EXPECT_NEAR(lowest(tv, {.momentum = {2, 1}}), -8.4647073830, digits);
  EXPECT_NEAR(lowest(tv, {.momentum = {2, 2}}), -6.7873717423, digits);
}

TEST(Irreps, HubbardLadder) {
  const SystemOptions half = system_on("square", {4, 2}, "hubbard", {{"U", 4}}, {SectorKind::spinful_fermions, 0, 4, 4});
  EXPECT_NEAR(lowest(half, {.momentum = {0, 0}}), -5.9542366811, digits);
  EXPECT_NEAR(lowest(half, {.momentum = {2, 1}}), -5.2569825477, digits);
  EXPECT_NEAR(lowest(half, {.momentum = {1, 0}}), -4.7150164000, digits);
  const SystemOptions doped = system_on("square", {4, 2}, "hubbard", {{"U", 4}}, {SectorKind::spinful_fermions, 0, 3, 3});
  EXPECT_NEAR(lowest(doped, {.momentum = {2, 0}}), -7.4170990096, digits);
  EXPECT_NEAR(lowest(doped, {.momentum = {1, 1}}), -7.2358155255, digits);
  EXPECT_NEAR(lowest(doped, {.momentum = {2, 1}}), -6.2082124059, digits);
}

// The singlet of two electrons on two sites is odd: F = (-1)^(n - S).
TEST(Irreps, TheSingletOfTwoElectronsIsOdd) {
  const SystemOptions pair = system_on("chain", {2}, "hubbard", {{"U", 4}}, {SectorKind::spinful_fermions, 0, 1, 1});
  SystemOptions open = pair;
  open.lattice.boundary = {Boundary::open};
  EXPECT_NEAR(lowest(open, {.spin_inversion = -1}), 2 - std::sqrt(4 + 4), 1e-9);
  EXPECT_NEAR(lowest(open, {.spin_inversion = 1}), 0, 1e-9);
}

TEST(Irreps, AntiperiodicRing) {
  const auto ring = [](int particles) {
    SystemOptions options = system_on("chain", {8}, "tv", {{"V", 1.5}, {"delta", 0}}, {SectorKind::spinless_fermions, 0, particles, -1});
    options.lattice.boundary = {Boundary::antiperiodic};
    return options;
  };
  // n_p = 3: +-3 pi / 8, which is n = 1 and n = 6; n_p = 4: 0.
  EXPECT_NEAR(lowest(ring(3), {.momentum = {1}}), -4.0077152368, digits);
  EXPECT_NEAR(lowest(ring(3), {.momentum = {6}}), -4.0077152368, digits);
  EXPECT_NEAR(lowest(ring(4), {.momentum = {0}}), -3.7158604097, digits);
}

// H in the real form of a complex irrep is the complex matrix in other vectors: U H' x = H U x for real x, so H' is real and of the same size.
TEST(Irreps, ComplexCharactersWithAnInversionHaveARealMatrix) {
  struct Case {
    SystemOptions system;
    SymmetryOptions symmetry;
  };
  SystemOptions antiperiodic = system_on("chain", {8}, "tv", {{"V", 1.5}, {"delta", 0}}, {SectorKind::spinless_fermions, 0, 3, -1});
  antiperiodic.lattice.boundary = {Boundary::antiperiodic};
  SystemOptions rotated = spins("chain", {12});
  rotated.sign_rule = SignRule::marshall;
  const std::vector<Case> cases = {
      {system_on("square", {4, 4}, "tv", {{"V", 1}, {"delta", 0}}, {SectorKind::spinless_fermions, 0, 5, -1}), {.momentum = {1, 2}}},
      {system_on("square", {4, 2}, "hubbard", {{"U", 4}}, {SectorKind::spinful_fermions, 0, 3, 3}), {.momentum = {1, 1}, .spin_inversion = -1}},
      {spins("triangular", {4, 4}), {{0, 0}, "E2", 1}},
      {spins("triangular", {3, 4}), {.momentum = {1, 3}, .spin_inversion = 1}},
      {spins("honeycomb", {2, 3}), {.momentum = {0, 1}}},
      {rotated, {.momentum = {5}, .spin_inversion = -1}},
      {antiperiodic, {.momentum = {1}}}};
  for (const Case& each : cases) {
    const ProblemFamily family = build_family(each.system);
    const SymmetrySector symmetry = find_one_row(family, each.symmetry, each.system.sign_rule);
    const IrrepBasis basis(family.problems[0].sector, symmetry);
    ASSERT_TRUE(basis.has_real_form()) << symmetry.describe();
    const auto comm = self_communicator();
    const IrrepOperator<double> real(family.table, basis, family.problems[0].couplings, *comm);
    const IrrepOperator<Complex> complex(family.table, basis, family.problems[0].couplings, *comm);
    std::vector<double> x(basis.dimension()), image(basis.dimension());
    for (std::size_t i = 0; i < x.size(); ++i) x[i] = std::cos(1.0 + 3 * double(i));
    real.apply(x.data(), image.data());
    const std::vector<Complex> there = basis.from_real_form(x), left = basis.from_real_form(image);
    std::vector<Complex> right(there.size());
    complex.apply(there.data(), right.data());
    double norm = 0, norm_there = 0;
    for (std::size_t i = 0; i < left.size(); ++i) {
      EXPECT_LT(std::abs(left[i] - right[i]), 1e-11) << symmetry.describe();
      norm += x[i] * x[i];
      norm_there += std::norm(there[i]);
    }
    EXPECT_NEAR(norm, norm_there, 1e-9 * norm);
  }
  // No inversion: the flux changes its sign.
  const ProblemFamily flux = test::flux_family(8, 3, 0.7, 1.5);
  EXPECT_FALSE(IrrepBasis(flux.problems[0].sector, find_symmetry(flux, {.momentum = {1}}, SignRule::none)).has_real_form());
}

// A flux tells k from -k: any slip of a sign or a conjugate exchanges them.
TEST(Irreps, AFluxTellsTheSignOfTheMomentum) {
  const auto lowest_at = [](ProblemFamily family, int k) {
    family.symmetry.one_row = std::make_shared<const SymmetrySector>(find_symmetry(family, {.momentum = {k}}, SignRule::none));
    return diagonalise(family, 0, {}, *self_communicator()).energies[0];
  };
  const std::vector<double> expected = {-4.3474279287, -2.5365256869, -2.0818771232, -3.2726856782,
                                        -1.6901429038, -2.7056154162, -1.7550402729, -2.4517812743};
  for (int k = 0; k < 8; ++k) {
    EXPECT_NEAR(lowest_at(test::flux_family(8, 3, 0.7, 1.5), k), expected[k], digits) << k;
    EXPECT_NEAR(lowest_at(test::flux_family(8, 1, 0.7, 0), k), -2 * std::cos(2 * M_PI * k / 8 - 0.7 / 8), 1e-9) << k;
  }
  EXPECT_NEAR(lowest_at(test::flux_family(8, 4, 0.7, 1.5), 2), -3.4876963367, digits);
  EXPECT_NEAR(lowest_at(test::flux_family(8, 4, 0.7, 1.5), 6), -3.1633859001, digits);
  EXPECT_THROW(find_symmetry(test::flux_family(8, 3, 0.7, 1.5), {.momentum = {0}, .point = "A''"}, SignRule::none), SymmetryError);
}

// Every eigenvalue of the whole sector appears in exactly one block, as often as it should.
TEST(Irreps, BlocksHoldTheWholeSpectrum) {
  const SystemOptions tv = system_on("square", {4, 2}, "tv", {{"V", 1.3}, {"delta", 0}}, {SectorKind::spinless_fermions, 0, 4, -1});
  ProblemFamily family = build_family(tv);
  EdOptions all;
  all.states = static_cast<int>(family.problems[0].sector.dimension());
  const std::vector<double> expected = diagonalise(family, 0, all, *self_communicator()).energies;
  std::vector<double> found;
  for (int x = 0; x < 4; ++x) {
    for (int y = 0; y < 2; ++y) {
      family.symmetry.one_row = std::make_shared<const SymmetrySector>(find_symmetry(family, {.momentum = {x, y}}, SignRule::none));
      EdOptions block;
      block.states = static_cast<int>(block_dimension(family, family.problems[0].sector));
      const EdResult part = diagonalise(family, 0, block, *self_communicator());
      found.insert(found.end(), part.energies.begin(), part.energies.end());
    }
  }
  std::sort(found.begin(), found.end());
  ASSERT_EQ(found.size(), expected.size());
  for (std::size_t k = 0; k < found.size(); ++k) EXPECT_NEAR(found[k], expected[k], 1e-9);
}

// psi(g sigma) s_g(sigma) = conj(chi(g)) psi(sigma) with (g psi)(g sigma) = s_g(sigma) psi(sigma) = chi(g) psi(g sigma), and H psi = E psi.
TEST(Irreps, UnfoldedStatesTransformAndSolve) {
  const SystemOptions tv = system_on("square", {4, 4}, "tv", {{"V", 1}, {"delta", 0}}, {SectorKind::spinless_fermions, 0, 5, -1});
  const ProblemFamily family = build_family(tv);
  const SymmetrySector symmetry = find_symmetry(family, {.momentum = {1, 2}}, SignRule::none);
  const EdResult exact = solve(tv, {.momentum = {1, 2}});
  const Sector& sector = family.problems[0].sector;
  const std::vector<Complex> psi = exact.amplitudes(0);
  double worst = 0, residual = 0;
  for (std::int64_t i = 0; i < sector.dimension(); ++i) {
    const Word state = sector.state(i);
    for (std::int64_t g = 0; g < symmetry.order(); ++g) {
      Word image = 0;
      const double sign = symmetry.apply(g, &state, &image);
      worst = std::max(worst, std::abs(sign * psi[i] - symmetry.elements()[g].character * psi[sector.index(image)]));
    }
    Complex image = family.table.diagonal(&state, family.problems[0].couplings.data()) * psi[i];
    family.table.for_each_connected(state, family.problems[0].couplings.data(),
                                    [&](Word other, double element) { image += element * psi[sector.index(other)]; });
    residual = std::max(residual, std::abs(image - exact.energies[0] * psi[i]));
  }
  EXPECT_LT(worst, 1e-12);
  EXPECT_LT(residual, 1e-9);
}

TEST(Irreps, SameBitsOnAnyNumberOfRanks) {
  const SystemOptions system = spins("square", {4, 4}, 0.5);
  const EdResult alone = solve(system, {{1, 1}, "A'", 1});
  run_in_process(3, [&](Communicator& comm) {
    const EdResult shared = solve(system, {{1, 1}, "A'", 1}, 1, comm);
    EXPECT_EQ(shared.energies, alone.energies);
    EXPECT_EQ(shared.complex_states, alone.complex_states);
  });
}

}  // namespace
}  // namespace qs
