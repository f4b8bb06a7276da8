// Parity with independent programs: NetKet (ViT, RBM) and the published Q-stage weights, from the reference data outside the product.
#include <gtest/gtest.h>

#include <cmath>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "engine/base/error.h"
#include "engine/files/ed_csv.h"
#include "engine/hdf5/hdf5.h"
#include "engine/wavefunctions/qstage.h"
#include "engine/wavefunctions/rbm.h"
#include "engine/wavefunctions/vit.h"
#include "tests/engine/wavefunctions/fixtures.h"
#include "tests/reference_data.h"

namespace qs {
namespace {

using namespace qs::test;

struct Published {
  std::string name;
  std::string file;
  WavefunctionOptions options;
  NetworkInput input;
};

// Row-major [rows, modes]; a positive entry sets the bit (spin up = +1, occupied = 1).
ConfigurationBatch batch_from(const std::vector<double>& table, int modes) {
  ConfigurationBatch batch(modes, static_cast<std::int64_t>(table.size()) / modes);
  for (std::int64_t i = 0; i < batch.rows(); ++i) {
    for (int m = 0; m < modes; ++m) {
      if (table[i * modes + m] > 0.5) flip_bit(batch.row(i), m);
    }
  }
  return batch;
}

NetworkInput square(int side) { return spins_on({side, side}); }

VitOptions vit(int layers, int width, int heads) {
  return {.patch = {2, 2}, .layers = layers, .d_model = width, .heads = heads, .attention = VitAttention::factored, .couplings = {}};
}

class NetKetParity : public testing::TestWithParam<Published> {
 protected:
  void SetUp() override {
    const std::filesystem::path path = reference_path("netket/" + GetParam().file);
    if (!std::filesystem::exists(path)) GTEST_SKIP() << "reference data " << path << " is absent";
    tree_ = read_hdf5(path.string());
  }

