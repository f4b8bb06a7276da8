#include "engine/optimize/tangent_rows.h"

#include <algorithm>
#include <cmath>
#include <new>
#include <string>

#include "engine/base/error.h"
#include "engine/base/parallel.h"
#include "engine/wavefunctions/chunked.h"
#include "kernels/api/memory.h"

namespace qs {
namespace {

// Runs body(first, last) for pieces of at most `piece` of `count` things.
template <class Body>
void for_pieces(std::int64_t count, std::int64_t piece, const Body& body) {
  if (count == 0) return;
  const std::int64_t size = std::min(count, piece);
  parallel_for((count + size - 1) / size, [&](std::int64_t i) { body(i * size, std::min(count, (i + 1) * size)); });
}

// Rows of one block that enter a sum: their numbers among this rank's rows, nothing for all `count` of them from `first` on, and their weights
// [vectors][count].
struct WeightedRows {
  std::vector<std::int64_t> index;
  std::int64_t first = 0, count = 0;
  std::vector<double> weight;
};

// Sums over the rows of all ranks: [vectors][columns]. add(block, first, size, sum): sum [vectors][size] += what the rows of my block have in columns
// [first, first + size), in row order. On the host column by column on threads.
template <class Real, class Add>
std::vector<std::vector<double>> sums_over_rows(Communicator& comm, const TangentRows<Real>& rows, std::int64_t columns, std::int64_t vectors,
                                                const Add& add) {
  const Blocks& blocks = rows.layout.blocks;
  std::vector<double> total(columns * vectors);  // [pieces of columns][vectors][columns of the piece]
  const bool on_host = kernels::shares_host_memory(rows.device);
  const std::int64_t piece = on_host ? std::min(columns, kernels::jacobian_rows<Real>(rows.device).piece.columns) : columns;
  if (on_host) {
    const auto partial = [&](int block, std::int64_t first_value, std::span<double> out) {
      std::fill(out.begin(), out.end(), 0.0);
      add(block, first_value / vectors, static_cast<std::int64_t>(out.size()) / vectors, out.data());
    };
    tree_sum_in_segments(comm, blocks, columns * vectors, piece * vectors, partial, total);
  } else {
    tree_sum_on(
        rows.device, comm, blocks, columns * vectors, [&](int block, double* out) { add(block, 0, columns, out); }, total);
  }
  std::vector<std::vector<double>> sums(vectors, std::vector<double>(columns));
  for (std::int64_t first = 0; first < columns; first += piece) {
    const std::int64_t size = std::min(piece, columns - first);
    for (std::int64_t c = 0; c < vectors; ++c) std::copy_n(total.begin() + first * vectors + c * size, size, sums[c].begin() + first);
  }
  return sums;
}

// of_block[b] says what of my b-th block enters.
template <class Real>
std::vector<std::vector<double>> weighted_sums(Communicator& comm, const TangentRows<Real>& rows, std::int64_t columns, std::int64_t vectors,
                                               const std::vector<WeightedRows>& of_block) {
  return sums_over_rows(comm, rows, columns, vectors, [&](int block, std::int64_t first, std::int64_t size, double* sum) {
    const WeightedRows& chosen = of_block[block - rows.layout.blocks.first()];
    if (chosen.count == 0) return;
    const Staged<const std::int64_t> index(rows.device, chosen.index.data(), chosen.index.size());
    const Staged<const double> weight(rows.device, chosen.weight.data(), chosen.weight.size());
    const kernels::RowView<const Real> a{rows.values.data() + chosen.first * columns + first, columns, chosen.index.empty() ? nullptr : index.data(),
                                         chosen.count, size};
    kernels::jacobian_rows<Real>(rows.device).add_weighted_rows(a, static_cast<int>(vectors), weight.data(), sum, size);
  });
}

// Samples [first, last) of one problem, counted from this rank's first one.
std::vector<std::int64_t> samples_of(const RowWeights& weights, int problem, std::int64_t first, std::int64_t last) {
  std::vector<std::int64_t> samples;
  for (std::int64_t i = first; i < last; ++i) {
    if (weights.problem[i] == problem) samples.push_back(i);
  }
  return samples;
}

// The rows of some samples; those of one sample are contiguous: Re and Im parts are one row of twice the width. `samples` on the device.
template <class Real, class Rows>
kernels::RowView<Real> rows_of(Rows& rows, const std::int64_t* samples, std::int64_t count) {
  const std::int64_t width = rows.layout.per_sample * rows.parameters;
  return {rows.values.data(), width, samples, count, width};
}

// <O>_g: [per_sample * parameters].
template <class Real>
std::vector<double> problem_mean(Communicator& comm, const RowWeights& weights, const TangentRows<Real>& rows, int problem) {
  const RowLayout& layout = rows.layout;
  const auto sample_of = [&](std::int64_t row) { return (row - layout.my_begin()) / layout.per_sample; };
  std::vector<WeightedRows> of_block;
  for (int block = layout.blocks.first(); block < layout.blocks.last(); ++block) {
    WeightedRows& chosen = of_block.emplace_back();
    chosen.index = samples_of(weights, problem, sample_of(layout.block_begin[block]), sample_of(layout.block_begin[block + 1]));
    std::erase_if(chosen.index, [&](std::int64_t i) { return weights.weight[i] == 0; });
    chosen.count = static_cast<std::int64_t>(chosen.index.size());
    for (const std::int64_t i : chosen.index) chosen.weight.push_back(weights.weight[i]);
  }
  return std::move(weighted_sums(comm, rows, layout.per_sample * rows.parameters, 1, of_block).front());
}

// X -> sqrt(w/G) (X - mean) scales, samples of one problem. mean, scales: [per_sample * parameters]
template <class Real>
void centre_problem(const RowWeights& weights, TangentRows<Real>& rows, int problem, const std::vector<double>& mean,
                    const std::vector<double>& scales) {
  const std::vector<std::int64_t> samples = samples_of(weights, problem, 0, static_cast<std::int64_t>(weights.problem.size()));
  std::vector<double> factors;
  for (const std::int64_t i : samples) factors.push_back(std::sqrt(weights.weight[i] / weights.problems));
  const Staged<const std::int64_t> index(rows.device, samples.data(), samples.size());
  const Staged<const double> factor(rows.device, factors.data(), factors.size()), offset(rows.device, mean.data(), mean.size()),
      scale(rows.device, scales.data(), scales.size());
  const kernels::RowTable<Real>& on = kernels::jacobian_rows<Real>(rows.device);
  for_pieces(static_cast<std::int64_t>(samples.size()), on.piece.rows, [&](std::int64_t first, std::int64_t last) {
    on.centre_rows(rows_of<Real>(rows, index.data() + first, last - first), factor.data() + first, offset.data(), scale.data());
  });
}

// The derivatives by some parameters, cut out of chunks of whole rows; every thread has room for one.
template <class Real>
void jacobian_columns(const Wavefunction& psi, const ConfigurationBatch& batch, const ParameterRange& range, TangentRows<Real>& rows) {
  const std::int64_t total = psi.layout().total, size = psi.chunk_rows(), chunks = (batch.rows() + size - 1) / size;
  const std::int64_t per_sample = rows.layout.per_sample, workers = std::min<std::int64_t>(threads(), chunks);
  parallel_for(workers, [&](std::int64_t worker) {
    Buffer<Real> whole(rows.device, static_cast<std::size_t>(size * per_sample * total), kernels::Contents::anything);
    for (std::int64_t chunk = worker; chunk < chunks; chunk += workers) {
      const std::int64_t first = chunk * size, count = std::min(size, batch.rows() - first);
      psi.jacobian_chunk(batch, first, static_cast<int>(count), whole.data(), total);
      kernels::memory(rows.device)
          .copy_rows(rows.row(first * per_sample), range.count * sizeof(Real), whole.data() + range.first, total * sizeof(Real),
                     range.count * sizeof(Real), count * per_sample);
    }
  });
}

// Names the first non-finite derivative of this rank's rows of one problem.
template <class Real>
void throw_if_not_finite(int rank, const RowWeights& weights, const TangentRows<Real>& rows, int problem) {
  const int per_sample = rows.layout.per_sample;
  std::vector<Real> copy;
  for (std::int64_t i = 0; i < static_cast<std::int64_t>(weights.weight.size()); ++i) {
    if (weights.problem[i] != problem || weights.weight[i] == 0) continue;
    const Real* row = host_view(rows.device, rows.row(i * per_sample), static_cast<std::size_t>(per_sample * rows.parameters), copy);
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
void centre_rows(Communicator& comm, const RowWeights& weights, std::span<const double> scales, TangentRows<Real>& rows) {
  const std::int64_t samples = rows.layout.my_rows() / rows.layout.per_sample;
  QS_ASSERT(static_cast<std::int64_t>(weights.weight.size()) == samples && static_cast<std::int64_t>(weights.problem.size()) == samples);
  std::vector<double> of_sample;
  for (int row = 0; row < rows.layout.per_sample; ++row) {
    if (scales.empty()) of_sample.resize(of_sample.size() + rows.parameters, 1.0);
    of_sample.insert(of_sample.end(), scales.begin(), scales.end());
  }
  for (int g = 0; g < weights.problems; ++g) {
    const std::vector<double> mean = problem_mean(comm, weights, rows, g);
    // Non-finite rows make a non-finite mean, which every rank sees.
    if (!std::all_of(mean.begin(), mean.end(), [](double value) { return std::isfinite(value); })) {
      on_all(comm, [&] { throw_if_not_finite(comm.rank(), weights, rows, g); });
      throw NumericalError("the mean derivative of log psi of problem " + std::to_string(g) + " overflows; reduce the learning rate");
    }
    on_all(comm, [&] { centre_problem(weights, rows, g, mean, of_sample); });
  }
}

void check_residual(const Tangent& tangent, std::span<const std::complex<double>> residual) {
  const SampleSet& samples = tangent.samples;
  std::int64_t row = first_row(tangent.comm, samples);
  on_all(tangent.comm, [&] {
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
TangentRows<Real> centred_jacobian(Device device, const Tangent& tangent, std::span<const double> scales) {
  return centred_jacobian<Real>(device, tangent, scales, {0, tangent.psi.layout().total});
}

template <class Real>
TangentRows<Real> centred_jacobian(Device device, const Tangent& tangent, std::span<const double> scales, const ParameterRange& range) {
  const SampleSet& samples = tangent.samples;
  const int per_sample = rows_per_sample(tangent.psi.jacobian_mode());
  TangentRows<Real> rows{make_row_layout(tangent.comm, samples.blocks, samples.block_begin, per_sample), range.count, device, {}};
  on_all(tangent.comm, [&] {
    const std::int64_t count = rows.layout.my_rows() * rows.parameters;
    try {
      rows.values = Buffer<Real>(device, static_cast<std::size_t>(count), kernels::Contents::anything);
    } catch (const std::bad_alloc&) {
      throw MemoryError("no memory for the derivatives of rank " + std::to_string(tangent.comm.rank()) + " (" +
                        std::to_string(rows.layout.my_rows()) + " rows x " + std::to_string(rows.parameters) + " parameters, " +
                        std::to_string(count * sizeof(Real)) + " bytes); use more ranks or fewer samples");
    }
    if (range.count == tangent.psi.layout().total) {
      jacobian<Real>(tangent.psi, samples.rows, 0, samples.rows.rows(), rows.values.data(), rows.parameters);
    } else {
      jacobian_columns(tangent.psi, samples.rows, range, rows);
    }
  });
  const std::span<const double> mine = scales.empty() ? scales : scales.subspan(range.first, range.count);
  centre_rows(tangent.comm, {samples.problems, samples.rows.problem, samples.weight}, mine, rows);
  return rows;
}

template <class Real>
std::vector<double> multiply(const TangentRows<Real>& rows, std::span<const double> u) {
  std::vector<double> out(rows.layout.my_rows());
  const Staged<const double> vector(rows.device, u.data(), u.size());
  Staged<double> products(rows.device, out.data(), out.size());
  const kernels::RowTable<Real>& on = kernels::jacobian_rows<Real>(rows.device);
  for_pieces(rows.layout.my_rows(), on.piece.rows, [&](std::int64_t first, std::int64_t last) {
    on.multiply_rows({rows.row(first), rows.parameters, nullptr, last - first, rows.parameters}, vector.data(), products.data() + first);
  });
  products.write_back();
  return out;
}

template <class Real>
std::vector<std::vector<double>> multiply_transposed(Communicator& comm, const TangentRows<Real>& rows,
                                                     const std::vector<std::span<const double>>& y) {
  const RowLayout& layout = rows.layout;
  std::vector<WeightedRows> of_block;
  for (int block = layout.blocks.first(); block < layout.blocks.last(); ++block) {
    const std::int64_t first = layout.block_begin[block] - layout.my_begin(), last = layout.block_begin[block + 1] - layout.my_begin();
    WeightedRows& chosen = of_block.emplace_back();
    chosen.first = first;
    chosen.count = last - first;
    for (const std::span<const double>& vector : y) chosen.weight.insert(chosen.weight.end(), vector.begin() + first, vector.begin() + last);
  }
  return weighted_sums(comm, rows, rows.parameters, static_cast<std::int64_t>(y.size()), of_block);
}

template <class Real>
std::vector<double> column_squares(Communicator& comm, const TangentRows<Real>& rows) {
  return std::move(sums_over_rows(comm, rows, rows.parameters, 1, [&](int block, std::int64_t first, std::int64_t size, double* sum) {
                     kernels::RowView<const Real> part = rows.block(block);
                     part.base += first;
                     part.columns = size;
                     kernels::jacobian_rows<Real>(rows.device).add_squared_rows(part, sum);
                   }).front());
}

template void centre_rows(Communicator&, const RowWeights&, std::span<const double>, TangentRows<float>&);
template void centre_rows(Communicator&, const RowWeights&, std::span<const double>, TangentRows<double>&);
template TangentRows<float> centred_jacobian(Device, const Tangent&, std::span<const double>);
template TangentRows<double> centred_jacobian(Device, const Tangent&, std::span<const double>);
template TangentRows<float> centred_jacobian(Device, const Tangent&, std::span<const double>, const ParameterRange&);
template TangentRows<double> centred_jacobian(Device, const Tangent&, std::span<const double>, const ParameterRange&);
template std::vector<double> multiply(const TangentRows<float>&, std::span<const double>);
template std::vector<double> multiply(const TangentRows<double>&, std::span<const double>);
template std::vector<std::vector<double>> multiply_transposed(Communicator&, const TangentRows<float>&, const std::vector<std::span<const double>>&);
template std::vector<std::vector<double>> multiply_transposed(Communicator&, const TangentRows<double>&, const std::vector<std::span<const double>>&);
template std::vector<double> column_squares(Communicator&, const TangentRows<float>&);
template std::vector<double> column_squares(Communicator&, const TangentRows<double>&);

}  // namespace qs
