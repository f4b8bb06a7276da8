// Local energies on this machine's GPU.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <complex>
#include <vector>

#include "engine/energy/local_energy.h"
#include "tests/engine/sampling/on_this_gpu.h"

namespace qs {
namespace {

using namespace gpu_chains;  // NOLINT: systems, networks and samplers of the tests

class CudaDeviceEnergies : public OnThisGpu {};

TEST_P(CudaDeviceEnergies, AreThoseOfTheHostAndRepeatTheirBits) {
  const ProblemFamily family = build_family(GetParam().system);
  const auto psi = network_of(GetParam(), family);
  const auto comm = self_communicator();
  const SampleSet samples = make_metropolis(GetParam().sampler, family, *comm, {.seed = 5})->sample(*psi);

  const auto found = local_energies(family, *psi, samples);

  const auto expected = local_energies(family, SeenFromTheHost(*psi, family.modes()), samples);
  double largest = 1;
  for (const auto& value : expected) largest = std::max(largest, std::abs(value));
  for (std::size_t i = 0; i < found.size(); ++i) ASSERT_LE(std::abs(found[i] - expected[i]), 1e-12 * largest) << i;
  EXPECT_EQ(local_energies(family, *psi, samples), found);
}

INSTANTIATE_TEST_SUITE_P(Systems, CudaDeviceEnergies, testing::ValuesIn(cases()), [](const auto& one) { return one.param.name; });

}  // namespace
}  // namespace qs
