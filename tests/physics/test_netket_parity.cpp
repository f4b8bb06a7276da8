// The `evaluate` command against NetKet: same configurations, same parameters, every number. Case by case from input text to output tree.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "engine/energy/local_energy.h"
#include "engine/hdf5/hdf5.h"
#include "engine/optimize/gradient.h"
#include "engine/run/configuration_table.h"
#include "engine/run/evaluate_configurations.h"
#include "engine/stages/measure.h"
#include "engine/statistics/estimate.h"
#include "engine/wavefunctions/chunked.h"
#include "tests/plan_of.h"
#include "tests/reference_data.h"

namespace qs {
namespace {

using namespace qs::test;

struct Case {
  std::string name, file, lattice, hamiltonian, wavefunction;
  // NetKet writes Pauli matrices: a Pauli coupling of 1 is J = 4 in S.S.
};

const std::string square = "hamiltonian: {kind: heisenberg, J1: 4.0, J2: 2.0}";
const std::vector<Case> cases = {
    {"Vit4x4", "vit_4x4", "square, size: [4, 4]", square, "kind: vit, patch: [2, 2], layers: 2, d_model: 12, heads: 3"},
    {"Vit6x6", "vit_6x6", "square, size: [6, 6]", square, "kind: vit, patch: [2, 2], layers: 2, d_model: 24, heads: 4"},
    {"Vit10x10", "vit_10x10", "square, size: [10, 10]", square, "kind: vit, patch: [2, 2], layers: 4, d_model: 60, heads: 10"},
    {"RbmComplex4x4", "rbm_4x4", "square, size: [4, 4]", "hamiltonian: {kind: heisenberg, J1: 4.0}", "kind: rbm, alpha: 2, dtype: complex"},
    {"RbmReal4x4", "rbm_real_4x4", "square, size: [4, 4]", "hamiltonian: {kind: heisenberg, J1: 4.0, marshall_sign: true}",
     "kind: rbm, alpha: 2, dtype: real"},
    // On a chain the two-colouring turns nearest neighbours only: the published rule on J1.
    {"RbmRealChain12", "rbm_real_chain12", "chain, size: [12]", "hamiltonian: {kind: heisenberg, J1: 4.0, J2: 0.8, marshall_sign: true}",
     "kind: rbm, alpha: 2, dtype: real"},
};

enum class MoveGraph { both_shells, nearest_neighbours };

RunPlan plan_for(const Case& c, const std::string& weights, const std::string& precision = "float64", MoveGraph graph = MoveGraph::both_shells) {
  const std::string text = fmt::format(
      "format: 1\n"
      "output: {{directory: unused}}\n"
      "precision: {{network: {}}}\n"
      "system:\n"
      "  lattice: {{kind: {}}}\n"
      "  sector: {{kind: spin_half, total_sz: 0}}\n"
      "  {}\n"
      "wavefunction: {{{}, weights: '{}'}}\n"
      "sampler: {{kind: metropolis, move: {{kind: exchange, shells: {}, d_max: 2}}, chains: 64, samples: 256}}\n"
      "stages: [{{kind: vmc, steps: 1, optimizer: {{kind: minsr, lr: 0.3, diag_shift: 1.0e-4, momentum: 0.9, norm_constraint: 1.0e-3}}}}]\n",
      precision, c.lattice, c.hamiltonian, c.wavefunction, weights, graph == MoveGraph::both_shells ? "[1, 2]" : "[1]");
  return test::plan_of(text);
}

double largest(const std::vector<double>& values) {
  double most = 0;
  for (const double value : values) most = std::max(most, std::abs(value));
  return most;
}

double difference(const std::vector<double>& a, const std::vector<double>& b) {
  if (a.size() != b.size()) return INFINITY;
  double most = 0;
  for (std::size_t k = 0; k < a.size(); ++k) most = std::max(most, std::abs(a[k] - b[k]));
  return most;
}

double difference(const std::vector<std::complex<double>>& a, const std::vector<std::complex<double>>& b) {
  if (a.size() != b.size()) return INFINITY;
  double most = 0;
  for (std::size_t k = 0; k < a.size(); ++k) most = std::max(most, std::abs(a[k] - b[k]));
  return most;
}

double attribute(const DataTree& tree, const std::string& group, const std::string& name) { return std::get<double>(tree.groups.at(group).at(name)); }

class NetKet : public testing::TestWithParam<Case> {
 protected:
  void SetUp() override {
    path_ = reference_path("netket/" + GetParam().file + ".h5").string();
    if (!std::filesystem::exists(path_)) GTEST_SKIP() << "reference data " << path_ << " is absent";
    reference_ = read_hdf5(path_);
  }

