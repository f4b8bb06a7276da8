// Whole sampling steps on this machine's GPU.
#include <gtest/gtest.h>

#include "tests/engine/sampling/on_this_gpu.h"

namespace qs {
namespace {

using namespace gpu_chains;  // NOLINT: what the test is about

class CudaDeviceSampling : public OnThisGpu {};

// The exponential functions of host and GPU may differ in the last bit: one decision in 2^52.
TEST_P(CudaDeviceSampling, HasTheHostsChainsBitForBitAndRepeatsThem) {
  const ProblemFamily family = build_family(GetParam().system);
  const auto psi = network_of(GetParam(), family);

  const Record found = sampled(GetParam(), family, *psi);

  EXPECT_TRUE(found == sampled(GetParam(), family, SeenFromTheHost(*psi, family.modes())));
  EXPECT_TRUE(found == sampled(GetParam(), family, *psi));
  EXPECT_GT(found.accepted[0], 0);
}

INSTANTIATE_TEST_SUITE_P(Moves, CudaDeviceSampling, testing::ValuesIn(cases()), [](const auto& one) { return one.param.name; });

}  // namespace
}  // namespace qs
