// Arguments of Gram products, the sums over parameters (X X^T, minSR) or samples (X^T X, SR) that fill the matrices of stochastic reconfiguration.
// Row-major; the factors are Real, the result is float64. Pointers lead into the memory of the device (kernels/api/memory.h).
#pragma once

#include <cstdint>

namespace qs::kernels {

// In what precision a Gram product multiplies and adds up its Real factors: their own, or float64, in which X X^T is positive semidefinite to
// rounding even where the rows are float32.
enum class Arithmetic { own, wide };

// Which vectors are multiplied with each other, and over what the products are summed.
enum class GramOf {
  rows,     // values [n, k]: C = A A^T
  columns,  // values [k, n]: C = A^T A
};

// n vectors of k elements; `leading` elements from one row of `values` to the next.
template <class Real>
struct GramFactor {
  GramOf of;
  std::int64_t n, k;
  const Real* values;
  std::int64_t leading;
};

// The vectors are cut into strips of `strip` vectors, the last may be shorter. A tile is the product of strip `left` with strip `right` <= n / strip:
// c [vectors of left, vectors of right], rows ldc apart.
struct GramTile {
  std::int64_t left, right;
  double* c;
  std::int64_t ldc;
};

// Most products that are summed in Real before they are added to the float64 result.
inline constexpr std::int64_t gram_columns = 512;

}  // namespace qs::kernels