  ParameterLayout layout(const RunPlan& plan) const {
    return make_wavefunction(plan.network->options, plan.network->input, Precision::float64, Device::cpu)->layout();
  }

  std::string path_;
  DataTree reference_;
};

// Bounds: the deviations that independent implementations with the same formulas leave, rounded up (relative to the largest entry but for log psi).
TEST_P(NetKet, EveryNumberOfTheEvaluation) {
  const RunPlan plan = plan_for(GetParam(), path_);
  const ConfigurationBatch rows = to_configurations(reference_, *plan.family, path_);

  const DataTree found = evaluate_configurations(plan, plan.network->parameters, rows, Derivatives::gradient);

  EXPECT_LE(difference(complex_numbers(found, "log_psi"), complex_numbers(reference_, "log_psi")), 1e-12);
  const auto energies = complex_numbers(reference_, "local_energies");
  double scale = 0;
  for (const auto& energy : energies) scale = std::max(scale, std::abs(energy));
  EXPECT_LE(difference(complex_numbers(found, "local_energies"), energies), 1e-11 * scale);
  EXPECT_NEAR(attribute(found, "", "energy_mean_re"), attribute(reference_, "", "energy_mean_re"), 1e-11 * scale);
  EXPECT_NEAR(attribute(found, "", "energy_variance"), attribute(reference_, "", "energy_variance"), 1e-11 * scale * scale);
  EXPECT_EQ(numbers(found, "n_exchange_pairs"), numbers(reference_, "n_exchange_pairs"));
  EXPECT_EQ(numbers(found, "configurations"), numbers(reference_, "configurations"));
  const ParameterLayout tensors = layout(plan);
  for (const auto& [group, bound] : {std::pair{"gradient", 1e-11}, {"sr_update", 1e-9}, {"spring_update_2", 1e-9}}) {
    const std::vector<double> expected = gather(reference_, group, tensors);
    EXPECT_LE(difference(gather(found, group, tensors), expected), bound * largest(expected)) << group;
  }
}

TEST_P(NetKet, ProposablePairsOnTheGraphOfNearestNeighbours) {
  const RunPlan plan = plan_for(GetParam(), path_, "float64", MoveGraph::nearest_neighbours);
  const ConfigurationBatch rows = to_configurations(reference_, *plan.family, path_);

  const DataTree found = evaluate_configurations(plan, plan.network->parameters, rows, Derivatives::none);

  EXPECT_EQ(numbers(found, "n_exchange_pairs"), numbers(reference_, "n_exchange_pairs_nn_graph"));
}

TEST_P(NetKet, LogPsiInSinglePrecision) {
  const RunPlan plan = plan_for(GetParam(), path_, "float32");
  const ConfigurationBatch rows = to_configurations(reference_, *plan.family, path_);

  const DataTree found = evaluate_configurations(plan, plan.network->parameters, rows, Derivatives::none);

  double scale = 1;
  for (const auto& value : complex_numbers(reference_, "log_psi")) scale = std::max(scale, std::abs(value));
  for (const char* part : {"log_psi_re", "log_psi_im"}) EXPECT_LE(difference(numbers(found, part), numbers(reference_, part)), 2e-6 * scale) << part;
}

INSTANTIATE_TEST_SUITE_P(Cases, NetKet, testing::ValuesIn(cases), [](const auto& instance) { return instance.param.name; });

// Sums over the whole sector, for the cases that have them.
class NetKetFullSum : public NetKet {
 protected:
  void SetUp() override {
    NetKet::SetUp();
    if (IsSkipped()) return;
    plan_ = plan_for(GetParam(), path_);
    psi_ = make_wavefunction(plan_.network->options, plan_.network->input, Precision::float64, Device::cpu);
    psi_->set_parameters(plan_.network->parameters);
    samples_ = make_exact_sum(*plan_.family, *comm_)->sample(*psi_);
  }

  double reference(const std::string& name) const { return attribute(reference_, "full_sum", name); }

