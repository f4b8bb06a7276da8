// What every target defines: libFuzzer's entry point (README.md) and the seeds from which a fuzzer starts.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <span>
#include <string>
#include <string_view>
#include <vector>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);

namespace qs::fuzz {

std::vector<std::string> seeds();  // small, valid, together using most of the format

// A broken promise ends the process, so that a fuzzer keeps the input.
inline void require(bool kept) {
  if (!kept) std::abort();
}

inline std::string text_of(std::span<const std::byte> bytes) { return {reinterpret_cast<const char*>(bytes.data()), bytes.size()}; }

}  // namespace qs::fuzz
