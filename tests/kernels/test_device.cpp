// Memory of the host devices, and the sizes of chunks.
#include <gtest/gtest.h>

#include <cstdint>
#include <utility>
#include <vector>

#include "kernels/api/device.h"
#include "kernels/api/memory.h"

namespace qs::test {
namespace {

TEST(HostMemory, IsZeroAndAlignedAndMoves) {
  Buffer<double> buffer(Device::cpu, 1000);
  double* const data = buffer.data();
  EXPECT_EQ(reinterpret_cast<std::uintptr_t>(data) % 64, 0u);
  for (std::size_t k = 0; k < buffer.size(); ++k) ASSERT_EQ(data[k], 0.0);

  Buffer<double> moved(std::move(buffer));
  EXPECT_EQ(moved.data(), data);
  EXPECT_EQ(moved.size(), 1000u);
  EXPECT_EQ(Buffer<double>(Device::cpu, 0).data(), nullptr);
}

TEST(HostMemory, IsNotStaged) {
  std::vector<double> values(3, 1.0);
  Staged<double> staged(Device::cpu, values.data(), values.size());

  EXPECT_EQ(staged.data(), values.data());
  staged.data()[1] = 7;
  staged.write_back();
  EXPECT_EQ(values[1], 7.0);
}

TEST(HostMemory, IsNoDeviceThatRanksWouldShareOut) {
  EXPECT_TRUE(physical_devices(Device::cpu).empty());
  EXPECT_TRUE(physical_devices(Device::reference).empty());
}

TEST(ChunkSize, FillsTheCacheOfACoreWithAnOddNumberOfGroups) {
  EXPECT_EQ(lane_groups_per_chunk(Device::cpu, 1), 3);
  EXPECT_EQ(lane_groups_per_chunk(Device::cpu, 400 << 10), 1);  // two would fit
  EXPECT_EQ(lane_groups_per_chunk(Device::cpu, 5 << 20), 1);    // none fits
  EXPECT_EQ(padded_rows(Device::cpu, 17, 48, 16), 32);
}

}  // namespace
}  // namespace qs::test
