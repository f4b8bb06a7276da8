#include "engine/optimize/tangent_rows.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <new>
#include <string>

#include "engine/wavefunctions/chunked.h"
#include "kernels/api/error.h"
#include "kernels/api/parallel.h"

namespace qs {
namespace {

constexpr std::int64_t panel_columns = 2048;  // a float64 accumulator of this width stays in the L1 cache beside the rows
constexpr std::int64_t small_work = 1 << 16;  // below this many values threads cost more than they save

// Runs body(first, last) over fixed column panels; every column is summed by one thread in row order, so threads do not change bits.
template <class Body>
void for_column_panels(std::int64_t columns, std::int64_t rows, const Body& body) {
  const std::int64_t panels = (columns + panel_columns - 1) / panel_columns;
  const auto run = [&](std::int64_t panel) { body(panel * panel_columns, std::min(columns, (panel + 1) * panel_columns)); };
  if (columns * rows < small_work) {
    for (std::int64_t panel = 0; panel < panels; ++panel) run(panel);
  } else {
    parallel_for(panels, run);
  }
}

// <O>_g: [per_sample * parameters].
template <class Real>
std::vector<double> problem_mean(Communicator& comm, const RowWeights& weights, const TangentRows<Real>& rows, int problem) {
  const RowLayout& layout = rows.layout;
  const std::int64_t width = layout.per_sample * rows.parameters, begin = layout.my_begin();
  std::vector<double> mean(width);
  const auto partial = [&](int block, std::span<double> out) {
    std::fill(out.begin(), out.end(), 0.0);
    std::vector<std::int64_t> samples;
    const std::int64_t last = (layout.block_begin[block + 1] - begin) / layout.per_sample;
    for (std::int64_t i = (layout.block_begin[block] - begin) / layout.per_sample; i < last; ++i) {
      if (weights.problem[i] == problem && weights.weight[i] != 0) samples.push_back(i);
    }
    // The rows of a sample are contiguous: Re and Im parts are one row of `width` values.
    for_column_panels(width, static_cast<std::int64_t>(samples.size()), [&](std::int64_t first, std::int64_t end) {
      for (const std::int64_t i : samples) {
        const Real* row = rows.row(i * layout.per_sample);
        const double weight = weights.weight[i];
        for (std::int64_t k = first; k < end; ++k) out[k] += weight * static_cast<double>(row[k]);
      }
    });
  };
  tree_sum(comm, layout.blocks, width, partial, mean);
  return mean;
}

// Names the first non-finite derivative of this rank's rows of one problem.
template <class Real>
void throw_if_not_finite(int rank, const RowWeights& weights, const TangentRows<Real>& rows, int problem) {
  const int per_sample = rows.layout.per_sample;
  for (std::int64_t i = 0; i < static_cast<std::int64_t>(weights.weight.size()); ++i) {
    if (weights.problem[i] != problem || weights.weight[i] == 0) continue;
    const Real* row = rows.row(i * per_sample);
    for (std::int64_t k = 0; k < per_sample * rows.parameters; ++k) {
      if (std::isfinite(row[k])) continue;
      throw NumericalError("the derivative of log psi by parameter " + std::to_string(k % rows.parameters) + " is " + std::to_string(row[k]) +
                           " (rank " + std::to_string(rank) + ", global row " + std::to_string(rows.layout.my_begin() / per_sample + i) +
                           ", problem " + std::to_string(problem) + "); reduce the learning rate or restart from an earlier checkpoint");
    }
  }
}

}  // namespace

RowLayout make_row_layout(Communicator& comm, const Blocks& blocks, const std::vector<std::int64_t>& my_block_begin, int per_sample) {
  QS_ASSERT(static_cast<int>(my_block_begin.size()) == blocks.last() - blocks.first() + 1);
  std::vector<std::int64_t> mine;
  for (std::size_t k = 0; k + 1 < my_block_begin.size(); ++k) mine.push_back((my_block_begin[k + 1] - my_block_begin[k]) * per_sample);
  const std::vector<std::int64_t> sizes = comm.all_gather<std::int64_t>(mine);
  RowLayout layout{blocks, per_sample, {0}};
  for (const std::int64_t size : sizes) layout.block_begin.push_back(layout.block_begin.back() + size);
  QS_ASSERT(static_cast<int>(layout.block_begin.size()) == blocks.count() + 1);
  return layout;
}

template <class Real>
void centre_rows(Communicator& comm, const RowWeights& weights, TangentRows<Real>& rows) {
  const int per_sample = rows.layout.per_sample;
  const std::int64_t samples = rows.layout.my_rows() / per_sample;
  QS_ASSERT(static_cast<std::int64_t>(weights.weight.size()) == samples && static_cast<std::int64_t>(weights.problem.size()) == samples);
  for (int g = 0; g < weights.problems; ++g) {
    const std::vector<double> mean = problem_mean(comm, weights, rows, g);
    // Non-finite rows make a non-finite mean, which every rank sees.
    if (!std::all_of(mean.begin(), mean.end(), [](double value) { return std::isfinite(value); })) {
      on_all(comm, [&] { throw_if_not_finite(comm.rank(), weights, rows, g); });
      throw NumericalError("the mean derivative of log psi of problem " + std::to_string(g) + " overflows; reduce the learning rate");
    }
    parallel_for(samples, [&](std::int64_t i) {
      if (weights.problem[i] != g) return;
      const double scale = std::sqrt(weights.weight[i] / weights.problems);
      Real* row = rows.row(i * per_sample);
      if (weights.weight[i] == 0) {
        std::fill(row, row + mean.size(), Real{0});
        return;
      }
      for (std::size_t k = 0; k < mean.size(); ++k) row[k] = static_cast<Real>(scale * (static_cast<double>(row[k]) - mean[k]));
    });
  }
}

void check_residual(const Tangent& tangent, std::span<const std::complex<double>> residual) {
  const SampleSet& samples = tangent.samples;
  const std::vector<std::int64_t> counts = tangent.comm.all_gather<std::int64_t>(std::vector<std::int64_t>{samples.rows.rows()});
  on_all(tangent.comm, [&] {
    std::int64_t row = 0;
    for (int r = 0; r < tangent.comm.rank(); ++r) row += counts[r];
    for (std::size_t i = 0; i < residual.size(); ++i, ++row) {
      if (samples.weight[i] == 0 || (std::isfinite(residual[i].real()) && std::isfinite(residual[i].imag()))) continue;
      std::string where = "rank " + std::to_string(tangent.comm.rank()) + ", global row " + std::to_string(row);
      if (samples.markov) where += ", chain " + std::to_string(row / samples.samples_per_chain);
      throw NumericalError("the residual (local energy minus its mean) is not finite (" + where + ", problem " +
                           std::to_string(samples.rows.problem[i]) + "); reduce the learning rate or restart from an earlier checkpoint");
    }
  });
}

std::vector<double> residual_rows(const RowWeights& weights, int per_sample, std::span<const std::complex<double>> residual) {
  std::vector<double> v(residual.size() * per_sample);
  for (std::size_t i = 0; i < residual.size(); ++i) {
    if (weights.weight[i] == 0) continue;
    const std::complex<double> value = 2 * std::sqrt(weights.weight[i] / weights.problems) * residual[i];
    v[i * per_sample] = value.real();
    if (per_sample == 2) v[2 * i + 1] = value.imag();
  }
  return v;
}

template <class Real>
TangentRows<Real> centred_jacobian(const Tangent& tangent) {
  const SampleSet& samples = tangent.samples;
  const int per_sample = rows_per_sample(tangent.psi.jacobian_mode());
  TangentRows<Real> rows{make_row_layout(tangent.comm, samples.blocks, samples.block_begin, per_sample), tangent.psi.layout().total, nullptr};
  on_all(tangent.comm, [&] {
    const std::int64_t count = rows.layout.my_rows() * rows.parameters;
    try {
      rows.values = std::make_unique_for_overwrite<Real[]>(count);
    } catch (const std::bad_alloc&) {
      throw MemoryError("no memory for the derivatives of rank " + std::to_string(tangent.comm.rank()) + " (" +
                        std::to_string(rows.layout.my_rows()) + " rows x " + std::to_string(rows.parameters) + " parameters, " +
                        std::to_string(count * sizeof(Real)) + " bytes); use more ranks or fewer samples");
    }
    jacobian<Real>(tangent.psi, samples.rows, 0, samples.rows.rows(), rows.values.get(), rows.parameters);
  });
  centre_rows(tangent.comm, {samples.problems, samples.rows.problem, samples.weight}, rows);
  return rows;
}

template <class Real>
std::vector<double> multiply(const TangentRows<Real>& rows, std::span<const double> u) {
  constexpr std::int64_t lanes = 16;  // independent partial sums, so that the compiler may use SIMD; fixed, so that bits are
  std::vector<double> out(rows.layout.my_rows());
  parallel_for(static_cast<std::int64_t>(out.size()), [&](std::int64_t i) {
    const Real* row = rows.row(i);
    std::array<double, lanes> sum{};
    std::int64_t k = 0;
    for (; k + lanes <= rows.parameters; k += lanes) {
      for (std::int64_t l = 0; l < lanes; ++l) sum[l] += static_cast<double>(row[k + l]) * u[k + l];
    }
    double total = 0;
    for (; k < rows.parameters; ++k) total += static_cast<double>(row[k]) * u[k];
    for (const double part : sum) total += part;
    out[i] = total;
  });
  return out;
}

template <class Real>
std::vector<std::vector<double>> multiply_transposed(Communicator& comm, const TangentRows<Real>& rows,
                                                     const std::vector<std::span<const double>>& y) {
  const std::int64_t width = rows.parameters, begin = rows.layout.my_begin();
  std::vector<double> total(width * y.size());
  const auto partial = [&](int block, std::span<double> out) {
    std::fill(out.begin(), out.end(), 0.0);
    const std::int64_t first_row = rows.layout.block_begin[block] - begin, last_row = rows.layout.block_begin[block + 1] - begin;
    for_column_panels(width, last_row - first_row, [&](std::int64_t first, std::int64_t end) {
      for (std::int64_t i = first_row; i < last_row; ++i) {
        const Real* row = rows.row(i);
        for (std::size_t c = 0; c < y.size(); ++c) {
          const double factor = y[c][i];
          double* sum = out.data() + static_cast<std::int64_t>(c) * width;
          for (std::int64_t k = first; k < end; ++k) sum[k] += factor * static_cast<double>(row[k]);
        }
      }
    });
  };
  tree_sum(comm, rows.layout.blocks, static_cast<std::int64_t>(total.size()), partial, total);
  std::vector<std::vector<double>> out;
  for (std::size_t c = 0; c < y.size(); ++c) out.emplace_back(total.begin() + c * width, total.begin() + (c + 1) * width);
  return out;
}

template void centre_rows(Communicator&, const RowWeights&, TangentRows<float>&);
template void centre_rows(Communicator&, const RowWeights&, TangentRows<double>&);
template TangentRows<float> centred_jacobian(const Tangent&);
template TangentRows<double> centred_jacobian(const Tangent&);
template std::vector<double> multiply(const TangentRows<float>&, std::span<const double>);
template std::vector<double> multiply(const TangentRows<double>&, std::span<const double>);
template std::vector<std::vector<double>> multiply_transposed(Communicator&, const TangentRows<float>&, const std::vector<std::span<const double>>&);
template std::vector<std::vector<double>> multiply_transposed(Communicator&, const TangentRows<double>&, const std::vector<std::span<const double>>&);

}  // namespace qs
