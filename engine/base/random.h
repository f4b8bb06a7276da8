// Counter-based random numbers: every draw is a pure function of (seed, stage, stream, step, draw), so results do not depend on
// how chains are spread over ranks and threads. Philox4x32-10, Salmon et al., SC'11 (Random123), same bits on host and device.
#pragma once

#include "engine/base/host_device.h"
#define R123_CUDA_DEVICE QS_HOST_DEVICE
#include <Random123/philox.h>

#include <cstdint>

namespace qs {

// stream: global chain or parameter index; step: proposal or initialisation counter; draw: index within the step.
struct RandomKey {
  std::uint64_t seed = 0;
  std::uint32_t stage = 0;
};

struct RandomWords {
  std::uint32_t word[4];
};

QS_HOST_DEVICE inline RandomWords random_words(RandomKey key, std::uint32_t stream, std::uint64_t step, std::uint32_t draw) {
  // 2 x 32-bit key = seed; the counter holds stage and draw in one word: 2^12 stages, 2^20 draws.
  const r123::Philox4x32::ctr_type counter = {
      {stream, static_cast<std::uint32_t>(step), static_cast<std::uint32_t>(step >> 32), (key.stage << 20) | (draw & 0xFFFFFu)}};
  const r123::Philox4x32::key_type philox_key = {{static_cast<std::uint32_t>(key.seed), static_cast<std::uint32_t>(key.seed >> 32)}};
  const auto out = r123::Philox4x32()(counter, philox_key);
  return {{out[0], out[1], out[2], out[3]}};
}

// Uniform in [0,1) with 53 bits.
QS_HOST_DEVICE inline double uniform01(std::uint32_t high, std::uint32_t low) {
  const std::uint64_t bits = (static_cast<std::uint64_t>(high) << 32 | low) >> 11;
  return static_cast<double>(bits) * 0x1.0p-53;
}

// Uniform integer in [0, n), bias below n / 2^64.
QS_HOST_DEVICE inline std::uint32_t uniform_below(std::uint32_t n, std::uint32_t high, std::uint32_t low) {
  const std::uint64_t bits = static_cast<std::uint64_t>(high) << 32 | low;
  __extension__ using Wide = unsigned __int128;
  return static_cast<std::uint32_t>((static_cast<Wide>(bits) * n) >> 64);
}

}  // namespace qs
