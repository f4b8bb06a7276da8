// A network projected on a sector of the symmetry group: psi_s(sigma) = (d/|G|) sum_h chi(h) s_h(sigma) psi(h sigma), with the same parameters. Where
// every function of the sector vanishes, because an element leaves sigma as it is and changes the sign, psi_s is zero exactly and the network is not
// asked. Where the network itself does not change under N, the sum is over cosets N h, one evaluation each.
#pragma once

#include <complex>
#include <memory>
#include <string>
#include <vector>

#include "engine/wavefunctions/wavefunction.h"
#include "hamiltonians/symmetry/symmetry_sector.h"

namespace qs {

class Projected final : public Wavefunction {
 public:
  // `invariances`: permutations of modes that leave the network's psi as it is, whatever its parameters are; they generate N. Throws SymmetryError if
  // psi_s vanishes for every network with them. The device must compute in host memory.
  Projected(std::unique_ptr<Wavefunction> bare, std::shared_ptr<const SymmetrySector> symmetry, const std::vector<std::vector<int>>& invariances);

  int evaluations() const { return static_cast<int>(summed_); }  // of the network for one of psi_s
  const Wavefunction& bare() const { return *bare_; }
  const SymmetrySector& symmetry() const { return *symmetry_; }

  // What the sum over the group is made of, for a row of a batch.
  struct Inside {
    // |psi_s| over the sum of the magnitudes of its terms: the relative rounding of psi_s is that of log psi divided by it. 0 where psi_s is zero.
    double kappa = 0;
    bool allowed = false;  // there are functions of the sector that are not zero here
    double log_mean = 0;   // ln of the mean of |psi(h sigma)|^power over the whole group
  };
  std::vector<Inside> inside(const ConfigurationBatch& batch, double power) const;

  std::string kind() const override { return bare_->kind(); }
  const ParameterLayout& layout() const override { return bare_->layout(); }
  JacobianMode jacobian_mode() const override;
  Precision precision() const override { return bare_->precision(); }
  Device device() const override { return bare_->device(); }
  std::vector<double> initial_parameters(RandomKey key) const override { return bare_->initial_parameters(key); }
  void set_parameters(std::span<const double> parameters) override { bare_->set_parameters(parameters); }
  void set_features(const std::vector<std::vector<double>>& features) override { bare_->set_features(features); }
  int chunk_rows() const override { return bare_->chunk_rows(); }
  void log_psi_chunk(const ConfigurationBatch& batch, std::int64_t first, int count, std::complex<double>* out) const override;
  void log_psi_on_device(const DeviceRows& rows, int count, const DeviceLogPsi& out) const override;
  void vjp_chunks(const ConfigurationBatch& batch, std::int64_t first, std::int64_t count, const std::complex<double>* weight,
                  double* gradient) const override;
  void jacobian_chunk(const ConfigurationBatch& batch, std::int64_t first, int count, float* rows, std::int64_t row_stride) const override;
  void jacobian_chunk(const ConfigurationBatch& batch, std::int64_t first, int count, double* rows, std::int64_t row_stride) const override;
  double flops_per_evaluation() const override { return evaluations() * bare_->flops_per_evaluation(); }
  WavefunctionMemory memory_on(Device device) const override { return bare_->memory_on(device); }

 private:
  // Elements whose images the network does not tell apart, and their (d/|G|) chi(h); the first one's image is what it is asked for.
  struct Coset {
    std::vector<std::int64_t> elements;
    std::vector<std::complex<double>> coefficients;
  };
  // What psi_s at some rows is a sum over; rows where it is zero by symmetry have nothing.
  struct Images {
    ConfigurationBatch rows;
    std::vector<std::complex<double>> coefficient;
    std::vector<std::int64_t> begin;  // [rows of psi_s + 1]
  };
  Images images_of(const ConfigurationBatch& batch, std::int64_t first, std::int64_t count) const;
  // sum over a coset of (d/|G|) chi(h) s_h(sigma); `image`: of its first element.
  std::complex<double> coefficient_at(const Coset& coset, const Word* sigma, Word* image) const;
  std::vector<Inside> inside_window(const ConfigurationBatch& batch, std::int64_t first, std::int64_t count, double power) const;
  std::vector<std::complex<double>> bare_log_psi(const ConfigurationBatch& rows) const;
  // p_h = c_h psi(h sigma) / psi_s(sigma): the derivative of log psi_s is the sum of p_h times those of log psi.
  std::vector<std::complex<double>> shares(const Images& images) const;
  template <class Real>
  void jacobian_rows(const ConfigurationBatch& batch, std::int64_t first, int count, Real* rows, std::int64_t row_stride) const;

  std::unique_ptr<Wavefunction> bare_;
  std::shared_ptr<const SymmetrySector> symmetry_;
  std::vector<Coset> cosets_;  // those that take part in the sum, then the others
  std::size_t summed_ = 0;
};

// Of a wavefunction as its Markov chains see it; null if it is not projected.
const Projected* projection_of(const Wavefunction& psi);

}  // namespace qs
