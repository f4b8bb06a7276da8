#include "engine/optimize/shifted_solver.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "kernels/api/error.h"

namespace qs {
namespace {

class ShiftedSolver : public ::testing::TestWithParam<Device> {};

TEST_P(ShiftedSolver, SolvesByCholeskyAndReportsThePivot) {
  // (A + 1) x = b0 + 1 b1 with A + 1 = [[5, 2], [2, 8]], x = (1, 1).
  ShiftedSystem system{2, buffer_of<double>(GetParam(), {4, 2, 2, 7}), {6, 8}, {1, 2}, 1};

  const ShiftedSolution solution = solve_shifted(GetParam(), system);

  EXPECT_EQ(solution.rung, 1);
  EXPECT_EQ(solution.shift, 1);
  EXPECT_NEAR(solution.x[0], 1, 1e-15);
  EXPECT_NEAR(solution.x[1], 1, 1e-15);
  EXPECT_NEAR(solution.smallest_pivot, 5, 1e-14);  // 5, then 8 - 4/5
  EXPECT_LE(solution.residual, 1e-15);
}

TEST_P(ShiftedSolver, TakesTheShortestSolutionOfASingularSystem) {
  // A = u u^T with u = (1, 2, 2): x = u/9 for b = u.
  ShiftedSystem system{3, buffer_of<double>(GetParam(), {1, 2, 2, 2, 4, 4, 2, 4, 4}), {1, 2, 2}, {}, 0};

  const ShiftedSolution solution = solve_shifted(GetParam(), system);

  EXPECT_EQ(solution.rung, 2);
  EXPECT_NEAR(solution.x[0], 1.0 / 9, 1e-12);
  EXPECT_NEAR(solution.x[1], 2.0 / 9, 1e-12);
  EXPECT_NEAR(solution.x[2], 2.0 / 9, 1e-12);
  EXPECT_LE(solution.residual, 1e-12);
}

TEST_P(ShiftedSolver, RaisesTheShiftOfAnIndefiniteSystemUntilItIsPositive) {
  // Eigenvalue -0.05 + shift: 1e-3 and 1e-2 are too small, 1e-1 will do.
  ShiftedSystem system{2, buffer_of<double>(GetParam(), {-0.05, 0, 0, 1}), {1, 1}, {}, 1e-3};

  const ShiftedSolution solution = solve_shifted(GetParam(), system);

  EXPECT_EQ(solution.rung, 4);
  EXPECT_NEAR(solution.shift, 0.1, 1e-15);
  EXPECT_NEAR(solution.x[0], 1 / 0.05, 1e-10);
  EXPECT_NEAR(solution.x[1], 1 / 1.1, 1e-12);
  EXPECT_NEAR(solution.smallest_pivot, 0.05, 1e-12);
}

TEST_P(ShiftedSolver, ThrowsWhenNoRungHelps) {
  ShiftedSystem indefinite{2, buffer_of<double>(GetParam(), {-5, 0, 0, 1}), {1, 1}, {}, 1e-3};
  ShiftedSystem spoilt{1, buffer_of<double>(GetParam(), {std::numeric_limits<double>::infinity()}), {1}, {}, 1e-3};

  EXPECT_THROW(solve_shifted(GetParam(), indefinite), NumericalError);
  EXPECT_THROW(solve_shifted(GetParam(), spoilt), NumericalError);
}

TEST_P(ShiftedSolver, LeavesAVanishingSystemAlone) {
  ShiftedSystem system{2, buffer_of<double>(GetParam(), {0, 0, 0, 0}), {0, 0}, {}, 0};

  const ShiftedSolution solution = solve_shifted(GetParam(), system);

  EXPECT_EQ(solution.x, (std::vector<double>{0, 0}));
}

INSTANTIATE_TEST_SUITE_P(Devices, ShiftedSolver, ::testing::Values(Device::reference, Device::cpu));

}  // namespace
}  // namespace qs
