// Operations on Jacobian rows of the CUDA device, on a Queue (see network.h).
#pragma once

#include <algorithm>
#include <limits>

#include "engine/base/error.h"
#include "kernels/cuda/bodies/rows.h"

namespace qs::kernels::cuda {

template <class Real, class Queue>
struct JacobianRows {
  static void add_weighted_rows(RowView<const Real> a, int vectors, const double* weight, double* sum, std::int64_t sum_stride) {
    Queue().for_each(vectors * a.columns, AddWeightedRows<Real>{a, weight, sum, sum_stride});
  }

  static void centre_rows(RowView<Real> a, const double* factor, const double* mean, const double* scale) {
    Queue().for_each(a.count * a.columns, CentreRows<Real>{a, factor, mean, scale});
  }

  static void add_squared_rows(RowView<const Real> a, double* sum) { Queue().for_each(a.columns, AddSquaredRows<Real>{a, sum}); }

  static void multiply_rows(RowView<const Real> a, const double* u, double* out) {
    QS_ASSERT(a.columns <= std::numeric_limits<int>::max());
    Queue queue;
    queue.for_each(a.count, ClearSum{out});
    queue.sum_rows(a.count, static_cast<int>(a.columns), out, RowTimesVector<Real>{a, u});
  }

  // Two steps: about `most_pieces` sums of squares side by side, then their sum.
  static void sum_of_squares(std::int64_t n, const Real* a, double* out) {
    Queue queue;
    const std::int64_t length = std::max(least_length, (n + most_pieces - 1) / most_pieces), pieces = (n + length - 1) / length;
    QS_ASSERT(length <= std::numeric_limits<int>::max());
    auto sums = queue.template temporary<double>(pieces);
    queue.for_each(pieces, ClearSum{sums.data()});
    queue.sum_rows(pieces, static_cast<int>(length), sums.data(), SquareOfPiece<Real>{n, length, a});
    queue.for_each(1, ClearSum{out});
    queue.sum_rows(1, static_cast<int>(pieces), out, Summand{sums.data()});
  }

  static RowTable<Real> table() {
    constexpr std::int64_t everything = std::numeric_limits<std::int64_t>::max();
    return {{everything, everything}, add_weighted_rows, centre_rows, add_squared_rows, multiply_rows, sum_of_squares};
  }

 private:
  static constexpr std::int64_t least_length = 1024, most_pieces = 8192;
};

}  // namespace qs::kernels::cuda
