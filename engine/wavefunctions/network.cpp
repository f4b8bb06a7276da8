#include "engine/wavefunctions/network.h"

#include <algorithm>
#include <type_traits>
#include <utility>

#include "engine/base/error.h"
#include "kernels/api/device.h"
#include "kernels/api/memory.h"

namespace qs {
template <class Real>
Network<Real>::Network(Device device, JacobianMode mode, std::vector<TensorSpec> specs, std::vector<std::string> dead, const NetworkInput& input)
    : device_(device),
      mode_(mode),
      modes_(input.modes),
      specs_(std::move(specs)),
      layout_(layout_of(specs_)),
      feature_columns_(input.feature_names.size()),
      workspaces_(device) {
  for (const std::string& path : dead) {
    QS_ASSERT(layout_.find(path) != nullptr);
    dead_.push_back(*layout_.find(path));
  }
  set_features(input.features);
}

template <class Real>
void Network<Real>::plan() {
  chunk_rows_ = chunk_rows_on(device_);
}

template <class Real>
int Network<Real>::chunk_rows_on(Device device) const {
  const int group = lane_multiple<Real>();
  return group * lane_groups_per_chunk(device, arena_values(group, Pass::evaluate) * sizeof(Real));
}

template <class Real>
ChunkSizes<Real> Network<Real>::chunk_sizes(Operation operation, int rows) const {
  const std::size_t lanes = static_cast<std::size_t>(rows);
  std::size_t arena = arena_values(rows, operation == Operation::log_psi ? Pass::evaluate : Pass::differentiate);
  if (operation != Operation::log_psi) arena += 2 * lanes;  // cotangents
  if (operation == Operation::vjp) arena += gradient_values();
  return {.arena = arena, .configurations = lanes * words_for(modes_), .problem = lanes, .log_psi = 2 * lanes};
}

template <class Real>
WavefunctionMemory Network<Real>::memory_on(Device device) const {
  const int rows = chunk_rows_on(device);
  return {.chunk_rows = rows,
          .weights = 2 * static_cast<std::size_t>(layout_.total) * sizeof(Real),
          .log_psi_chunk = chunk_sizes(Operation::log_psi, rows).bytes(),
          .vjp_chunk = chunk_sizes(Operation::vjp, rows).bytes(),
          .jacobian_chunk = chunk_sizes(Operation::jacobian, rows).bytes()};
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
  std::vector<Real> table;
  for (const std::vector<double>& row : features) {
    QS_ASSERT(row.size() == feature_columns_);
    for (const double value : row) table.push_back(static_cast<Real>(value));
  }
  features_ = buffer_of(device_, table);
}

template <class Real>
typename Network<Real>::Chunk Network<Real>::make_chunk(const ConfigurationBatch& batch, std::int64_t first, int count,
                                                        ChunkMemory<Real>& memory) const {
  QS_ASSERT(packed_ && batch.modes == modes_);
  QS_ASSERT(count > 0 && count <= chunk_rows_ && first >= 0 && first + count <= batch.rows());
  const std::int32_t* problem = batch.problem.data() + first;
  for (int b = 0; b < count && feature_columns_ > 0; ++b) QS_ASSERT(problem[b] >= 0 && problem[b] < problems_);
  memory.configurations.upload(batch.row(first), std::size_t(count) * batch.words);
  memory.problem.upload(problem, count);
  return {.lanes = {device_, padded_rows(device_, count, chunk_rows_, lane_multiple<Real>())},
          .valid = count,
          .words = batch.words,
          .configurations = memory.configurations.data(),
          .problem = memory.problem.data()};
}

// [P], padded so that what follows stays aligned.
template <class Real>
std::size_t Network<Real>::gradient_values() const {
  const std::size_t group = lane_multiple<Real>();
  return (static_cast<std::size_t>(layout_.total) + group - 1) / group * group;
}

template <class Real>
void Network<Real>::log_psi_chunk(const ConfigurationBatch& batch, std::int64_t first, int count, std::complex<double>* out) const {
  auto lease = this->lease(Operation::log_psi);
  ChunkMemory<Real>& memory = lease.memory();
  const Chunk chunk = make_chunk(batch, first, count, memory);
  const int rows = chunk.lanes.rows;

  forward(chunk, Pass::evaluate, lease.arena(), {memory.log_psi.data(), memory.log_psi.data() + rows});
  const double* log_psi = host_view(device_, memory.log_psi.data(), 2 * std::size_t(rows), memory.host_log_psi);
  for (int b = 0; b < count; ++b) out[b] = {log_psi[b], log_psi[rows + b]};
}

template <class Real>
void Network<Real>::log_psi_on_device(const DeviceRows& rows, int count, const DeviceLogPsi& out) const {
  QS_ASSERT(packed_ && rows.words == words_for(modes_) && count > 0 && count <= chunk_rows_);
  auto lease = this->lease(Operation::log_psi);
  const Lanes lanes{device_, padded_rows(device_, count, chunk_rows_, lane_multiple<Real>())};
  forward({.lanes = lanes, .valid = count, .words = rows.words, .configurations = rows.bits, .problem = rows.problem}, Pass::evaluate, lease.arena(),
          out);
}

template <class Real>
void Network<Real>::vjp_chunks(const ConfigurationBatch& batch, std::int64_t first, std::int64_t count, const std::complex<double>* weight,
                               double* gradient) const {
  auto lease = this->lease(Operation::vjp);
  ChunkMemory<Real>& memory = lease.memory();
  Arena<Real> arena = lease.arena();
  Real* sum = arena.take(gradient_values());
  kernels::clear(device_, sum, layout_.total * sizeof(Real));
  for (std::int64_t begin = 0; begin < count; begin += chunk_rows_) {
    const int rows = static_cast<int>(std::min<std::int64_t>(chunk_rows_, count - begin));
    add_vjp(batch, first + begin, rows, weight + begin, memory, arena, sum);
  }
  const Real* terms = host_view(device_, sum, static_cast<std::size_t>(layout_.total), memory.host_values);
  for (std::int64_t k = 0; k < layout_.total; ++k) gradient[k] += static_cast<double>(terms[k]);
}

template <class Real>
void Network<Real>::add_vjp(const ConfigurationBatch& batch, std::int64_t first, int count, const std::complex<double>* weight,
                            ChunkMemory<Real>& memory, Arena<Real> arena, Real* sum) const {
  const Chunk chunk = make_chunk(batch, first, count, memory);
  const int rows = chunk.lanes.rows;
  Real* cotangent = arena.take(2 * std::size_t(rows));
  memory.host_values.assign(2 * std::size_t(rows), Real(0));
  for (int b = 0; b < count; ++b) {
    memory.host_values[b] = static_cast<Real>(weight[b].real());
    memory.host_values[rows + b] = static_cast<Real>(weight[b].imag());
  }
  kernels::upload(device_, cotangent, memory.host_values.data(), 2 * std::size_t(rows) * sizeof(Real));

  forward(chunk, Pass::differentiate, arena, {memory.log_psi.data(), memory.log_psi.data() + rows});
  backward(chunk, arena, {cotangent, cotangent + rows}, {sum, 0, count});
}

// One forward, then one backward per real row: cotangents (1, 0) give d Re log psi, (0, 1) give d Im log psi.
template <class Real>
void Network<Real>::jacobian_rows(const ConfigurationBatch& batch, std::int64_t first, int count, Real* rows_out, std::int64_t row_stride) const {
  auto lease = this->lease(Operation::jacobian);
  ChunkMemory<Real>& memory = lease.memory();
  const Chunk chunk = make_chunk(batch, first, count, memory);
  const int rows = chunk.lanes.rows, parts = rows_per_sample(mode_);
  Arena<Real> arena = lease.arena();
  Real* cotangent = arena.take(2 * std::size_t(rows));

  forward(chunk, Pass::differentiate, arena, {memory.log_psi.data(), memory.log_psi.data() + rows});
  for (int part = 0; part < parts; ++part) {
    Real* base = rows_out + part * row_stride;
    memory.host_values.assign(2 * std::size_t(rows), Real(0));
    std::fill_n(memory.host_values.begin() + part * rows, rows, Real(1));
    kernels::upload(device_, cotangent, memory.host_values.data(), 2 * std::size_t(rows) * sizeof(Real));
    backward(chunk, arena, {cotangent, cotangent + rows}, {base, parts * row_stride, count});
    for (const ParameterSlice& slice : dead_) {
      kernels::clear_rows(device_, base + slice.offset, parts * row_stride * sizeof(Real), slice.count * sizeof(Real), count);
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
void Network<Real>::fill_features(const Chunk& chunk, const Buffer<std::int32_t>& columns, Real* x) const {
  if (columns.size() == 0) return;
  kernels::network<Real>(device_).select_features(static_cast<int>(columns.size()), chunk.lanes.rows, chunk.valid, features_.data(),
                                                  static_cast<int>(feature_columns_), chunk.problem, columns.data(), x);
}

template <class Real>
void Network<Real>::unpack(const Chunk& chunk, const std::int32_t* modes, std::size_t count, Real* x) const {
  kernels::network<Real>(device_).unpack_spins(static_cast<int>(count), chunk.lanes.rows, chunk.valid, chunk.configurations, chunk.words, modes, x);
}

template class Network<float>;
template class Network<double>;

}  // namespace qs
