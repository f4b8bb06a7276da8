#include "engine/wavefunctions/network.h"

#include <algorithm>
#include <type_traits>
#include <utility>

#include "kernels/api/error.h"

namespace qs {
namespace {

// Activations of a chunk stay in the second-level cache.
constexpr std::size_t kActivationBytes = std::size_t{1} << 20;
// More lane groups gain nothing for evaluations and cost up to 40 % for per-sample derivatives (measured on networks from 560 to 155620 parameters).
constexpr int kMaxLaneGroups = 3;

// Log psi of one chunk, float64 whatever the network's precision.
template <class Real>
struct LogPsiBuffer {
  alignas(64) double re[kMaxLaneGroups * lane_multiple<Real>()];
  alignas(64) double im[kMaxLaneGroups * lane_multiple<Real>()];
};

int round_up(int value, int multiple) { return (value + multiple - 1) / multiple * multiple; }

}  // namespace

template <class Real>
Network<Real>::Network(Device device, JacobianMode mode, std::vector<TensorSpec> specs, std::vector<std::string> dead, const NetworkInput& input)
    : device_(device),
      mode_(mode),
      modes_(input.modes),
      specs_(std::move(specs)),
      layout_(layout_of(specs_)),
      feature_columns_(input.feature_names.size()) {
  for (const std::string& path : dead) {
    QS_ASSERT(layout_.find(path) != nullptr);
    dead_.push_back(*layout_.find(path));
  }
  set_features(input.features);
}

// The number of lane groups is odd: features of one lane group are then an odd number of cache lines apart and spread over all cache sets.
template <class Real>
void Network<Real>::plan() {
  const int group = lane_multiple<Real>();
  const std::size_t group_bytes = arena_values(group, Pass::evaluate) * sizeof(Real);
  const int fitting = static_cast<int>(std::min<std::size_t>(kActivationBytes / std::max<std::size_t>(group_bytes, 1), kMaxLaneGroups));
  const int groups = std::max(1, fitting % 2 == 1 ? fitting : fitting - 1);
  chunk_rows_ = groups * group;
}

template <class Real>
void Network<Real>::set_parameters(std::span<const double> parameters) {
  QS_ASSERT(static_cast<std::int64_t>(parameters.size()) == layout_.total);
  load(parameters);
  packed_ = true;
}

template <class Real>
void Network<Real>::set_features(const std::vector<std::vector<double>>& features) {
  problems_ = static_cast<std::int64_t>(features.size());
  features_.clear();
  for (const std::vector<double>& row : features) {
    QS_ASSERT(row.size() == feature_columns_);
    for (const double value : row) features_.push_back(static_cast<Real>(value));
  }
}

template <class Real>
typename Network<Real>::Chunk Network<Real>::make_chunk(const ConfigurationBatch& batch, std::int64_t first, int count) const {
  QS_ASSERT(packed_ && batch.modes == modes_);
  QS_ASSERT(count > 0 && count <= chunk_rows_ && first >= 0 && first + count <= batch.rows());
  return {.lanes = {device_, round_up(count, lane_multiple<Real>())}, .valid = count, .batch = batch, .first = first};
}

// [P], padded so that what follows stays aligned.
template <class Real>
std::size_t Network<Real>::gradient_values() const {
  const std::size_t group = lane_multiple<Real>();
  return (static_cast<std::size_t>(layout_.total) + group - 1) / group * group;
}

template <class Real>
void Network<Real>::log_psi_chunk(const ConfigurationBatch& batch, std::int64_t first, int count, std::complex<double>* out) const {
  const Chunk chunk = make_chunk(batch, first, count);
  auto lease = workspaces_.lease(arena_values(chunk_rows_, Pass::evaluate));
  LogPsiBuffer<Real> values;

  forward(chunk, Pass::evaluate, lease.arena(), {values.re, values.im});
  for (int b = 0; b < count; ++b) out[b] = {values.re[b], values.im[b]};
}

template <class Real>
void Network<Real>::vjp_chunk(const ConfigurationBatch& batch, std::int64_t first, int count, const std::complex<double>* weight,
                              double* gradient) const {
  const Chunk chunk = make_chunk(batch, first, count);
  const int rows = chunk.lanes.rows;
  auto lease = workspaces_.lease(arena_values(chunk_rows_, Pass::differentiate) + 2 * std::size_t(chunk_rows_) + gradient_values());
  Arena<Real> arena = lease.arena();
  Real* sum = arena.take(gradient_values());
  Real* cotangent = arena.take(2 * std::size_t(rows));
  LogPsiBuffer<Real> values;
  std::fill_n(sum, layout_.total, Real(0));
  for (int b = 0; b < rows; ++b) {
    cotangent[b] = b < count ? static_cast<Real>(weight[b].real()) : Real(0);
    cotangent[rows + b] = b < count ? static_cast<Real>(weight[b].imag()) : Real(0);
  }

  forward(chunk, Pass::differentiate, arena, {values.re, values.im});
  backward(chunk, arena, {cotangent, cotangent + rows}, {sum, 0, count});
  for (std::int64_t k = 0; k < layout_.total; ++k) gradient[k] += static_cast<double>(sum[k]);
}

// One forward, then one backward per real row: cotangents (1, 0) give d Re log psi, (0, 1) give d Im log psi.
template <class Real>
void Network<Real>::jacobian_rows(const ConfigurationBatch& batch, std::int64_t first, int count, Real* rows_out, std::int64_t row_stride) const {
  const Chunk chunk = make_chunk(batch, first, count);
  const int rows = chunk.lanes.rows;
  auto lease = workspaces_.lease(arena_values(chunk_rows_, Pass::differentiate) + 2 * std::size_t(chunk_rows_));
  Arena<Real> arena = lease.arena();
  Real* cotangent = arena.take(2 * std::size_t(rows));
  LogPsiBuffer<Real> values;
  const int parts = rows_per_sample(mode_);

  forward(chunk, Pass::differentiate, arena, {values.re, values.im});
  for (int part = 0; part < parts; ++part) {
    Real* base = rows_out + part * row_stride;
    std::fill_n(cotangent, rows, Real(part == 0 ? 1 : 0));
    std::fill_n(cotangent + rows, rows, Real(part == 0 ? 0 : 1));
    backward(chunk, arena, {cotangent, cotangent + rows}, {base, parts * row_stride, count});
    for (const ParameterSlice& slice : dead_) {
      for (int b = 0; b < count; ++b) std::fill_n(base + b * parts * row_stride + slice.offset, slice.count, Real(0));
    }
  }
}

template <class Real>
void Network<Real>::jacobian_chunk(const ConfigurationBatch& batch, std::int64_t first, int count, float* rows, std::int64_t row_stride) const {
  if constexpr (std::is_same_v<Real, float>) {
    jacobian_rows(batch, first, count, rows, row_stride);
  } else {
    QS_ASSERT(precision() == Precision::float32);
  }
}

template <class Real>
void Network<Real>::jacobian_chunk(const ConfigurationBatch& batch, std::int64_t first, int count, double* rows, std::int64_t row_stride) const {
  if constexpr (std::is_same_v<Real, double>) {
    jacobian_rows(batch, first, count, rows, row_stride);
  } else {
    QS_ASSERT(precision() == Precision::float64);
  }
}

template <class Real>
void Network<Real>::fill_features(const Chunk& chunk, std::span<const int> columns, Real* x) const {
  if (columns.empty()) return;
  const int rows = chunk.lanes.rows;
  for (int b = 0; b < rows; ++b) {
    const std::int64_t problem = chunk.batch.problem[static_cast<std::size_t>(chunk.first + (b < chunk.valid ? b : 0))];
    QS_ASSERT(problem >= 0 && problem < problems_);
    for (std::size_t c = 0; c < columns.size(); ++c) x[c * rows + b] = features_[problem * feature_columns_ + columns[c]];
  }
}

template <class Real>
void Network<Real>::unpack(const Chunk& chunk, std::span<const std::int32_t> modes, Real* x) const {
  kernels::unpack_spins(chunk.lanes.device, static_cast<int>(modes.size()), chunk.lanes.rows, chunk.valid, chunk.batch.row(chunk.first),
                        chunk.batch.words, modes.data(), x);
}

template class Network<float>;
template class Network<double>;

}  // namespace qs
