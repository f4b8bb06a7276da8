// The part every network shares: parameters, features, workspaces, and the three chunk operations in terms of one forward and one backward.
#pragma once

#include <complex>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "engine/wavefunctions/layers/layer.h"
#include "engine/wavefunctions/wavefunction.h"
#include "engine/wavefunctions/workspace.h"

namespace qs {

template <class Real>
class Network : public Wavefunction {
 public:
  const ParameterLayout& layout() const final { return blueprint_.layout(); }
  JacobianMode jacobian_mode() const final { return mode_; }
  Precision precision() const final { return sizeof(Real) == sizeof(float) ? Precision::float32 : Precision::float64; }
  Device device() const final { return device_; }

  std::vector<double> initial_parameters(RandomKey key) const final { return initial_values(blueprint_.specs(), key); }
  void set_parameters(std::span<const double> parameters) final;
  void set_features(const std::vector<std::vector<double>>& features) final;

  int chunk_rows() const final { return chunk_rows_; }
  void log_psi_chunk(const ConfigurationBatch& batch, std::int64_t first, int count, std::complex<double>* out) const final;
  void log_psi_on_device(const DeviceRows& rows, int count, const DeviceLogPsi& out) const final;
  void vjp_chunks(const ConfigurationBatch& batch, std::int64_t first, std::int64_t count, const std::complex<double>* weight,
                  double* gradient) const final;
  void jacobian_chunk(const ConfigurationBatch& batch, std::int64_t first, int count, float* rows, std::int64_t row_stride) const final;
  void jacobian_chunk(const ConfigurationBatch& batch, std::int64_t first, int count, double* rows, std::int64_t row_stride) const final;
  double flops_per_evaluation() const final { return blueprint_.flops(); }
  WavefunctionMemory memory_on(Device device) const final;

 protected:
  struct Chunk : Run<Real> {
    int valid;
    int words;
    const Word* configurations;   // [valid][words], on the device
    const std::int32_t* problem;  // [valid], on the device
  };
  // Re and Im of log psi, [B] each, on the device.
  using LogPsi = DeviceLogPsi;
  // Cotangents of Re and Im of log psi, [B] each.
  struct Cotangent {
    const Real* re;
    const Real* im;
  };

  // `more_columns`: of NetworkInput::features, behind the named ones.
  Network(Device device, JacobianMode mode, const NetworkInput& input, std::size_t more_columns = 0);

  // For the constructors of layers (blueprint.h).
  Builder<Real> layer() { return blueprint_.layer(); }
  Builder<Real> layer_in_turn() { return blueprint_.layer_in_turn(); }
  // Called by the constructor of the final class once its layers exist: sizes workspaces and chunks.
  void plan();

  virtual void forward(const Chunk& chunk, LogPsi out) const = 0;
  // After a differentiating forward in the same memory.
  virtual void backward(const Chunk& chunk, Cotangent cotangent) const = 0;

  // x[c][b] = feature columns[c] of the problem of row b; lanes beyond the valid ones repeat row 0.
  void fill_features(const Chunk& chunk, const Buffer<std::int32_t>& columns, Real* x) const;
  // x[n][b] = +-1 for mode modes[n], n < count.
  void unpack(const Chunk& chunk, const std::int32_t* modes, std::size_t count, Real* x) const;
  void unpack(const Chunk& chunk, const Buffer<std::int32_t>& modes, Real* x) const { unpack(chunk, modes.data(), modes.size(), x); }

 private:
  // What the pool leases for an operation, and what a plan says of it.
  enum class Operation { log_psi, vjp, jacobian };
  ChunkSizes<Real> chunk_sizes(Operation operation, int rows) const;
  typename WorkspacePool<Real>::Lease lease(Operation operation) const { return workspaces_.lease(chunk_sizes(operation, chunk_rows_)); }
  int chunk_rows_on(Device device) const;
  // The pass over `count` rows in what is left of the arena.
  Chunk make_chunk(const DeviceRows& rows, int count, Pass pass, Arena<Real>& arena) const;
  // Brings rows [first, first + count) of the batch to the device.
  DeviceRows upload(const ConfigurationBatch& batch, std::int64_t first, int count, ChunkMemory<Real>& memory) const;
  std::size_t gradient_values() const;
  // sum[k] += the terms of one chunk.
  void add_vjp(const ConfigurationBatch& batch, std::int64_t first, int count, const std::complex<double>* weight, ChunkMemory<Real>& memory,
               Arena<Real> arena, Real* sum) const;
  void jacobian_rows(const ConfigurationBatch& batch, std::int64_t first, int count, Real* rows, std::int64_t row_stride) const;

  Device device_;
  JacobianMode mode_;
  int modes_;
  Blueprint<Real> blueprint_;
  std::size_t feature_columns_;
  std::int64_t problems_ = 0;
  Buffer<Real> features_;  // [problems][features], on the device
  int chunk_rows_ = 0;
  bool packed_ = false;
  mutable WorkspacePool<Real> workspaces_;  // of device_
};

}  // namespace qs
