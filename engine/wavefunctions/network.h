// The part every network shares: parameters, features, workspaces, and the three chunk operations in terms of one forward and one backward.
#pragma once

#include <complex>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "engine/wavefunctions/layers/layer.h"
#include "engine/wavefunctions/wavefunction.h"

namespace qs {

template <class Real>
class Network : public Wavefunction {
 public:
  const ParameterLayout& layout() const final { return layout_; }
  JacobianMode jacobian_mode() const final { return mode_; }
  Precision precision() const final { return sizeof(Real) == sizeof(float) ? Precision::float32 : Precision::float64; }
  Device device() const final { return device_; }

  std::vector<double> initial_parameters(RandomKey key) const final { return initial_values(specs_, key); }
  void set_parameters(std::span<const double> parameters) final;
  void set_features(const std::vector<std::vector<double>>& features) final;

  int chunk_rows() const final { return chunk_rows_; }
  void log_psi_chunk(const ConfigurationBatch& batch, std::int64_t first, int count, std::complex<double>* out) const final;
  void log_psi_on_device(const DeviceRows& rows, int count, const DeviceLogPsi& out) const final;
  void vjp_chunks(const ConfigurationBatch& batch, std::int64_t first, std::int64_t count, const std::complex<double>* weight,
                  double* gradient) const final;
  void jacobian_chunk(const ConfigurationBatch& batch, std::int64_t first, int count, float* rows, std::int64_t row_stride) const final;
  void jacobian_chunk(const ConfigurationBatch& batch, std::int64_t first, int count, double* rows, std::int64_t row_stride) const final;
  WavefunctionMemory memory_on(Device device) const final;

 protected:
  struct Chunk {
    Lanes lanes;
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

  // `specs` in flat order; `dead` paths have no influence on log psi, their gradient is zero.
  Network(Device device, JacobianMode mode, std::vector<TensorSpec> specs, std::vector<std::string> dead, const NetworkInput& input);

  // For the constructors of layers.
  Tensors tensors() const { return {layout_, device_}; }
  // A list of indices (modes, columns of features) where the primitives read it.
  Buffer<std::int32_t> indices(const std::vector<std::int32_t>& list) const { return buffer_of(device_, list); }
  // Called by the constructor of the final class once its layers exist: sizes workspaces and chunks.
  void plan();

  // Packs the weights of every layer.
  virtual void load(std::span<const double> parameters) = 0;
  // Values forward (and, when differentiating, backward) take from the arena for `rows` lanes.
  virtual std::size_t arena_values(int rows, Pass pass) const = 0;
  virtual void forward(const Chunk& chunk, Pass pass, Arena<Real> arena, LogPsi out) const = 0;
  // After a differentiating forward on the same arena.
  virtual void backward(const Chunk& chunk, Arena<Real> arena, Cotangent cotangent, const Gradient<Real>& gradient) const = 0;

  // x[c][b] = feature columns[c] of the problem of row b; lanes beyond the valid ones repeat row 0.
  void fill_features(const Chunk& chunk, const Buffer<std::int32_t>& columns, Real* x) const;
  // x[n][b] = +-1 for mode modes[n], n < count.
  void unpack(const Chunk& chunk, const std::int32_t* modes, std::size_t count, Real* x) const;

 private:
  // What the pool leases for an operation, and what a plan says of it.
  enum class Operation { log_psi, vjp, jacobian };
  ChunkSizes<Real> chunk_sizes(Operation operation, int rows) const;
  typename WorkspacePool<Real>::Lease lease(Operation operation) const { return workspaces_.lease(chunk_sizes(operation, chunk_rows_)); }
  int chunk_rows_on(Device device) const;
  // Brings rows [first, first + count) to the device.
  Chunk make_chunk(const ConfigurationBatch& batch, std::int64_t first, int count, ChunkMemory<Real>& memory) const;
  std::size_t gradient_values() const;
  // sum[k] += the terms of one chunk.
  void add_vjp(const ConfigurationBatch& batch, std::int64_t first, int count, const std::complex<double>* weight, ChunkMemory<Real>& memory,
               Arena<Real> arena, Real* sum) const;
  void jacobian_rows(const ConfigurationBatch& batch, std::int64_t first, int count, Real* rows, std::int64_t row_stride) const;

  Device device_;
  JacobianMode mode_;
  int modes_;
  std::vector<TensorSpec> specs_;
  ParameterLayout layout_;
  std::vector<ParameterSlice> dead_;
  std::size_t feature_columns_;
  std::int64_t problems_ = 0;
  Buffer<Real> features_;  // [problems][features], on the device
  int chunk_rows_ = 0;
  bool packed_ = false;
  mutable WorkspacePool<Real> workspaces_;  // of device_
};

}  // namespace qs
