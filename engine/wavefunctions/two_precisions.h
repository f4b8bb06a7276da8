// A wavefunction with a float32 twin of the same parameters for its Markov chains, which take most evaluations of a float64 network that can do with
// half the digits: samplers weight what the twin visits, so that no mean depends on its rounding.
#pragma once

#include <memory>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "engine/wavefunctions/wavefunction.h"

namespace qs {

class TwoPrecisions final : public Wavefunction {
 public:
  // Two networks of one description, differing in precision alone. Everything but for_chains() is `fine`.
  TwoPrecisions(std::unique_ptr<Wavefunction> fine, std::unique_ptr<Wavefunction> coarse) : fine_(std::move(fine)), coarse_(std::move(coarse)) {}

  const Wavefunction& for_chains() const override { return *coarse_; }
  void set_parameters(std::span<const double> parameters) override {
    fine_->set_parameters(parameters);
    coarse_->set_parameters(parameters);
  }
  void set_features(const std::vector<std::vector<double>>& features) override {
    fine_->set_features(features);
    coarse_->set_features(features);
  }

  std::string kind() const override { return fine_->kind(); }
  const ParameterLayout& layout() const override { return fine_->layout(); }
  JacobianMode jacobian_mode() const override { return fine_->jacobian_mode(); }
  Precision precision() const override { return fine_->precision(); }
  Device device() const override { return fine_->device(); }
  std::vector<double> initial_parameters(RandomKey key) const override { return fine_->initial_parameters(key); }
  int chunk_rows() const override { return fine_->chunk_rows(); }
  void log_psi_chunk(const ConfigurationBatch& batch, std::int64_t first, int count, std::complex<double>* out) const override {
    fine_->log_psi_chunk(batch, first, count, out);
  }
  void log_psi_on_device(const DeviceRows& rows, int count, const DeviceLogPsi& out) const override { fine_->log_psi_on_device(rows, count, out); }
  void vjp_chunks(const ConfigurationBatch& batch, std::int64_t first, std::int64_t count, const std::complex<double>* weight,
                  double* gradient) const override {
    fine_->vjp_chunks(batch, first, count, weight, gradient);
  }
  void jacobian_chunk(const ConfigurationBatch& batch, std::int64_t first, int count, float* rows, std::int64_t row_stride) const override {
    fine_->jacobian_chunk(batch, first, count, rows, row_stride);
  }
  void jacobian_chunk(const ConfigurationBatch& batch, std::int64_t first, int count, double* rows, std::int64_t row_stride) const override {
    fine_->jacobian_chunk(batch, first, count, rows, row_stride);
  }
  double flops_per_evaluation() const override { return fine_->flops_per_evaluation(); }
  // Of both: either keeps its chunks.
  WavefunctionMemory memory_on(Device device) const override {
    WavefunctionMemory memory = fine_->memory_on(device);
    const WavefunctionMemory coarse = coarse_->memory_on(device);
    memory.weights += coarse.weights;
    memory.log_psi_chunk += coarse.log_psi_chunk;
    memory.vjp_chunk += coarse.log_psi_chunk;
    memory.jacobian_chunk += coarse.log_psi_chunk;
    return memory;
  }

 private:
  std::unique_ptr<Wavefunction> fine_, coarse_;
};

}  // namespace qs
