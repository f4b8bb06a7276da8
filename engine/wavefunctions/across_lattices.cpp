#include "engine/wavefunctions/across_lattices.h"

#include <algorithm>
#include <utility>

#include "engine/base/error.h"
#include "kernels/api/memory.h"

namespace qs {
namespace {

bool same_tensors(const ParameterLayout& a, const ParameterLayout& b) {
  return std::equal(a.slices.begin(), a.slices.end(), b.slices.begin(), b.slices.end(),
                    [](const ParameterSlice& x, const ParameterSlice& y) { return x.path == y.path && x.shape == y.shape; });
}

}  // namespace

AcrossLattices::AcrossLattices(std::vector<std::unique_ptr<Wavefunction>> parts, std::vector<int> modes)
    : parts_(std::move(parts)), modes_(std::move(modes)) {
  QS_ASSERT(!parts_.empty() && parts_.size() == modes_.size());
  for (const auto& part : parts_) {
    if (!same_tensors(part->layout(), layout()))
      throw InputError(
          "wavefunction " + kind() +
          " has other parameters on one of these lattices than on another (their dimension, and whether they have two sublattices, decide "
          "what it is told of distances); train them in stages of their own");
  }
  if (!kernels::shares_host_memory(device()))
    throw InputError("a stage over several lattices computes on the CPU only; write device: cpu, or a stage for each lattice");
}

void AcrossLattices::set_parameters(std::span<const double> parameters) {
  for (const auto& part : parts_) part->set_parameters(parameters);
}

// Every part gets the whole table, so that rows keep the numbers of their problems.
void AcrossLattices::set_features(const std::vector<std::vector<double>>& features) {
  lattice_of_.clear();
  std::vector<std::vector<double>> table;
  for (const std::vector<double>& row : features) {
    lattice_of_.push_back(static_cast<int>(row.at(0)));
    table.emplace_back(row.begin() + 1, row.end());
  }
  for (const auto& part : parts_) part->set_features(table);
}

int AcrossLattices::chunk_rows() const {
  int rows = first().chunk_rows();
  for (const auto& part : parts_) rows = std::min(rows, part->chunk_rows());
  return rows;
}

std::vector<AcrossLattices::Stretch> AcrossLattices::stretches(const DeviceRows& rows, std::int64_t count) const {
  std::vector<Stretch> all;
  for (std::int64_t i = 0; i < count; ++i) {
    const int lattice = lattice_of_.at(rows.problem[i]);
    const Wavefunction* part = parts_[lattice].get();
    if (all.empty() || all.back().part != part) all.push_back({part, i, ConfigurationBatch(modes_[lattice], 0)});
    all.back().rows.push_back(rows.bits + i * rows.words, rows.problem[i]);
  }
  return all;
}

void AcrossLattices::log_psi_chunk(const ConfigurationBatch& batch, std::int64_t first, int count, std::complex<double>* out) const {
  for (const Stretch& each : stretches(batch, first, count)) each.part->log_psi_chunk(each.rows, 0, each.count(), out + each.begin);
}

// Through memory of its own: a part may overwrite what stands behind its rows.
void AcrossLattices::log_psi_on_device(const DeviceRows& rows, int count, const DeviceLogPsi& out) const {
  std::vector<std::complex<double>> values;
  for (const Stretch& each : stretches(rows, count)) {
    values.resize(each.rows.rows());
    each.part->log_psi_chunk(each.rows, 0, each.count(), values.data());
    for (std::size_t i = 0; i < values.size(); ++i) {
      out.re[each.begin + static_cast<std::int64_t>(i)] = values[i].real();
      out.im[each.begin + static_cast<std::int64_t>(i)] = values[i].imag();
    }
  }
}

void AcrossLattices::vjp_chunks(const ConfigurationBatch& batch, std::int64_t first, std::int64_t count, const std::complex<double>* weight,
                                double* gradient) const {
  for (const Stretch& each : stretches(batch, first, count)) each.part->vjp_chunks(each.rows, 0, each.count(), weight + each.begin, gradient);
}

template <class Real>
void AcrossLattices::jacobian_rows(const ConfigurationBatch& batch, std::int64_t first, int count, Real* rows, std::int64_t row_stride) const {
  const std::int64_t sample_stride = rows_per_sample(jacobian_mode()) * row_stride;
  for (const Stretch& each : stretches(batch, first, count))
    each.part->jacobian_chunk(each.rows, 0, each.count(), rows + each.begin * sample_stride, row_stride);
}

void AcrossLattices::jacobian_chunk(const ConfigurationBatch& batch, std::int64_t first, int count, float* rows, std::int64_t row_stride) const {
  jacobian_rows(batch, first, count, rows, row_stride);
}

void AcrossLattices::jacobian_chunk(const ConfigurationBatch& batch, std::int64_t first, int count, double* rows, std::int64_t row_stride) const {
  jacobian_rows(batch, first, count, rows, row_stride);
}

double AcrossLattices::flops_per_evaluation() const {
  double most = 0;
  for (const auto& part : parts_) most = std::max(most, part->flops_per_evaluation());
  return most;
}

// A thread keeps the largest chunk of every part that it has computed.
WavefunctionMemory AcrossLattices::memory_on(Device device) const {
  WavefunctionMemory total{.chunk_rows = chunk_rows()};
  for (const auto& part : parts_) {
    const WavefunctionMemory one = part->memory_on(device);
    total.weights += one.weights;
    total.log_psi_chunk += one.log_psi_chunk;
    total.vjp_chunk += one.vjp_chunk;
    total.jacobian_chunk += one.jacobian_chunk;
  }
  return total;
}

}  // namespace qs
