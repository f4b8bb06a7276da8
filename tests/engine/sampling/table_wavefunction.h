// A wavefunction given by its amplitudes on the basis of small sectors: the exact distribution is known, and no network is involved.
#pragma once

#include <atomic>
#include <complex>
#include <string>
#include <vector>

#include "engine/base/random.h"
#include "engine/wavefunctions/wavefunction.h"
#include "hamiltonians/problem.h"
#include "hamiltonians/registry.h"

namespace qs::testing_table {

class TableWavefunction final : public Wavefunction {
 public:
  // log_psi[g][index of the state in problem g's sector].
  TableWavefunction(const ProblemFamily& family, std::vector<std::vector<std::complex<double>>> log_psi)
      : family_(family), log_psi_(std::move(log_psi)) {}

  std::string kind() const override { return "table"; }
  const ParameterLayout& layout() const override { return layout_; }
  JacobianMode jacobian_mode() const override { return JacobianMode::complex_log; }
  Precision precision() const override { return Precision::float64; }
  Device device() const override { return Device::cpu; }
  std::vector<double> initial_parameters(RandomKey) const override { return {}; }
  void set_parameters(std::span<const double>) override {}
  void set_features(const std::vector<std::vector<double>>&) override {}
  int chunk_rows() const override { return 7; }
  void log_psi_chunk(const ConfigurationBatch& batch, std::int64_t first, int count, std::complex<double>* out) const override {
    evaluations_ += count;
    for (int i = 0; i < count; ++i) {
      const int g = batch.problem[first + i];
      out[i] = log_psi_[g][family_.problems[g].sector.index(*batch.row(first + i))];
    }
  }
  void log_psi_on_device(const DeviceRows& rows, int count, const DeviceLogPsi& out) const override {
    evaluations_ += count;
    for (int i = 0; i < count; ++i) {
      const std::complex<double> value = log_psi_[rows.problem[i]][family_.problems[rows.problem[i]].sector.index(rows.bits[i])];
      out.re[i] = value.real();
      out.im[i] = value.imag();
    }
  }
  void vjp_chunks(const ConfigurationBatch&, std::int64_t, std::int64_t, const std::complex<double>*, double*) const override {}
  void jacobian_chunk(const ConfigurationBatch&, std::int64_t, int, float*, std::int64_t) const override {}
  void jacobian_chunk(const ConfigurationBatch&, std::int64_t, int, double*, std::int64_t) const override {}
  double flops_per_evaluation() const override { return 1; }
  WavefunctionMemory memory_on(Device) const override { return {.chunk_rows = chunk_rows()}; }

  std::complex<double>& at(int g, std::int64_t index) { return log_psi_[g][index]; }
  const std::vector<std::complex<double>>& table(int g) const { return log_psi_[g]; }
  std::int64_t evaluations() const { return evaluations_; }

 private:
  const ProblemFamily& family_;
  std::vector<std::vector<std::complex<double>>> log_psi_;
  ParameterLayout layout_;
  mutable std::atomic<std::int64_t> evaluations_{0};
};

// Re log psi uniform in [-spread, spread], any phase.
inline std::vector<std::vector<std::complex<double>>> random_table(const ProblemFamily& family, double spread, std::uint64_t seed) {
  std::vector<std::vector<std::complex<double>>> table;
  for (int g = 0; g < family.size(); ++g) {
    table.emplace_back(family.problems[g].sector.dimension());
    for (std::size_t i = 0; i < table.back().size(); ++i) {
      const RandomWords w = random_words({.seed = seed}, static_cast<std::uint32_t>(g), i, 0);
      table.back()[i] = {spread * (2 * uniform01(w.word[0], w.word[1]) - 1), 6.283185307179586 * uniform01(w.word[2], w.word[3])};
    }
  }
  return table;
}

// |psi|^power / sum, by definition.
inline std::vector<double> exact_distribution(const std::vector<std::complex<double>>& log_psi, double power = 2) {
  std::vector<double> p;
  double sum = 0;
  for (const auto& value : log_psi) sum += p.emplace_back(std::exp(power * value.real()));
  for (double& each : p) each /= sum;
  return p;
}

// Systems of the tests.
inline SystemOptions chain(const std::string& model, int sites, SectorOptions sector, Boundary boundary = Boundary::periodic) {
  SystemOptions options;
  options.lattice = {.kind = "chain", .size = {sites}, .boundary = {boundary}};
  options.sector = sector;
  options.sector.sites = sites;
  options.model = model;
  return options;
}
inline SystemOptions square(const std::string& model, int lx, int ly, SectorOptions sector) {
  SystemOptions options;
  options.lattice = {.kind = "square", .size = {lx, ly}, .boundary = {Boundary::periodic, Boundary::periodic}};
  options.sector = sector;
  options.sector.sites = lx * ly;
  options.model = model;
  return options;
}
inline SectorOptions spins(int up) { return {.kind = SectorKind::spin_half, .sites = 0, .up = up}; }
inline SectorOptions fermions(int particles) { return {.kind = SectorKind::spinless_fermions, .sites = 0, .up = particles}; }
inline SectorOptions electrons(int up, int down) { return {.kind = SectorKind::spinful_fermions, .sites = 0, .up = up, .down = down}; }

// Wilson-Hilferty: a chi-square with k degrees of freedom as a standard normal number. |z| < 3.09 means p in [0.001, 0.999].
inline double chi_square_z(double chi_square, double k) { return (std::cbrt(chi_square / k) - (1 - 2 / (9 * k))) / std::sqrt(2 / (9 * k)); }

}  // namespace qs::testing_table
