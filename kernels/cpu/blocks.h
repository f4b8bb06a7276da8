// How loops are cut into register blocks.
#pragma once

#include <cstdint>

namespace qs::kernels::QS_ISA {

constexpr int smaller(int a, int b) { return a < b ? a : b; }

// n things in the fewest pieces of at most `largest`, as even as they go: no short last block.
struct Pieces {
  int n, count;
  Pieces(int n_things, int largest) : n(n_things), count((n_things + largest - 1) / largest) {}
  int begin(int i) const { return static_cast<int>(static_cast<std::int64_t>(i) * n / count); }
  int size(int i) const { return begin(i + 1) - begin(i); }
};

}  // namespace qs::kernels::QS_ISA
