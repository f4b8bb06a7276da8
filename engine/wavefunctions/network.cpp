#include "engine/wavefunctions/network.h"

#include <algorithm>
#include <type_traits>
#include <utility>

#include "engine/base/error.h"
#include "kernels/api/device.h"
#include "kernels/api/memory.h"

namespace qs {
template <class Real>
Network<Real>::Network(Device device, JacobianMode mode, const NetworkInput& input, std::size_t more_columns)
    : device_(device),
      mode_(mode),
      modes_(input.modes),
      blueprint_(device),
      feature_columns_(input.feature_names.size() + more_columns),
      workspaces_(device) {
  set_features(input.features);
}

template <class Real>
void Network<Real>::plan() {
  blueprint_.finish();
  chunk_rows_ = chunk_rows_on(device_);
}

template <class Real>
int Network<Real>::chunk_rows_on(Device device) const {
  const int group = lane_multiple<Real>();
  return group * lane_groups_per_chunk(device, blueprint_.memory().all(Pass::evaluate) * group * sizeof(Real));
}

template <class Real>
ChunkSizes<Real> Network<Real>::chunk_sizes(Operation operation, int rows) const {
  const std::size_t lanes = static_cast<std::size_t>(rows);
  std::size_t arena = lanes * blueprint_.memory().all(operation == Operation::log_psi ? Pass::evaluate : Pass::differentiate);
  if (operation != Operation::log_psi) arena += 2 * lanes;  // cotangents
  if (operation == Operation::vjp) arena += gradient_values();
  return {.arena = arena, .configurations = lanes * words_for(modes_), .problem = lanes, .log_psi = 2 * lanes};
}

template <class Real>
WavefunctionMemory Network<Real>::memory_on(Device device) const {
  const int rows = chunk_rows_on(device);
  return {.chunk_rows = rows,
          .weights = 2 * static_cast<std::size_t>(layout().total) * sizeof(Real),
          .log_psi_chunk = chunk_sizes(Operation::log_psi, rows).bytes(),
          .vjp_chunk = chunk_sizes(Operation::vjp, rows).bytes(),
          .jacobian_chunk = chunk_sizes(Operation::jacobian, rows).bytes()};
}

template <class Real>
void Network<Real>::set_parameters(std::span<const double> parameters) {
  QS_ASSERT(static_cast<std::int64_t>(parameters.size()) == layout().total);
  blueprint_.load(parameters);
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
DeviceRows Network<Real>::upload(const ConfigurationBatch& batch, std::int64_t first, int count, ChunkMemory<Real>& memory) const {
  QS_ASSERT(batch.modes == modes_ && count > 0 && count <= chunk_rows_ && first >= 0 && first + count <= batch.rows());
  const std::int32_t* problem = batch.problem.data() + first;
  for (int b = 0; b < count && feature_columns_ > 0; ++b) QS_ASSERT(problem[b] >= 0 && problem[b] < problems_);
  memory.configurations.upload(batch.row(first), std::size_t(count) * batch.words);
  memory.problem.upload(problem, count);
  return {memory.configurations.data(), batch.words, memory.problem.data()};
}

template <class Real>
typename Network<Real>::Chunk Network<Real>::make_chunk(const DeviceRows& rows, int count, Pass pass, Arena<Real>& arena) const {
  QS_ASSERT(packed_ && rows.words == words_for(modes_) && count > 0 && count <= chunk_rows_);
  const MemoryPlan& memory = blueprint_.memory();
  const int lanes = padded_rows(device_, count, chunk_rows_, lane_multiple<Real>());
  Real* kept = arena.take(memory.all(pass) * lanes);
  return {{device_, lanes, pass, kept, kept + memory.kept(pass) * lanes, {}}, count, rows.words, rows.bits, rows.problem};
}

// [P], padded so that what follows stays aligned.
template <class Real>
std::size_t Network<Real>::gradient_values() const {
  const std::size_t group = lane_multiple<Real>();
  return (static_cast<std::size_t>(layout().total) + group - 1) / group * group;
}

template <class Real>
void Network<Real>::log_psi_chunk(const ConfigurationBatch& batch, std::int64_t first, int count, std::complex<double>* out) const {
  auto lease = this->lease(Operation::log_psi);
  ChunkMemory<Real>& memory = lease.memory();
  Arena<Real> arena = lease.arena();
  const Chunk chunk = make_chunk(upload(batch, first, count, memory), count, Pass::evaluate, arena);

  forward(chunk, {memory.log_psi.data(), memory.log_psi.data() + chunk.rows});
  const double* log_psi = host_view(device_, memory.log_psi.data(), 2 * std::size_t(chunk.rows), memory.host_log_psi);
  for (int b = 0; b < count; ++b) out[b] = {log_psi[b], log_psi[chunk.rows + b]};
}

template <class Real>
void Network<Real>::log_psi_on_device(const DeviceRows& rows, int count, const DeviceLogPsi& out) const {
  auto lease = this->lease(Operation::log_psi);
  Arena<Real> arena = lease.arena();
  forward(make_chunk(rows, count, Pass::evaluate, arena), out);
}

template <class Real>
void Network<Real>::vjp_chunks(const ConfigurationBatch& batch, std::int64_t first, std::int64_t count, const std::complex<double>* weight,
                               double* gradient) const {
  auto lease = this->lease(Operation::vjp);
  ChunkMemory<Real>& memory = lease.memory();
  Arena<Real> arena = lease.arena();
  const std::int64_t total = layout().total;
  Real* sum = arena.take(gradient_values());
  kernels::clear(device_, sum, total * sizeof(Real));
  for (std::int64_t begin = 0; begin < count; begin += chunk_rows_) {
    const int rows = static_cast<int>(std::min<std::int64_t>(chunk_rows_, count - begin));
    add_vjp(batch, first + begin, rows, weight + begin, memory, arena, sum);
  }
  const Real* terms = host_view(device_, sum, static_cast<std::size_t>(total), memory.host_values);
  for (std::int64_t k = 0; k < total; ++k) gradient[k] += static_cast<double>(terms[k]);
}

template <class Real>
void Network<Real>::add_vjp(const ConfigurationBatch& batch, std::int64_t first, int count, const std::complex<double>* weight,
                            ChunkMemory<Real>& memory, Arena<Real> arena, Real* sum) const {
  Chunk chunk = make_chunk(upload(batch, first, count, memory), count, Pass::differentiate, arena);
  const std::size_t rows = static_cast<std::size_t>(chunk.rows);
  Real* cotangent = arena.take(2 * rows);
  memory.host_values.assign(2 * rows, Real(0));
  for (int b = 0; b < count; ++b) {
    memory.host_values[b] = static_cast<Real>(weight[b].real());
    memory.host_values[rows + b] = static_cast<Real>(weight[b].imag());
  }
  kernels::upload(device_, cotangent, memory.host_values.data(), 2 * rows * sizeof(Real));

  forward(chunk, {memory.log_psi.data(), memory.log_psi.data() + rows});
  chunk.gradient = {sum, 0, count};
  backward(chunk, {cotangent, cotangent + rows});
}

// One forward, then one backward per real row: cotangents (1, 0) give d Re log psi, (0, 1) give d Im log psi.
template <class Real>
void Network<Real>::jacobian_rows(const ConfigurationBatch& batch, std::int64_t first, int count, Real* rows_out, std::int64_t row_stride) const {
  auto lease = this->lease(Operation::jacobian);
  ChunkMemory<Real>& memory = lease.memory();
  Arena<Real> arena = lease.arena();
  Chunk chunk = make_chunk(upload(batch, first, count, memory), count, Pass::differentiate, arena);
  const int rows = chunk.rows, parts = rows_per_sample(mode_);
  Real* cotangent = arena.take(2 * std::size_t(rows));

  forward(chunk, {memory.log_psi.data(), memory.log_psi.data() + rows});
  for (int part = 0; part < parts; ++part) {
    chunk.gradient = {rows_out + part * row_stride, parts * row_stride, count};
    memory.host_values.assign(2 * std::size_t(rows), Real(0));
    std::fill_n(memory.host_values.begin() + part * rows, rows, Real(1));
    kernels::upload(device_, cotangent, memory.host_values.data(), 2 * std::size_t(rows) * sizeof(Real));
    backward(chunk, {cotangent, cotangent + rows});
    for (const ParameterSlice& slice : blueprint_.dead()) {
      kernels::memory(device_).clear_rows(chunk.gradient.base + slice.offset, parts * row_stride * sizeof(Real), slice.count * sizeof(Real), count);
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
  kernels::network<Real>(device_).select_features(static_cast<int>(columns.size()), chunk.rows, chunk.valid, features_.data(),
                                                  static_cast<int>(feature_columns_), chunk.problem, columns.data(), x);
}

template <class Real>
void Network<Real>::unpack(const Chunk& chunk, const std::int32_t* modes, std::size_t count, Real* x) const {
  kernels::network<Real>(device_).unpack_spins(static_cast<int>(count), chunk.rows, chunk.valid, chunk.configurations, chunk.words, modes, x);
}

template class Network<float>;
template class Network<double>;

}  // namespace qs
