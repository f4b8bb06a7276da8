// The head of a network, a sum of log cosh over its features. A team takes a few rows and deals the features to parts, one of each row to a thread:
// a thread per row would keep a few thousand rows on eight multiprocessors.
#pragma once

#include "kernels/cuda/bodies/functions.h"
#include "kernels/cuda/bodies/team.h"

namespace qs::kernels::cuda {

// re_out[b] + i im_out[b] (+)= sum_j log_cosh(re[j][b] + i im[j][b]); im may be nullptr. Part p sums j = p, p + parts, ...; then parts in order.
template <class Real>
struct LogCoshSum {
  int width, rows;
  const Real* re;
  const Real* im;
  double* re_out;
  double* im_out;
  Write write;

  using Value = double;
  static constexpr int parts = 16, rows_at_once = 16;
  static constexpr int teams_at_once = 2;

  std::int64_t teams() const { return (rows + rows_at_once - 1) / rows_at_once; }
  std::int64_t memory_values() const { return 2 * parts * rows_at_once; }

  template <class Team>
  QS_TEAM void operator()(const Team& team) const {
    double* partial_re = static_cast<double*>(team.memory());  // [parts][rows_at_once]
    double* partial_im = partial_re + parts * rows_at_once;
    const int first_row = static_cast<int>(team.index()) * rows_at_once;

    team_each(team, parts * rows_at_once, [=, *this](int k) {
      const int row = first_row + k % rows_at_once;
      const Complex sum = row < rows ? sum_of_part(k / rows_at_once, row) : Complex{0, 0};
      partial_re[k] = sum.re;
      partial_im[k] = sum.im;
    });
    team.sync();
    team_each(team, rows_at_once, [=, *this](int r) {
      if (first_row + r >= rows) return;
      deliver(partial_re + r, re_out + first_row + r);
      if (im != nullptr) deliver(partial_im + r, im_out + first_row + r);
    });
  }

 private:
  QS_TEAM Complex sum_of_part(int part, int row) const {
    Complex sum{0, 0};
    for (int j = part; j < width; j += parts) {
      const std::int64_t from = static_cast<std::int64_t>(j) * rows + row;
      const Complex term = log_cosh({static_cast<double>(re[from]), im != nullptr ? static_cast<double>(im[from]) : 0.0});
      sum.re += term.re;
      sum.im += term.im;
    }
    return sum;
  }

  QS_TEAM void deliver(const double* partial, double* out) const {
    double sum = 0;
    for (int p = 0; p < parts; ++p) sum += partial[p * rows_at_once];
    *out = write == Write::accumulate ? *out + sum : sum;
  }
};

}  // namespace qs::kernels::cuda
