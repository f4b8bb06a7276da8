// A build without CUDA: everything behind Device::cuda says by name that it is not built.
#include <gtest/gtest.h>

#include "engine/base/error.h"
#include "kernels/api/chains.h"
#include "kernels/api/connected.h"
#include "kernels/api/linear_algebra.h"
#include "kernels/api/memory.h"
#include "kernels/api/network.h"
#include "kernels/api/recording.h"
#include "kernels/api/rows.h"

namespace qs::test {
namespace {

TEST(CudaAbsent, HasNoPrimitives) {
  for (int again = 0; again < 2; ++again) {
    EXPECT_THROW(kernels::network<float>(Device::cuda), NotBuilt);
    EXPECT_THROW(kernels::network<double>(Device::cuda), NotBuilt);
    EXPECT_THROW(kernels::matrices<double>(Device::cuda), NotBuilt);
    EXPECT_THROW(kernels::symmetric(Device::cuda), NotBuilt);
    EXPECT_THROW(kernels::jacobian_rows<float>(Device::cuda), NotBuilt);
    EXPECT_THROW(kernels::chains(Device::cuda), NotBuilt);
    EXPECT_THROW(kernels::connected(Device::cuda), NotBuilt);
    EXPECT_THROW(Recording(Device::cuda, [] {}).run(), NotBuilt);
  }
}

TEST(CudaAbsent, PlansChunksForAGpu) {
  EXPECT_GT(kernels::chains_per_call(Device::cuda), std::int64_t{1} << 32) << "all that a sampler may have";
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
