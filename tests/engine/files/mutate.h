// Random damage to the bytes of a file, the same for a seed everywhere.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <iterator>
#include <random>
#include <string>
#include <vector>

namespace qs::test {

// One to four places: a random byte, a flipped bit, up to 15 bytes removed, up to 15 equal bytes inserted.
inline std::vector<std::byte> mutated(std::vector<std::byte> bytes, std::mt19937& engine) {
  for (unsigned count = 1 + engine() % 4; count > 0; --count) {
    const std::size_t where = engine() % bytes.size();
    const auto at = bytes.begin() + static_cast<std::ptrdiff_t>(where);
    switch (engine() % 4) {
      case 0:
        *at = static_cast<std::byte>(engine());
        break;
      case 1:
        *at ^= static_cast<std::byte>(1u << engine() % 8);
        break;
      case 2:
        bytes.erase(at, at + static_cast<std::ptrdiff_t>(std::min<std::size_t>(engine() % 16, bytes.size() - where - 1)));
        break;
      default:
        bytes.insert(at, engine() % 16, static_cast<std::byte>(engine()));
    }
  }
  return bytes;
}

// One to six places overwritten with lengths and addresses as an attacker would choose them: nothing moves, so that later records are still found.
inline std::vector<std::byte> overwritten(std::vector<std::byte> bytes, std::mt19937& engine) {
  for (unsigned count = 1 + engine() % 6; count > 0; --count) {
    const std::size_t where = engine() % bytes.size();
    const std::size_t width = std::min<std::size_t>(std::size_t{1} << engine() % 4, bytes.size() - where);
    const std::uint64_t choices[] = {0, ~std::uint64_t{0}, engine() % bytes.size(), engine(), 0x7fffffff, std::uint64_t{engine()} << 32};
    const std::uint64_t value = choices[engine() % std::size(choices)];
    std::memcpy(bytes.data() + where, &value, width);
  }
  return bytes;
}

// How often a test repeats: the environment variable, if it is set, else `usual`.
inline int trials(const char* variable, int usual) {
  const char* const wanted = std::getenv(variable);
  return wanted == nullptr ? usual : std::stoi(wanted);
}

}  // namespace qs::test
