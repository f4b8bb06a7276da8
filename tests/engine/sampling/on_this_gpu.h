// Tests of chains_on_a_gpu.h on this machine's GPU, skipped by name where there is none.
#pragma once

#include <gtest/gtest.h>

#include "tests/engine/sampling/chains_on_a_gpu.h"
#include "tests/kernels/staged_device.h"

namespace qs::gpu_chains {

class OnThisGpu : public testing::TestWithParam<Case> {
 protected:
  void SetUp() override {
    if (!test::cuda_device_present()) GTEST_SKIP() << "this machine has no GPU";
  }
};

}  // namespace qs::gpu_chains
