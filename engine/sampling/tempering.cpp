#include "engine/sampling/tempering.h"

#include <fmt/format.h>

#include <cmath>

#include "engine/base/error.h"

namespace qs {
namespace {

constexpr std::uint32_t first_draw = 1024;  // of a swap; those of the next proposal are far below (kernels/api/chains.h)

}  // namespace

void check_ladder(const std::vector<double>& betas) {
  if (betas.empty() || betas[0] != 1)
    throw InputError("sampler.tempering does not begin with 1.0, the replicas that give the samples; write [1.0, 0.5], say");
  for (std::size_t r = 0; r < betas.size(); ++r) {
    if (betas[r] > 0 && (r == 0 || betas[r] < betas[r - 1])) continue;
    throw InputError(fmt::format("sampler.tempering has {} at position {} (each must be smaller than the one before, and above 0)", betas[r], r + 1));
  }
}

bool accepts_swap(RandomKey key, std::uint32_t stream, std::uint64_t proposals, int replica, double log_ratio) {
  const RandomWords words = random_words(key, stream, proposals, first_draw + static_cast<std::uint32_t>(replica));
  return uniform01(words.word[0], words.word[1]) < std::exp(log_ratio);
}

}  // namespace qs
