#include "engine/optimize/shifted_solver.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "engine/base/error.h"

namespace qs {
namespace {

class ShiftedSolver : public ::testing::TestWithParam<Device> {};

TEST_P(ShiftedSolver, SolvesByCholeskyAndReportsThePivot) {
  // (A + 1) x = b0 + 1 b1 with A + 1 = [[5, 2], [2, 8]], x = (1, 1).
  ShiftedMatrix system(GetParam(), 2, buffer_of<double>(GetParam(), {4, 2, 2, 7}));

  const ShiftedSolution solution = system.solve(std::vector<double>{6, 8}, std::vector<double>{1, 2}, 1);

  EXPECT_EQ(solution.rung, 1);
  EXPECT_EQ(solution.shift, 1);
  EXPECT_NEAR(solution.x[0], 1, 1e-15);
  EXPECT_NEAR(solution.x[1], 1, 1e-15);
  EXPECT_NEAR(solution.smallest_pivot, 5, 1e-14);  // 5, then 8 - 4/5
  EXPECT_LE(solution.residual, 1e-15);
}

TEST_P(ShiftedSolver, TakesTheShortestSolutionOfASingularSystem) {
  // A = u u^T with u = (1, 2, 2): x = u/9 for b = u.
  ShiftedMatrix system(GetParam(), 3, buffer_of<double>(GetParam(), {1, 2, 2, 2, 4, 4, 2, 4, 4}));

  const ShiftedSolution solution = system.solve(std::vector<double>{1, 2, 2}, {}, 0);

  EXPECT_EQ(solution.rung, 2);
  EXPECT_NEAR(solution.x[0], 1.0 / 9, 1e-12);
  EXPECT_NEAR(solution.x[1], 2.0 / 9, 1e-12);
  EXPECT_NEAR(solution.x[2], 2.0 / 9, 1e-12);
  EXPECT_LE(solution.residual, 1e-12);
}

TEST_P(ShiftedSolver, RaisesTheShiftOfAnIndefiniteSystemUntilItIsPositive) {
  // Eigenvalue -0.05 + shift: 1e-3 and 1e-2 are too small, 1e-1 will do.
  ShiftedMatrix system(GetParam(), 2, buffer_of<double>(GetParam(), {-0.05, 0, 0, 1}));

  const ShiftedSolution solution = system.solve(std::vector<double>{1, 1}, {}, 1e-3);

  EXPECT_EQ(solution.rung, 4);
  EXPECT_NEAR(solution.shift, 0.1, 1e-15);
  EXPECT_NEAR(solution.x[0], 1 / 0.05, 1e-10);
  EXPECT_NEAR(solution.x[1], 1 / 1.1, 1e-12);
  EXPECT_NEAR(solution.smallest_pivot, 0.05, 1e-12);
}

TEST_P(ShiftedSolver, ThrowsWhenNoRungHelps) {
  ShiftedMatrix indefinite(GetParam(), 2, buffer_of<double>(GetParam(), {-5, 0, 0, 1}));
  ShiftedMatrix spoilt(GetParam(), 1, buffer_of<double>(GetParam(), {std::numeric_limits<double>::infinity()}));

  EXPECT_THROW(indefinite.solve(std::vector<double>{1, 1}, {}, 1e-3), NumericalError);
  EXPECT_THROW(spoilt.solve(std::vector<double>{1}, {}, 1e-3), NumericalError);
}

TEST_P(ShiftedSolver, LeavesAVanishingSystemAlone) {
  ShiftedMatrix system(GetParam(), 2, buffer_of<double>(GetParam(), {0, 0, 0, 0}));

  const ShiftedSolution solution = system.solve(std::vector<double>{0, 0}, {}, 0);

  EXPECT_EQ(solution.x, (std::vector<double>{0, 0}));
}

// What a trust region does: the same matrix with one shift after another, and back.
TEST_P(ShiftedSolver, SolvesAgainWithOtherShifts) {
  const std::vector<double> b = {6, 8};
  ShiftedMatrix system(GetParam(), 2, buffer_of<double>(GetParam(), {4, 2, 2, 7}));
  for (const double shift : {1.0, 100.0, 0.0, 1.0}) {
    const ShiftedSolution solution = system.solve(b, {}, shift);
    const double x = solution.x[0], y = solution.x[1];
    EXPECT_EQ(solution.rung, 1);
    EXPECT_NEAR((4 + shift) * x + 2 * y, 6, 1e-13) << shift;
    EXPECT_NEAR(2 * x + (7 + shift) * y, 8, 1e-13) << shift;
  }
}

// An eigen-decomposition serves every later shift, also one with which the matrix would have a factor.
TEST_P(ShiftedSolver, KeepsTheSpectrumOnceItHasOne) {
  ShiftedMatrix system(GetParam(), 2, buffer_of<double>(GetParam(), {1, 1, 1, 1}));
  EXPECT_EQ(system.solve(std::vector<double>{2, 2}, {}, 0).rung, 2);
  const ShiftedSolution shifted = system.solve(std::vector<double>{3, 1}, {}, 1);
  EXPECT_EQ(shifted.rung, 2);
  EXPECT_NEAR(2 * shifted.x[0] + shifted.x[1], 3, 1e-13);
  EXPECT_NEAR(shifted.x[0] + 2 * shifted.x[1], 1, 1e-13);
  EXPECT_FALSE(system.factor(1, FactorDigits::float64));
}

INSTANTIATE_TEST_SUITE_P(Devices, ShiftedSolver, ::testing::Values(Device::reference, Device::cpu));

}  // namespace
}  // namespace qs
