// Chains that live on a device whose memory the host cannot touch (tests/kernels/fake_gpu.h): with the same network values they are the host's
// chains, bit for bit.
#include <gtest/gtest.h>

#include "chains_on_a_gpu.h"
#include "tests/kernels/fake_gpu.h"

namespace qs {
namespace {

using namespace gpu_chains;  // NOLINT: what the test is about

class ChainsOnAGpu : public testing::TestWithParam<Case> {
 protected:
  ChainsOnAGpu()
      : family_(build_family(GetParam().system)), psi_(make_wavefunction(GetParam().network, input_of(family_), Precision::float32, Device::cuda)) {
    psi_->set_parameters(test::noisy_parameters(*psi_));
  }

  ProblemFamily family_;
  std::unique_ptr<Wavefunction> psi_;
};

TEST_P(ChainsOnAGpu, AreThoseOfTheHostBitForBit) {
  const Record expected = sampled(GetParam(), family_, SeenFromTheHost(*psi_, family_.modes()));
  EXPECT_EQ(test::fake_gpu_graphs_played(), 0u);

  const Record found = sampled(GetParam(), family_, *psi_);

  EXPECT_TRUE(found == expected);
  EXPECT_GT(test::fake_gpu_graphs_played(), 0u) << "a sweep is one graph again and again";
  EXPECT_GT(found.accepted[0], 0);
  EXPECT_LT(found.accepted[0], found.proposed[0]);
}

// Every buffer is rounded up to 256 bytes; ranges are chains that move and chains that do not.
TEST_P(ChainsOnAGpu, TakeTheMemoryThatWasPlannedAndReturnIt) {
  constexpr std::size_t most_ranges = 2, rounding = (4 + 13 * most_ranges) * 256;
  const auto comm = self_communicator();
  const auto sampler = make_metropolis(GetParam().sampler, family_, *comm, {.seed = 5});
  sampler->sample(*psi_);  // the wavefunction keeps a chunk
  const std::size_t before = test::fake_gpu_bytes_in_use();
  const std::size_t planned = metropolis_memory(GetParam().sampler, family_, 1, Device::cuda, psi_->chunk_rows());
  test::fake_gpu_peak_bytes();

  sampler->sample(*psi_);

  const std::size_t taken = test::fake_gpu_peak_bytes() - before;
  EXPECT_GE(taken, planned);
  EXPECT_LE(taken, planned + rounding);
  EXPECT_EQ(test::fake_gpu_bytes_in_use(), before);
}

INSTANTIATE_TEST_SUITE_P(Moves, ChainsOnAGpu, testing::ValuesIn(cases()), [](const auto& one) { return one.param.name; });

}  // namespace
}  // namespace qs
