// One network on several lattices: a wavefunction for each, all with the same parameters, as long as none of them counts sites. A row goes to the
// lattice of its problem.
#pragma once

#include <complex>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "engine/wavefunctions/wavefunction.h"

namespace qs {

class AcrossLattices final : public Wavefunction {
 public:
  // modes[k]: of part k. InputError where the parts do not have the same tensors. The device must compute in host memory.
  AcrossLattices(std::vector<std::unique_ptr<Wavefunction>> parts, std::vector<int> modes);

  std::string kind() const override { return first().kind(); }
  const ParameterLayout& layout() const override { return first().layout(); }
  JacobianMode jacobian_mode() const override { return first().jacobian_mode(); }
  Precision precision() const override { return first().precision(); }
  Device device() const override { return first().device(); }
  std::vector<double> initial_parameters(RandomKey key) const override { return first().initial_parameters(key); }
  void set_parameters(std::span<const double> parameters) override;
  // In front of its features, every row has the number of its lattice.
  void set_features(const std::vector<std::vector<double>>& features) override;
  int chunk_rows() const override;
  void log_psi_chunk(const ConfigurationBatch& batch, std::int64_t first, int count, std::complex<double>* out) const override;
  void log_psi_on_device(const DeviceRows& rows, int count, const DeviceLogPsi& out) const override;
  void vjp_chunks(const ConfigurationBatch& batch, std::int64_t first, std::int64_t count, const std::complex<double>* weight,
                  double* gradient) const override;
  void jacobian_chunk(const ConfigurationBatch& batch, std::int64_t first, int count, float* rows, std::int64_t row_stride) const override;
  void jacobian_chunk(const ConfigurationBatch& batch, std::int64_t first, int count, double* rows, std::int64_t row_stride) const override;
  double flops_per_evaluation() const override;  // on the largest lattice
  WavefunctionMemory memory_on(Device device) const override;

 private:
  // Neighbouring rows of one lattice, as its part reads them; `begin`: the first of them among the rows asked for.
  struct Stretch {
    const Wavefunction* part;
    std::int64_t begin;
    ConfigurationBatch rows;

    int count() const { return static_cast<int>(rows.rows()); }
  };
  std::vector<Stretch> stretches(const DeviceRows& rows, std::int64_t count) const;
  std::vector<Stretch> stretches(const ConfigurationBatch& batch, std::int64_t first, std::int64_t count) const {
    return stretches({batch.row(first), batch.words, batch.problem.data() + first}, count);
  }
  template <class Real>
  void jacobian_rows(const ConfigurationBatch& batch, std::int64_t first, int count, Real* rows, std::int64_t row_stride) const;
  const Wavefunction& first() const { return *parts_.front(); }

  std::vector<std::unique_ptr<Wavefunction>> parts_;
  std::vector<int> modes_;       // of the parts
  std::vector<int> lattice_of_;  // [problems]
};

}  // namespace qs