  DataTree tree_;
};

// The phase is compared as stored, not modulo 2 pi.
TEST_P(NetKetParity, LogPsi) {
  for (const Device device : {Device::reference, Device::cpu}) {
    const auto psi = make_wavefunction(GetParam().options, GetParam().input, Precision::float64, device);
    psi->set_parameters(gather(tree_, "parameters", psi->layout()));
    const ConfigurationBatch batch = batch_from(numbers(tree_, "configurations"), GetParam().input.modes);

    EXPECT_LE(max_difference(log_psi(*psi, batch), complex_numbers(tree_, "log_psi")), 1e-12);
  }
}

// Energy gradient 2 Re <conj(O - <O>)(E - <E>)> = sum_i Re(conj(w_i) O_i), w_i = 2 (E_i - <E>) / n.
TEST_P(NetKetParity, EnergyGradient) {
  const auto psi = make_wavefunction(GetParam().options, GetParam().input, Precision::float64, Device::cpu);
  psi->set_parameters(gather(tree_, "parameters", psi->layout()));
  const ConfigurationBatch batch = batch_from(numbers(tree_, "configurations"), GetParam().input.modes);
  std::vector<std::complex<double>> weights = complex_numbers(tree_, "local_energies");
  const double n = static_cast<double>(weights.size());
  const std::complex<double> mean = std::accumulate(weights.begin(), weights.end(), std::complex<double>{}) / n;
  for (auto& w : weights) w = 2.0 * (w - mean) / n;

  const std::vector<double> gradient = vjp_of(*psi, batch, weights);

  const std::vector<double> expected = gather(tree_, "gradient", psi->layout());
  EXPECT_LE(max_difference(gradient, expected), 1e-11 * max_abs(expected));
}

INSTANTIATE_TEST_SUITE_P(
    Files, NetKetParity,
    testing::Values(Published{"Vit4x4", "vit_4x4.h5", vit(2, 12, 3), square(4)}, Published{"Vit6x6", "vit_6x6.h5", vit(2, 24, 4), square(6)},
                    Published{"Vit10x10", "vit_10x10.h5", vit(4, 60, 10), square(10)},
                    Published{"RbmComplex4x4", "rbm_4x4.h5", RbmOptions{.alpha = 2, .dtype = Dtype::complex}, square(4)},
                    Published{"RbmReal4x4", "rbm_real_4x4.h5", RbmOptions{.alpha = 2, .dtype = Dtype::real}, square(4)},
                    Published{"RbmRealChain12", "rbm_real_chain12.h5", RbmOptions{.alpha = 2, .dtype = Dtype::real}, spins_on({12})}),
    [](const auto& instance) { return instance.param.name; });

QstageOptions qstage(int width, int mlp, std::vector<std::string> tail) {
  return {.depth = 2, .d_model = width, .heads = 10, .mlp = mlp, .tails = {std::move(tail)}};
}

class QstageParity : public testing::TestWithParam<Published> {};

TEST_P(QstageParity, Amplitudes) {
  const std::filesystem::path path = reference_path("qstage/" + GetParam().file);
  if (!std::filesystem::exists(path)) GTEST_SKIP() << "reference data " << path << " is absent";
  const DataTree tree = read_hdf5(path.string());
  ConfigurationBatch batch = batch_from(numbers(tree, "occ"), GetParam().input.modes);
  NetworkInput input = with_features(GetParam().input, {"t", "V", "N"}, {});
  const std::vector<double> couplings = numbers(tree, "lambda");
  for (std::int64_t i = 0; i < batch.rows(); ++i) {  // every row is a problem of its own
    input.features.push_back({couplings[3 * i], couplings[3 * i + 1], couplings[3 * i + 2]});
    batch.problem[i] = static_cast<std::int32_t>(i);
  }
  const std::vector<double> expected = numbers(tree, "out_f64");

  for (const Device device : {Device::reference, Device::cpu}) {
    const auto psi = make_wavefunction(GetParam().options, input, Precision::float64, device);
    psi->set_parameters(gather(tree, "weights/params", psi->layout()));

    const auto values = log_psi(*psi, batch);

    for (std::int64_t i = 0; i < batch.rows(); ++i) {
      const std::complex<double> amplitude = std::exp(values[i]);
      EXPECT_NEAR(amplitude.real(), expected[2 * i], 1e-12 * max_abs(expected));
      EXPECT_NEAR(amplitude.imag(), expected[2 * i + 1], 1e-12 * max_abs(expected));
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Files, QstageParity,
                         testing::Values(Published{"Fig3", "ref_fig3_1d.h5", qstage(80, 90, {"t", "V", "N"}), spins_on({16})},
                                         Published{"Fig4", "ref_fig4.h5", qstage(80, 80, {"V"}), spins_on({16})},
                                         Published{"Fig6", "ref_fig6_gs.h5", qstage(60, 60, {"t", "V", "N"}), spins_on({12})}),
                         [](const auto& instance) { return instance.param.name; });

// loss = 1 - mean_g |z_g|^2, z_g = sum conj(psi) phi / (n_psi n_phi): the value and its weights w_i = 2 c_i conj(psi_i) for vjp, where
// c_i = -(1/G) (conj(z_g) phi_i / (n_psi n_phi) - |z_g|^2 psi_i / n_psi^2) and n^2 = sum |.|^2 + 1e-12.
struct OverlapLoss {
  double value;
  std::vector<std::complex<double>> weights;
};

OverlapLoss overlap_loss(const std::vector<std::complex<double>>& log_values, const std::vector<EdState>& states) {
  OverlapLoss loss{1.0, {}};
  const double problems = static_cast<double>(states.size());
  std::size_t first = 0;
  for (const EdState& state : states) {
    std::complex<double> overlap = 0.0;
    double norm_psi = 1e-12, norm_phi = 1e-12;
    for (std::size_t i = 0; i < state.basis.size(); ++i) {
      const std::complex<double> psi = std::exp(log_values[first + i]);
      overlap += std::conj(psi) * state.amplitudes[i];
      norm_psi += std::norm(psi);
      norm_phi += std::norm(state.amplitudes[i]);
    }
    const double norms = std::sqrt(norm_psi * norm_phi);
    const std::complex<double> z = overlap / norms;
    loss.value -= std::norm(z) / problems;
    for (std::size_t i = 0; i < state.basis.size(); ++i) {
      const std::complex<double> psi = std::exp(log_values[first + i]);
      const std::complex<double> c = -(std::conj(z) * state.amplitudes[i] / norms - std::norm(z) * psi / norm_psi) / problems;
      loss.weights.push_back(2.0 * c * std::conj(psi));
    }
    first += state.basis.size();
  }
  return loss;
}

struct Partial {
  std::string path;
  std::int64_t index;
  double derivative, error;
};

// Rows "path,index,value,derivative,error" after two comment lines and a header.
std::vector<Partial> read_partials(const std::filesystem::path& path) {
  std::ifstream file(path);
  std::vector<Partial> partials;
  std::string line;
  while (std::getline(file, line)) {
    if (line.starts_with("#") || line.starts_with("param,")) continue;
    std::istringstream cells(line);
    std::string name, index, value, derivative, error;
    for (std::string* cell : {&name, &index, &value, &derivative, &error}) std::getline(cells, *cell, ',');
    partials.push_back({name, std::stoll(index), std::stod(derivative), std::stod(error)});
  }
  return partials;
}

TEST(QstageOverlapLoss, ValueAndDerivativesMatchThePublishedWeights) {
  const std::filesystem::path folder = reference_path("qstage");
  if (!std::filesystem::exists(folder)) GTEST_SKIP() << "reference data " << folder << " is absent";
  std::vector<EdState> states;
  const NetworkInput input = with_features(spins_on({12}), {"t", "V", "N"}, {{1.0, 0.0, 6.0}, {1.0, 1.0, 6.0}, {1.0, 4.0, 6.0}});
  ConfigurationBatch batch(12, 0);
  for (const char* repulsion : {"0.0", "1.0", "4.0"}) {
    states.push_back(read_ed_csv((folder / "ED_data" / ("gsWaveFn_Ns12_Np6_Vnn" + std::string(repulsion) + ".csv")).string()));
    for (const Word state : states.back().basis) batch.push_back(&state, static_cast<std::int32_t>(states.size() - 1));
  }
  const auto psi = make_wavefunction(qstage(60, 60, {"t", "V", "N"}), input, Precision::float64, Device::cpu);
  psi->set_parameters(gather(read_hdf5((folder / "ref_fig6_gs.h5").string()), "weights/params", psi->layout()));

  const OverlapLoss loss = overlap_loss(log_psi(*psi, batch), states);
  const std::vector<double> gradient = vjp_of(*psi, batch, loss.weights);

  EXPECT_NEAR(loss.value, 0.002143593096743, 1e-12);
  const std::vector<Partial> partials = read_partials(folder / "ref_fig6_gs_loss_grad.csv");
  EXPECT_EQ(partials.size(), 108u);
  for (const Partial& partial : partials) {  // finite differences with their own error estimate
    const ParameterSlice* slice = psi->layout().find(partial.path);
    ASSERT_NE(slice, nullptr) << partial.path;
    EXPECT_NEAR(gradient[slice->offset + partial.index], partial.derivative, 5 * partial.error + 1e-12) << partial.path << " " << partial.index;
  }
}

}  // namespace
}  // namespace qs
