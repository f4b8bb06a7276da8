// Ground energies of closed formulas and of independent diagonalisations published to the digits given.
#include <gtest/gtest.h>

#include <cmath>
#include <numbers>

#include "exact.h"

namespace qs {
namespace {

using test::ground_energy;
using test::periodic;
using test::spinful;
using test::spinless;
using test::spins;

constexpr double kPi = std::numbers::pi;
constexpr double kSolver = 1e-9;  // eigenvalue error of both solvers is far below; the references have 10 to 12 digits

LatticeOptions ring(int n) { return periodic("chain", {n}); }
LatticeOptions open_chain(int n) { return {"chain", {n}, {Boundary::open}}; }
LatticeOptions square(int x, int y) { return periodic("square", {x, y}); }

double energy(const SystemOptions& options) { return ground_energy(build_family(options)); }

TEST(ExactEnergy, TransverseFieldRing) {
  for (const double gamma : {0.5, 1.0, 2.0}) {
    double expected = 0;
    for (int m = 0; m < 10; ++m) {
      const double k = kPi * (2 * m + 1) / 10;
      expected -= std::sqrt(1 + gamma * gamma - 2 * gamma * std::cos(k));
    }
    EXPECT_NEAR(energy(spins(ring(10), "tfim", {{"Gamma", gamma}}, -1)), expected, kSolver);
  }
}

TEST(ExactEnergy, CriticalOpenTransverseFieldChain) {
  EXPECT_NEAR(energy(spins(open_chain(10), "tfim", {}, -1)), 1 - 1 / std::sin(kPi / 42), kSolver);
}

TEST(ExactEnergy, HeisenbergRings) {
  EXPECT_NEAR(energy(spins(ring(4), "heisenberg", {}, 2)), -2, kSolver);
  EXPECT_NEAR(energy(spins(ring(8), "heisenberg", {}, 4)), -3.65109340894, kSolver);
  EXPECT_NEAR(energy(spins(ring(10), "heisenberg", {}, 5)), -4.51544635449, kSolver);
  EXPECT_NEAR(energy(spins(ring(12), "heisenberg", {}, 6)), -5.38739091745, kSolver);
  EXPECT_NEAR(energy(spins(open_chain(12), "heisenberg", {}, 6)), -5.14209063284, kSolver);
}

TEST(ExactEnergy, MajumdarGhosh) {
  for (const int n : {6, 8, 10}) EXPECT_NEAR(energy(spins(ring(n), "heisenberg", {{"J2", 0.5}}, n / 2)), -3.0 / 8 * n, kSolver) << n;
  EXPECT_NEAR(energy(spins(ring(4), "heisenberg", {{"J2", 0.5}}, 2)), -1.75, kSolver);  // two second-neighbour bonds, not four
}

TEST(ExactEnergy, HaldaneShastry) {
  for (const int n : {6, 8, 12}) EXPECT_NEAR(energy(spins(ring(n), "haldane_shastry", {}, n / 2)), -kPi * kPi / 24 * (n + 5.0 / n), kSolver) << n;
}

TEST(ExactEnergy, FrustratedSquareOfFour) {
  EXPECT_NEAR(energy(spins(square(4, 4), "heisenberg", {}, 8)) / 16, -.7017802005, 1e-10);
  EXPECT_NEAR(energy(spins(square(4, 4), "heisenberg", {{"J2", 0.5}}, 8)) / 16, -.5286202095, 1e-10);
}

TEST(ExactEnergy, TriangularHoneycomb) {
  EXPECT_NEAR(energy(spins(periodic("triangular", {4, 4}), "heisenberg", {}, 8)) / 16, -.534719682345, 1e-11);
  EXPECT_NEAR(energy(spins(periodic("honeycomb", {3, 3}), "heisenberg", {}, 9)) / 18, -.560953657584, 1e-11);
}

TEST(ExactEnergy, Kagome) { EXPECT_NEAR(energy(spins(periodic("kagome", {2, 3}), "heisenberg", {}, 9)) / 18, -.447126154086, 1e-11); }

TEST(ExactEnergy, ShastrySutherland) {
  EXPECT_NEAR(energy(spins(square(4, 4), "shastry_sutherland", {{"Js", 0.6}}, 8)) / 16, -3.0 / 8, 1e-10);  // dimer product state
  EXPECT_NEAR(energy(spins(square(4, 4), "shastry_sutherland", {{"Js", 0.8}}, 8)) / 16, -.46411077829, 1e-10);
}

TEST(ExactEnergy, FreeSpinlessFermions) {
  for (const int particles : {3, 4, 5}) {
    std::vector<double> levels;
    for (int m = 0; m < 10; ++m) levels.push_back(-2 * std::cos(2 * kPi * m / 10));
    std::sort(levels.begin(), levels.end());
    double expected = 0;
    for (int k = 0; k < particles; ++k) expected += levels[k];
    EXPECT_NEAR(energy(spinless(ring(10), {}, particles)), expected, kSolver) << particles;
  }
}

// At half filling and V = 2t the model is the Heisenberg ring: periodic for odd, antiperiodic for even particle number.
TEST(ExactEnergy, SpinlessFermionsAtTheHeisenbergPoint) {
  EXPECT_NEAR(energy(spinless(ring(10), {{"V", 2}}, 5)), 2 * -4.51544635449 + 5, 2 * kSolver);
  EXPECT_NEAR(energy(spinless({"chain", {12}, {Boundary::antiperiodic}}, {{"V", 2}}, 6)), 2 * -5.38739091745 + 6, 2 * kSolver);
  EXPECT_NEAR(energy(spinless({"chain", {16}, {Boundary::antiperiodic}}, {{"V", 2}}, 8)), -6.28459272123, kSolver);
}

TEST(ExactEnergy, PinnedRingOfTwelve) {
  SystemOptions options = spinless(ring(12), {{"delta", 0.1}}, 6);
  options.varied = {"V"};
  options.rows = {{0}, {1}, {3}};
  const ProblemFamily family = build_family(options);
  EXPECT_NEAR(ground_energy(family, 0), -7.21866803206, kSolver);
  EXPECT_NEAR(ground_energy(family, 1), -5.64826445589, kSolver);
  EXPECT_NEAR(ground_energy(family, 2), -3.41901580401, kSolver);
}

TEST(ExactEnergy, PinnedTorusWithVaryingParticleNumber) {
  SystemOptions options = spinless(square(4, 4), {{"delta", 0.1}}, 1);
  options.pinning = Pinning::staggered;
  options.varied = {"particles", "V"};
  options.rows = {{1, 0}, {2, 2}, {3, 1}, {3, 5}};
  const ProblemFamily family = build_family(options);
  const double expected[] = {-4.001250, -5.813656, -7.568639, -6.578213};
  for (int g = 0; g < family.size(); ++g) EXPECT_NEAR(ground_energy(family, g), expected[g], 6e-7) << family.problems[g].label;
}

TEST(ExactEnergy, SpinlessFermionsOnTheTorus) { EXPECT_NEAR(energy(spinless(square(4, 4), {{"V", 1}}, 5)), -10.240650492312, kSolver); }

TEST(ExactEnergy, HubbardDimer) {
  for (const double u : {0.0, 1.0, 4.0, 12.0}) {
    EXPECT_NEAR(energy(spinful(open_chain(2), {{"U", u}}, 1, 1)), (u - std::sqrt(u * u + 16)) / 2, kSolver) << u;
  }
}

TEST(ExactEnergy, HubbardRing) {
  EXPECT_NEAR(energy(spinful(ring(8), {{"U", 4}}, 4, 4)), -4.60352629999, kSolver);
  EXPECT_NEAR(energy(spinful(ring(8), {{"U", 8}}, 4, 4)), -2.66614742013, kSolver);
}

}  // namespace
}  // namespace qs
