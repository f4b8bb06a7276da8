// Systems, networks and samplers whose chains live on a GPU, and the same network seen from the host.
#pragma once

#include <complex>
#include <memory>
#include <ostream>
#include <string>
#include <vector>

#include "engine/sampling/sampler.h"
#include "engine/wavefunctions/qstage.h"
#include "engine/wavefunctions/rbm.h"
#include "engine/wavefunctions/vit.h"
#include "table_wavefunction.h"
#include "tests/engine/wavefunctions/fixtures.h"

namespace qs::gpu_chains {

using namespace testing_table;  // NOLINT: systems of the tests

// A network on the GPU whose values come to the host, where the sampler then keeps its chains.
class SeenFromTheHost final : public Wavefunction {
 public:
  explicit SeenFromTheHost(const Wavefunction& network, int modes) : network_(network), modes_(modes) {}

  std::string kind() const override { return network_.kind(); }
  const ParameterLayout& layout() const override { return network_.layout(); }
  JacobianMode jacobian_mode() const override { return network_.jacobian_mode(); }
  Precision precision() const override { return network_.precision(); }
  Device device() const override { return Device::cpu; }
  std::vector<double> initial_parameters(RandomKey key) const override { return network_.initial_parameters(key); }
  void set_parameters(std::span<const double>) override {}
  void set_features(const std::vector<std::vector<double>>&) override {}
  int chunk_rows() const override { return network_.chunk_rows(); }
  void log_psi_chunk(const ConfigurationBatch& batch, std::int64_t first, int count, std::complex<double>* out) const override {
    network_.log_psi_chunk(batch, first, count, out);
  }
  void log_psi_on_device(const DeviceRows& rows, int count, const DeviceLogPsi& out) const override {
    ConfigurationBatch batch(modes_, 0);
    for (int i = 0; i < count; ++i) batch.push_back(rows.bits + i * rows.words, rows.problem[i]);
    std::vector<std::complex<double>> values(count);
    network_.log_psi_chunk(batch, 0, count, values.data());
    for (int i = 0; i < count; ++i) {
      out.re[i] = values[i].real();
      out.im[i] = values[i].imag();
    }
  }
  void vjp_chunks(const ConfigurationBatch&, std::int64_t, std::int64_t, const std::complex<double>*, double*) const override {}
  void jacobian_chunk(const ConfigurationBatch&, std::int64_t, int, float*, std::int64_t) const override {}
  void jacobian_chunk(const ConfigurationBatch&, std::int64_t, int, double*, std::int64_t) const override {}
  double flops_per_evaluation() const override { return network_.flops_per_evaluation(); }
  WavefunctionMemory memory_on(Device device) const override { return network_.memory_on(device); }

 private:
  const Wavefunction& network_;
  int modes_;
};

struct Case {
  std::string name;
  SystemOptions system;
  WavefunctionOptions network;
  MetropolisOptions sampler;
};
inline void PrintTo(const Case& test, std::ostream* out) { *out << test.name; }

// Particle numbers, and with them sectors, that vary; an empty lattice where nothing moves; weights of another power.
inline Case several_problems() {
  SystemOptions system = chain("tv", 6, fermions(3));
  system.varied = {"particles", "V"};
  system.rows = {{3, 1.0}, {2, 2.0}, {0, 1.0}};
  return {.name = "SeveralProblems",
          .system = system,
          .network = QstageOptions{.depth = 2, .d_model = 6, .heads = 2, .mlp = 5, .tails = {{"V", "N"}}},
          .sampler = {.moves = {{.kind = MoveKind::hop}, {.kind = MoveKind::hop, .shells = {1}, .d_max = 3, .weight = 0.5}},
                      .chains = 21,
                      .samples = 42,
                      .discard = 1,
                      .thermalise = 2,
                      .power = 1.5}};
}

inline std::vector<Case> cases() {
  const RbmOptions rbm{.alpha = 1, .dtype = Dtype::complex};
  return {several_problems(),
          {.name = "SeveralWordsAndChunks",
           .system = chain("heisenberg", 70, spins(35)),
           .network = rbm,
           .sampler = {.moves = {{}}, .chains = 50, .samples = 50, .sweep_size = 20, .thermalise = 1}},
          {.name = "FlipsAndExchanges",
           .system = chain("tfim", 8, spins(-1)),
           .network = VitOptions{.patch = {2}, .layers = 1, .d_model = 6, .heads = 3, .attention = VitAttention::factored, .couplings = {}},
           .sampler = {.moves = {{.kind = MoveKind::flip}, {}}, .chains = 16, .samples = 48, .thermalise = 1}}};
}

inline NetworkInput input_of(const ProblemFamily& family) {
  NetworkInput input;
  input.sites = family.lattice.sites();
  input.modes = family.modes();
  input.lattice_size = {input.sites};
  if (!family.varied.empty()) {
    input.feature_names = {"V", "N"};
    for (int g = 0; g < family.size(); ++g) input.features.push_back({family.feature(g, "V"), family.feature(g, "N")});
  }
  return input;
}

struct Record {
  std::vector<Word> bits, chains;
  std::vector<std::int32_t> problem;
  std::vector<std::complex<double>> log_psi;
  std::vector<double> weight;
  std::vector<std::int64_t> proposed, accepted, invalid;
  bool operator==(const Record&) const = default;
};

// The second of two steps.
inline Record sampled(const Case& test, const ProblemFamily& family, const Wavefunction& psi) {
  const auto comm = self_communicator();
  const auto sampler = make_metropolis(test.sampler, family, *comm, {.seed = 5, .stage = 1});
  sampler->sample(psi);
  const SampleSet set = sampler->sample(psi);
  const Acceptance counts = sampler->acceptance_counts(*comm);
  return {set.rows.bits, sampler->gather_chains().bits, set.rows.problem,     set.log_psi,
          set.weight,    counts.move_proposed,          counts.move_accepted, counts.invalid};
}

inline std::unique_ptr<Wavefunction> network_of(const Case& test, const ProblemFamily& family) {
  auto psi = make_wavefunction(test.network, input_of(family), Precision::float32, Device::cuda);
  psi->set_parameters(test::noisy_parameters(*psi));
  return psi;
}

}  // namespace qs::gpu_chains
