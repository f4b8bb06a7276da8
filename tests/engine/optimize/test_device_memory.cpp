// Natural gradient steps with products and solve on a device whose memory the host cannot touch (tests/kernels/fake_gpu.h), against the reference.
#include <gtest/gtest.h>

#include <cmath>
#include <vector>

#include "engine/optimize/shifted_solver.h"
#include "tests/engine/optimize/linear_network.h"
#include "tests/kernels/fake_gpu.h"

namespace qs {
namespace {

using test::LinearNetwork;
using test::make_rows;
using test::Share;

struct Step {
  OptimizerKind kind;
  Precision precision;
  int ranks;
};

// Three steps from zero, the root's parameters.
std::vector<double> three_steps(const Step& step, Device device) {
  constexpr std::int64_t parameters = 90;
  const auto rows = make_rows(400, 2);
  std::vector<double> theta(parameters, 0.0);
  run_in_process(step.ranks, [&](Communicator& comm) {
    const Share share(rows, 2, comm);
    const LinearNetwork psi(parameters, JacobianMode::complex_log, step.precision);
    const auto optimizer = make_optimizer({.kind = step.kind, .lr = {0.05}, .diag_shift = {0.01}, .momentum = 0.9, .device = device}, parameters);
    std::vector<double> mine(parameters, 0.0);
    for (int k = 0; k < 3; ++k) optimizer->update({psi, share.samples, comm}, share.residual, mine);
    if (comm.is_root()) theta = mine;
  });
  return theta;
}

// Rounding of X (relative eps of its precision) is amplified by at most |X|^2/s; |X|^2 is of order one here.
TEST(NaturalOnAGpu, MovesAsTheReferenceDoesAndReturnsItsMemory) {
  const std::size_t before = test::fake_gpu_bytes_in_use();
  for (const Step& step : {Step{OptimizerKind::sr, Precision::float64, 1}, Step{OptimizerKind::minsr, Precision::float64, 1},
                           Step{OptimizerKind::minsr, Precision::float32, 1}, Step{OptimizerKind::sr, Precision::float32, 2},
                           Step{OptimizerKind::minsr, Precision::float64, 3}}) {
    const std::vector<double> expected = three_steps(step, Device::reference), found = three_steps(step, Device::cuda);
    const double tolerance = (step.precision == Precision::float32 ? 6e-8 : 1e-16) * 1e5;
    for (std::size_t k = 0; k < expected.size(); ++k) EXPECT_NEAR(found[k], expected[k], tolerance) << k;
  }
  EXPECT_EQ(test::fake_gpu_bytes_in_use(), before);
}

TEST(NaturalOnAGpu, DecomposesWhatHasNoCholeskyFactor) {
  ShiftedSystem system;  // eigenvalues 0 and 2: the second rung
  system.n = 2;
  system.matrix = {1, 1, 1, 1};
  system.b0 = {2, 2};
  system.shift = 0;
  ShiftedSystem same = system;

  const ShiftedSolution expected = solve_shifted(Device::reference, same), found = solve_shifted(Device::cuda, system);

  EXPECT_EQ(found.rung, expected.rung);
  for (int k = 0; k < 2; ++k) EXPECT_NEAR(found.x[k], 1.0, 1e-12);
}

}  // namespace
}  // namespace qs
