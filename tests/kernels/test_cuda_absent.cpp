// A build without CUDA: everything behind Device::cuda says by name that it is not built.
#include <gtest/gtest.h>

#include "engine/base/error.h"
#include "kernels/api/chains.h"
#include "kernels/api/connected.h"
#include "kernels/api/gram.h"
#include "kernels/api/linear_algebra.h"
#include "kernels/api/memory.h"
#include "kernels/api/network.h"
#include "kernels/api/recording.h"
#include "kernels/api/rows.h"

namespace qs::test {
namespace {

TEST(CudaAbsent, HasNoNetworkPrimitives) {
  EXPECT_THROW(kernels::network<float>(Device::cuda), NotBuilt);
  EXPECT_THROW(kernels::network<double>(Device::cuda), NotBuilt);
}

TEST(CudaAbsent, ThrowsNotBuiltForLinearAlgebra) {
  double value = 1;
  EXPECT_THROW(kernels::cholesky(Device::cuda, 1, &value, 1), NotBuilt);
  EXPECT_THROW(kernels::gram_tiles<double>(Device::cuda, kernels::Arithmetic::own, {}, 1, nullptr, 0), NotBuilt);
  EXPECT_THROW(kernels::gram_strip(Device::cuda), NotBuilt);
}

TEST(CudaAbsent, ThrowsNotBuiltForJacobianRows) {
  double value = 1;
  EXPECT_THROW(kernels::sum_of_squares(Device::cuda, 1, &value, &value), NotBuilt);
  EXPECT_THROW(kernels::centre_rows<float>(Device::cuda, {}, &value, &value, &value), NotBuilt);
  EXPECT_THROW(kernels::add_squared_rows<float>(Device::cuda, {}, &value), NotBuilt);
  EXPECT_THROW(kernels::row_piece(Device::cuda), NotBuilt);
}

TEST(CudaAbsent, ThrowsNotBuiltForMarkovChains) {
  EXPECT_THROW(kernels::propose(Device::cuda, {}, {}, {}, {}), NotBuilt);
  EXPECT_THROW(kernels::accept(Device::cuda, 1, {}, 2, {}, {}), NotBuilt);
  EXPECT_GT(kernels::chains_per_call(Device::cuda), std::int64_t{1} << 32) << "all that a sampler may have";
  EXPECT_THROW(Recording(Device::cuda, [] {}).run(), NotBuilt);
}

TEST(CudaAbsent, ThrowsNotBuiltForConnectedConfigurations) {
  EXPECT_THROW(kernels::count_connected(Device::cuda, {}, {}, nullptr), NotBuilt);
  EXPECT_THROW(kernels::add_connected(Device::cuda, {}, nullptr, 0, {}, nullptr, nullptr), NotBuilt);
}

TEST(CudaAbsent, PlansChunksForAGpu) {
  EXPECT_EQ(lane_groups_per_chunk(Device::cuda, 1), 128);
  EXPECT_EQ(lane_groups_per_chunk(Device::cuda, 5 << 20), 32);  // 51 would fit into 256 MiB
  EXPECT_EQ(padded_rows(Device::cuda, 17, 512, 16), 512);
  EXPECT_FALSE(kernels::shares_host_memory(Device::cuda));
}

TEST(CudaAbsent, HasNeitherMemoryNorDevices) {
  EXPECT_THROW(Buffer<double>(Device::cuda, 1), NotBuilt);
  EXPECT_THROW(physical_devices(Device::cuda), NotBuilt);
}

}  // namespace
}  // namespace qs::test
