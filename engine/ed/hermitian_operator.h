// What the search for levels needs of H: products with vectors.
#pragma once

#include <cstdint>
#include <vector>

namespace qs {

// Every rank holds whole vectors and gets the same bits. Scalar: double for a real matrix, std::complex<double> for any.
template <class Scalar>
class HermitianOperator {
 public:
  virtual ~HermitianOperator() = default;
  virtual std::int64_t dimension() const = 0;
  virtual void apply(const Scalar* x, Scalar* y) const = 0;  // collective; x and y do not overlap
  virtual std::int64_t applications() const = 0;
  // The `count` smallest diagonal elements of H, increasing. Collective.
  virtual std::vector<double> smallest_diagonal(int count) const = 0;
};

}  // namespace qs
