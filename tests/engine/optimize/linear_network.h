// A wavefunction whose derivatives are known: log psi = sum_k theta_k O_k(sigma) with O a hash of (sigma, k), so the Jacobian is a given random
// matrix.
#pragma once

#include <cmath>
#include <complex>
#include <limits>
#include <string>
#include <utility>
#include <vector>

#include "engine/base/error.h"
#include "engine/base/random.h"
#include "engine/optimize/optimizer.h"
#include "kernels/api/memory.h"

namespace qs::test {

class LinearNetwork : public Wavefunction {
 public:
  // Rows of the Jacobian are written to the memory of `device`; all else is computed on the host.
  LinearNetwork(std::int64_t parameters, JacobianMode mode, Precision precision, Device device = Device::cpu)
      : mode_(mode), precision_(precision), device_(device) {
    layout_.add("theta", {parameters});
  }
  LinearNetwork(ParameterLayout layout, JacobianMode mode, Precision precision)
      : layout_(std::move(layout)), mode_(mode), precision_(precision), device_(Device::cpu) {}

  // O_k(sigma); 0.3 keeps the means away from zero.
  static std::complex<double> derivative(Word sigma, std::int64_t k) {
    const RandomWords words = random_words({sigma, 7}, static_cast<std::uint32_t>(k), 0, 0);
    return {uniform01(words.word[0], words.word[1]) - 0.3, uniform01(words.word[2], words.word[3]) - 0.3};
  }
  // Row with this configuration has a NaN derivative by parameter 1.
  void spoil(Word sigma) { spoilt_ = sigma; }

  std::string kind() const override { return "linear"; }
  const ParameterLayout& layout() const override { return layout_; }
  JacobianMode jacobian_mode() const override { return mode_; }
  Precision precision() const override { return precision_; }
  Device device() const override { return device_; }
  std::vector<double> initial_parameters(RandomKey) const override { return std::vector<double>(layout_.total, 0.1); }
  void set_parameters(std::span<const double> parameters) override { theta_.assign(parameters.begin(), parameters.end()); }
  void set_features(const std::vector<std::vector<double>>&) override {}
  int chunk_rows() const override { return 8; }
  void log_psi_chunk(const ConfigurationBatch& batch, std::int64_t first, int count, std::complex<double>* out) const override {
    for (int i = 0; i < count; ++i) {
      out[i] = 0;
      for (std::int64_t k = 0; k < layout_.total; ++k) out[i] += theta_[k] * value(batch.row(first + i)[0], k);
    }
  }
  void log_psi_on_device(const DeviceRows&, int, const DeviceLogPsi&) const override { QS_ASSERT(false); }  // no test samples it
  void vjp_chunks(const ConfigurationBatch& batch, std::int64_t first, std::int64_t count, const std::complex<double>* weight,
                  double* gradient) const override {
    for (int i = 0; i < count; ++i) {
      for (std::int64_t k = 0; k < layout_.total; ++k) gradient[k] += (std::conj(weight[i]) * value(batch.row(first + i)[0], k)).real();
    }
  }
  void jacobian_chunk(const ConfigurationBatch& batch, std::int64_t first, int count, float* rows, std::int64_t stride) const override {
    fill(batch, first, count, rows, stride);
  }
  void jacobian_chunk(const ConfigurationBatch& batch, std::int64_t first, int count, double* rows, std::int64_t stride) const override {
    fill(batch, first, count, rows, stride);
  }
  double flops_per_evaluation() const override { return 2.0 * static_cast<double>(layout_.total); }
  WavefunctionMemory memory_on(Device) const override { return {.chunk_rows = chunk_rows()}; }

 private:
  std::complex<double> value(Word sigma, std::int64_t k) const {
    if (sigma == spoilt_ && k == 1) return std::numeric_limits<double>::quiet_NaN();
    const std::complex<double> o = derivative(sigma, k);
    return mode_ == JacobianMode::complex_log ? o : o.real();
  }
  template <class Real>
  void fill(const ConfigurationBatch& batch, std::int64_t first, int count, Real* rows, std::int64_t stride) const {
    QS_ASSERT((precision_ == Precision::float32) == (sizeof(Real) == 4));
    const int per_sample = rows_per_sample(mode_);
    std::vector<Real> part(layout_.total);
    for (int i = 0; i < per_sample * count; ++i) {
      for (std::int64_t k = 0; k < layout_.total; ++k) {
        const std::complex<double> o = value(batch.row(first + i / per_sample)[0], k);
        part[k] = static_cast<Real>(i % per_sample == 0 ? o.real() : o.imag());
      }
      kernels::upload(device_, rows + i * stride, part.data(), part.size() * sizeof(Real));
    }
  }

  ParameterLayout layout_;
  JacobianMode mode_;
  Precision precision_;
  Device device_;
  std::vector<double> theta_;
  Word spoilt_ = ~Word{0};
};

// Sample i: configuration i, problem i mod G, weights proportional to 1, 2, 3, 1, 2, 3, ... within a problem (zero for every 11th sample).
struct Row {
  Word sigma;
  int problem;
  double weight;
  std::complex<double> residual;
};

inline std::vector<Row> make_rows(int samples, int problems) {
  std::vector<Row> rows;
  std::vector<double> total(problems, 0.0);
  std::vector<std::complex<double>> mean(problems);
  for (int i = 0; i < samples; ++i) {
    const double weight = i % 11 == 10 ? 0.0 : 1.0 + i / problems % 3;
    const RandomWords words = random_words({99, 1}, static_cast<std::uint32_t>(i), 0, 0);
    rows.push_back({static_cast<Word>(i), i % problems, weight, {uniform01(words.word[0], words.word[1]), uniform01(words.word[2], words.word[3])}});
    total[i % problems] += weight;
  }
  for (Row& row : rows) {
    row.weight /= total[row.problem];
    mean[row.problem] += row.weight * row.residual;
  }
  for (Row& row : rows) row.residual -= mean[row.problem];
  return rows;
}

// This rank's share of the rows and residuals.
struct Share {
  SampleSet samples;
  std::vector<std::complex<double>> residual;

  Share(const std::vector<Row>& rows, int problems, const Communicator& comm)
      : samples{ConfigurationBatch(32, 0), {}, {}, {0}, Blocks(static_cast<std::int64_t>(rows.size()), comm.size(), comm.rank())} {
    samples.problems = problems;
    samples.total_rows = static_cast<std::int64_t>(rows.size());
    const Blocks& blocks = samples.blocks;
    for (int block = blocks.first(); block < blocks.last(); ++block) {
      for (std::int64_t i = blocks.begin(block); i < blocks.end(block); ++i) {
        samples.rows.push_back(&rows[i].sigma, rows[i].problem);
        samples.log_psi.emplace_back();
        samples.weight.push_back(rows[i].weight);
        residual.push_back(rows[i].residual);
      }
      samples.block_begin.push_back(samples.rows.rows());
    }
  }
};

}  // namespace qs::test
