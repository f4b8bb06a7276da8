// Natural gradient steps with rows, products and solve on a device whose memory the host cannot touch (tests/kernels/fake_gpu.h), against the
// reference.
#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <cmath>
#include <cstddef>
#include <functional>
#include <memory>
#include <vector>

#include "engine/optimize/gram.h"
#include "engine/optimize/shifted_solver.h"
#include "engine/optimize/update_memory.h"
#include "tests/engine/optimize/cuda_aware_communicator.h"
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
  int samples = 400;
};

using Wrap = std::function<std::unique_ptr<Communicator>(Communicator&)>;

// Three steps from zero, the root's parameters. `wrap`: what the optimizer sees of the ranks.
std::vector<double> three_steps(const Step& step, Device device, const Wrap& wrap = {}) {
  constexpr std::int64_t parameters = 90;
  const auto rows = make_rows(step.samples, 2);
  std::vector<double> theta(parameters, 0.0);
  run_in_process(step.ranks, [&](Communicator& plain) {
    const std::unique_ptr<Communicator> wrapped = wrap ? wrap(plain) : nullptr;
    Communicator& comm = wrapped ? *wrapped : plain;
    const Share share(rows, 2, comm);
    const LinearNetwork psi(parameters, JacobianMode::complex_log, step.precision, device);
    const auto optimizer = make_optimizer(
        {.kind = step.kind, .lr = {0.05}, .diag_shift = {0.01}, .control = Control::fixed, .momentum = 0.9, .device = device}, parameters);
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

// Ranks whose collectives take pointers into the device, and ranks that exchange through the host: the same bits, and nothing left behind.
TEST(NaturalOnAGpu, HasTheSameBitsWhereRanksReachEachOthersGpus) {
  const std::size_t before = test::fake_gpu_bytes_in_use();
  for (const Step& step : {Step{OptimizerKind::sr, Precision::float32, 2, 30}, Step{OptimizerKind::minsr, Precision::float64, 3, 30}}) {
    std::atomic<std::size_t> device_bytes = 0;
    const auto direct = [&](Communicator& comm) -> std::unique_ptr<Communicator> {
      return std::make_unique<test::CudaAwareCommunicator>(comm, device_bytes);
    };

    EXPECT_EQ(three_steps(step, Device::cuda, direct), three_steps(step, Device::cuda));
    EXPECT_GT(device_bytes, 0u);
  }
  EXPECT_EQ(test::fake_gpu_bytes_in_use(), before);
}

// Buffers are rounded up to 256 bytes. The system is the largest buffer beside the rows.
TEST(NaturalOnAGpu, TakesTheMemoryThatWasPlanned) {
  constexpr std::size_t rounding = 4 * 256;
  struct Case {
    OptimizerKind kind;
    std::int64_t parameters;
    Precision precision;
  };
  for (const Case& c : {Case{OptimizerKind::minsr, 40, Precision::float32}, Case{OptimizerKind::minsr, 600, Precision::float64},
                        Case{OptimizerKind::sr, 150, Precision::float64}, Case{OptimizerKind::natural, 150, Precision::float32}}) {
    const auto rows = make_rows(120, 2);
    const auto comm = self_communicator();
    const Share share(rows, 2, *comm);
    const LinearNetwork psi(c.parameters, JacobianMode::complex_log, c.precision, Device::cuda);
    const auto optimizer =
        make_optimizer({.kind = c.kind, .lr = {0.05}, .diag_shift = {0.01}, .control = Control::fixed, .device = Device::cuda}, c.parameters);
    std::vector<double> theta(c.parameters, 0.0);
    const UpdateMemory plan = update_memory(c.kind, planned_layout(Blocks(120, 1, 0), 1, 2), c.parameters, c.precision);
    test::fake_gpu_peak_bytes();

    optimizer->update({psi, share.samples, *comm}, share.residual, theta);

    const std::size_t peak = test::fake_gpu_peak_bytes();
    EXPECT_LE(peak, plan.peak() + rounding) << c.parameters;
    EXPECT_GE(peak, plan.rows + plan.matrix) << c.parameters;
  }
}

// Several ranks: the plan is the root's, whose neighbours have no matrix.
TEST(NaturalOnAGpu, PlansForRowsOfOtherRanks) {
  const UpdateMemory alone = update_memory(OptimizerKind::minsr, planned_layout(Blocks(4096, 1, 0), 1, 2), 100000, Precision::float32);
  const UpdateMemory shared = update_memory(OptimizerKind::minsr, planned_layout(Blocks(4096, 4, 0), 1, 2), 100000, Precision::float32);

  EXPECT_EQ(alone.rows, 8192u * 100000 * 4);
  EXPECT_EQ(alone.slice, 0u);
  EXPECT_EQ(alone.matrix, 8192u * 8192 * 8);
  EXPECT_EQ(shared.rows, alone.rows / 4);
  EXPECT_EQ(shared.slice, 8192u * (512 + slice_gap) * 4 + tile_piece_bytes);
  EXPECT_EQ(shared.matrix, alone.matrix);
}

// 16 slabs of a tile of 8192 rows are one batch of 256 blocks of threads.
TEST(NaturalOnAGpu, FormsItsMatrixFromSlicesThatFillTheChip) {
  EXPECT_EQ(slice_length(8192, 4), 512);
  EXPECT_EQ(slice_length(8192, 4, gpu_slice_bytes), 16 * 512);
  EXPECT_EQ(slice_length(1 << 30, 8, gpu_slice_bytes), 512) << "at least one slab";
}

TEST(NaturalOnAGpu, DecomposesWhatHasNoCholeskyFactor) {
  const auto solved = [](Device device) {
    ShiftedMatrix system(device, 2, buffer_of<double>(device, {1, 1, 1, 1}));  // eigenvalues 0 and 2: the second rung
    return system.solve(std::vector<double>{2, 2}, {}, 0);
  };
  const ShiftedSolution expected = solved(Device::reference), found = solved(Device::cuda);

  EXPECT_EQ(found.rung, expected.rung);
  for (int k = 0; k < 2; ++k) EXPECT_NEAR(found.x[k], 1.0, 1e-12);
}

}  // namespace
}  // namespace qs
