// Local energies on a device whose memory the host cannot touch (tests/kernels/fake_gpu.h), against the host's with the same network values.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <complex>
#include <vector>

#include "engine/energy/connected_on_device.h"
#include "engine/energy/local_energy.h"
#include "engine/wavefunctions/rbm.h"
#include "tests/engine/sampling/chains_on_a_gpu.h"
#include "tests/kernels/fake_gpu.h"

namespace qs {
namespace {

using namespace gpu_chains;  // NOLINT: systems, networks and samplers of the tests
using Complex = std::complex<double>;

// Sums of some dozen ratios, both in float64.
void expect_near(const std::vector<Complex>& found, const std::vector<Complex>& expected) {
  ASSERT_EQ(found.size(), expected.size());
  double largest = 1;
  for (const Complex value : expected) largest = std::max(largest, std::abs(value));
  for (std::size_t i = 0; i < found.size(); ++i) ASSERT_LE(std::abs(found[i] - expected[i]), 1e-12 * largest) << i;
}

class EnergiesOnAGpu : public testing::TestWithParam<Case> {
 protected:
  ProblemFamily family_ = build_family(GetParam().system);
  std::unique_ptr<Wavefunction> psi_ = network_of(GetParam(), family_);
  std::unique_ptr<Communicator> comm_ = self_communicator();
};

TEST_P(EnergiesOnAGpu, AreThoseOfTheHostAndRepeatTheirBits) {
  const SampleSet samples = make_metropolis(GetParam().sampler, family_, *comm_, {.seed = 5})->sample(*psi_);

  const std::vector<Complex> found = local_energies(family_, *psi_, samples);

  expect_near(found, local_energies(family_, SeenFromTheHost(*psi_, family_.modes()), samples));
  EXPECT_EQ(local_energies(family_, *psi_, samples), found);
}

// Every buffer is rounded up to 256 bytes.
TEST_P(EnergiesOnAGpu, TakeTheMemoryThatWasPlannedAndReturnIt) {
  constexpr std::size_t rounding = (13 + 10) * 256;
  const SampleSet samples = make_metropolis(GetParam().sampler, family_, *comm_, {.seed = 5})->sample(*psi_);
  const std::size_t before = test::fake_gpu_bytes_in_use();
  const std::size_t planned = connected_memory(family_.table, family_.size(), psi_->chunk_rows());
  test::fake_gpu_peak_bytes();

  local_energies(family_, *psi_, samples);

  const std::size_t taken = test::fake_gpu_peak_bytes() - before;
  EXPECT_GE(taken, planned);
  EXPECT_LE(taken, planned + rounding);
  EXPECT_EQ(test::fake_gpu_bytes_in_use(), before);
}

INSTANTIATE_TEST_SUITE_P(Systems, EnergiesOnAGpu, testing::ValuesIn(cases()), [](const auto& one) { return one.param.name; });

// 2^13 states, of which a window holds 5041.
TEST(EnergiesOnAGpuToo, AgreeOverSeveralWindows) {
  const Case test{.name = "", .system = chain("tfim", 13, spins(-1)), .network = RbmOptions{.alpha = 1, .dtype = Dtype::complex}, .sampler = {}};
  const ProblemFamily family = build_family(test.system);
  const auto psi = network_of(test, family);
  const auto comm = self_communicator();
  const SampleSet states = make_exact_sum(family, *comm)->sample(*psi);

  expect_near(local_energies(family, *psi, states), local_energies(family, SeenFromTheHost(*psi, family.modes()), states));
}

}  // namespace
}  // namespace qs