  // sum_s p(s) sum_pairs (1/n(s)) min(1, |psi(s')/psi(s)|^2 n(s)/n(s')): the stationary acceptance of the exchange move.
  double stationary_acceptance(const MoveOptions& options) const {
    const Sector& sector = plan_.family->problems[0].sector;
    const auto move = make_move(options, plan_.family->lattice, sector);
    const auto pairs = pairs_within(plan_.family->lattice, options.shells, options.d_max);
    double total = 0;
    for (std::int64_t i = 0; i < samples_.rows.rows(); ++i) {
      const Word here = *samples_.rows.row(i);
      const double n = move.proposals(&here);
      double accepted = 0;
      for (const auto& [a, b] : pairs) {
        if (test_bit(&here, a) == test_bit(&here, b)) continue;
        Word there = here;
        flip_bit(&there, a);
        flip_bit(&there, b);
        const double ratio = std::exp(2 * (samples_.log_psi[sector.index(there)].real() - samples_.log_psi[i].real()));
        accepted += std::min(1.0, ratio * n / move.proposals(&there)) / n;
      }
      total += samples_.weight[i] * accepted;
    }
    return total;
  }

  static MoveOptions exchange(std::vector<int> shells) { return {.kind = MoveKind::exchange, .shells = std::move(shells), .d_max = 2, .weight = 1}; }

  std::unique_ptr<Communicator> comm_ = self_communicator();
  RunPlan plan_;
  std::unique_ptr<Wavefunction> psi_;
  SampleSet samples_{.rows = {}, .log_psi = {}, .weight = {}, .block_begin = {}, .blocks = Blocks(1, 1, 0)};
};

TEST_P(NetKetFullSum, EnergyVarianceGradientAndDirection) {
  const auto local = sampled_energies(*comm_, *plan_.family, *psi_, samples_);
  const auto energy = estimate(*comm_, samples_, local, "local energy");
  const auto residual = centred(samples_, local, energy);
  const Tangent tangent{*psi_, samples_, *comm_};

  EXPECT_EQ(static_cast<double>(samples_.rows.rows()), static_cast<double>(std::get<std::int64_t>(reference_.groups.at("full_sum").at("n_states"))));
  EXPECT_NEAR(energy[0].mean.real(), reference("energy"), 1e-11 * std::abs(reference("energy")));
  EXPECT_NEAR(energy[0].variance, reference("energy_variance"), 1e-11 * reference("energy_variance"));
  const std::vector<double> gradient = gather(reference_, "full_sum/gradient", psi_->layout());
  EXPECT_LE(difference(loss_gradient(tangent, residual), gradient), 1e-11 * largest(gradient));
  std::vector<double> moved(psi_->layout().total, 0.0);
  make_optimizer({.kind = OptimizerKind::sr, .lr = {1, 1, 0}, .diag_shift = {1e-4, 1e-4, 0}, .control = Control::fixed}, psi_->layout().total)
      ->update(tangent, residual, moved);
  for (double& value : moved) value = -value;
  const std::vector<double> direction = gather(reference_, "full_sum/sr_update", psi_->layout());
  EXPECT_LE(difference(moved, direction), 1e-9 * largest(direction));
}

TEST_P(NetKetFullSum, StationaryAcceptanceByEnumeration) {
  EXPECT_NEAR(stationary_acceptance(exchange({1, 2})), reference("exact_acceptance"), 1e-11);
  EXPECT_NEAR(stationary_acceptance(exchange({1})), reference("exact_acceptance_nn_graph"), 1e-11);
}

// Independent samplers give independent rates; their scatter is the error.
TEST_P(NetKetFullSum, SampledAcceptanceAgreesWithinItsError) {
  constexpr int samplers = 24;
  const MetropolisOptions options{.moves = {exchange({1})}, .chains = 64, .samples = 256, .sweep_size = 0, .discard = 0, .thermalise = 10};
  double sum = 0, squares = 0;
  for (int k = 0; k < samplers; ++k) {
    const auto sampler = make_metropolis(options, *plan_.family, *comm_, {1234567, static_cast<std::uint32_t>(k)});
    sampler->sample(*psi_);  // the first call counts the way to equilibrium as well
    sampler->sample(*psi_);
    const double rate = sampler->acceptance(*comm_)[0];
    sum += rate;
    squares += rate * rate;
  }
  const double mean = sum / samplers;
  const double error = std::sqrt((squares / samplers - mean * mean) / (samplers - 1));
  EXPECT_LT(error, 5e-3);
  EXPECT_NEAR(mean, reference("exact_acceptance_nn_graph"), 4 * error);
}

INSTANTIATE_TEST_SUITE_P(Cases, NetKetFullSum, testing::Values(cases[0], cases[3], cases[4], cases[5]),
                         [](const auto& instance) { return instance.param.name; });

}  // namespace
}  // namespace qs
