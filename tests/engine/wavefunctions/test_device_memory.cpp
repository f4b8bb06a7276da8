// Every wavefunction on a device whose memory the host cannot touch (tests/kernels/fake_gpu.h): weights, activations, configurations and results take
// the ways that a GPU needs.
#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "tests/engine/wavefunctions/fixtures.h"
#include "tests/kernels/fake_gpu.h"

namespace qs {
namespace {

using namespace qs::test;

constexpr double eps = std::numeric_limits<double>::epsilon();

class OnAGpu : public testing::TestWithParam<Case> {};

// As in the contract's comparison of cpu and reference: a few hundred roundings, amplified by the LayerNorms.
TEST_P(OnAGpu, AgreesWithReferenceAndReturnsItsMemory) {
  const std::size_t before = fake_gpu_bytes_in_use();
  {
    const auto reference = make(GetParam(), Precision::float64, Device::reference);
    const auto gpu = make(GetParam(), Precision::float64, Device::cuda);
    const auto parameters = noisy_parameters(*reference);
    reference->set_parameters(parameters);
    gpu->set_parameters(parameters);
    const ConfigurationBatch batch = random_batch(GetParam().input, 21);
    const auto weights = random_weights(21);

    const auto expected = log_psi(*reference, batch);
    const auto rows = jacobian_of(*reference, batch);
    const auto gradient = vjp_of(*reference, batch, weights);

    EXPECT_LE(max_difference(log_psi(*gpu, batch), expected), 2000 * eps * std::max(1.0, max_abs(expected)));
    EXPECT_LE(max_difference(jacobian_of(*gpu, batch, Device::cuda), rows), 20000 * eps * std::max(1.0, max_abs(rows)));
    EXPECT_LE(max_difference(vjp_of(*gpu, batch, weights), gradient), 20000 * eps * std::max(1.0, max_abs(gradient)) * 21);
  }
  EXPECT_EQ(fake_gpu_bytes_in_use(), before);
}

TEST_P(OnAGpu, GivesARowTheSameBitsInAnyBatchAndRepeatsThem) {
  const auto gpu = make(GetParam(), Precision::float32, Device::cuda);
  gpu->set_parameters(noisy_parameters(*gpu));
  const ConfigurationBatch batch = random_batch(GetParam().input, gpu->chunk_rows() + 3);

  const auto values = log_psi(*gpu, batch);

  EXPECT_EQ(log_psi(*gpu, batch), values);
  for (const std::int64_t i : {std::int64_t{0}, std::int64_t{19}, batch.rows() - 1}) EXPECT_EQ(log_psi(*gpu, one_row(batch, i))[0], values[i]) << i;
}

// Buffers are rounded up to 256 bytes; weights are a bound: of every tensor two copies, and what has neither transpose nor values.
TEST_P(OnAGpu, TakesTheMemoryThatItPlans) {
  constexpr std::size_t rounding = 256, buffers_of_a_chunk = 4;
  const std::size_t before = fake_gpu_bytes_in_use();
  const auto gpu = make(GetParam(), Precision::float32, Device::cuda);
  const WavefunctionMemory plan = make(GetParam(), Precision::float32, Device::reference)->memory_on(Device::cuda);
  gpu->set_parameters(noisy_parameters(*gpu));
  const ConfigurationBatch batch = random_batch(GetParam().input, gpu->chunk_rows() + 3);
  const std::size_t weights = fake_gpu_bytes_in_use() - before;
  const auto chunk = [&] { return fake_gpu_bytes_in_use() - before - weights; };
  const auto expect = [&](std::size_t planned) {
    EXPECT_GE(chunk(), planned);
    EXPECT_LE(chunk(), planned + buffers_of_a_chunk * rounding);
  };

  EXPECT_EQ(gpu->chunk_rows(), plan.chunk_rows);
  EXPECT_LE(weights, plan.weights + 3 * rounding * (gpu->layout().slices.size() + 2));
  log_psi(*gpu, batch);
  expect(plan.log_psi_chunk);
  jacobian_of<float>(*gpu, batch, Device::cuda);
  expect(plan.jacobian_chunk);
  vjp_of(*gpu, batch, random_weights(batch.rows()));
  expect(plan.vjp_chunk);
}

TEST(OnAGpuToo, ReadsNewFeatures) {
  Case c = cases()[0];
  const auto gpu = make(c, Precision::float64, Device::cuda);
  const auto parameters = noisy_parameters(*gpu);
  gpu->set_parameters(parameters);
  const ConfigurationBatch batch = random_batch(c.input, 9);
  c.input.features = {{0.3, 1.5, 3.0}, {2.0, 0.1, 2.0}};
  const auto expected = make(c, Precision::float64, Device::reference);
  expected->set_parameters(parameters);

  gpu->set_features(c.input.features);

  EXPECT_LE(max_difference(log_psi(*gpu, batch), log_psi(*expected, batch)), 1e-11);
}

INSTANTIATE_TEST_SUITE_P(AllKinds, OnAGpu, testing::ValuesIn(cases()), [](const auto& one) { return one.param.name; });

}  // namespace
}  // namespace qs
