// Small systems, random parameters and batches shared by the tests of the wavefunctions.
#pragma once

#include <complex>
#include <cstdint>
#include <memory>
#include <numeric>
#include <random>
#include <stdexcept>
#include <string>
#include <vector>

#include "engine/wavefunctions/chunked.h"
#include "engine/wavefunctions/cnn.h"
#include "engine/wavefunctions/foundation.h"
#include "engine/wavefunctions/jastrow.h"
#include "engine/wavefunctions/qstage.h"
#include "engine/wavefunctions/rbm.h"
#include "engine/wavefunctions/registry.h"
#include "engine/wavefunctions/vit.h"
#include "kernels/api/memory.h"

namespace qs::test {

struct Case {
  std::string name;
  WavefunctionOptions options;
  NetworkInput input;
};

// One step along each axis of a torus of cells, the last axis fastest.
inline std::vector<std::vector<std::int32_t>> steps_on(const std::vector<int>& size, int basis) {
  std::vector<std::vector<std::int32_t>> steps(size.size());
  const int sites = std::accumulate(size.begin(), size.end(), basis, std::multiplies<>());
  int stride = sites;
  for (std::size_t axis = 0; axis < size.size(); ++axis) {
    const int period = stride;
    stride /= size[axis];
    for (int s = 0; s < sites; ++s) steps[axis].push_back(s / period * period + (s % period + stride) % period);
  }
  return steps;
}

inline NetworkInput spins_on(std::vector<int> size, int basis = 1) {
  NetworkInput input;
  input.translations = steps_on(size, basis);
  input.sites = std::accumulate(size.begin(), size.end(), basis, std::multiplies<>());
  input.modes = input.sites;
  input.lattice_size = std::move(size);
  input.basis = basis;
  return input;
}

// Ten sites on the torus (3, 1), (-1, 3) of the square lattice: site s is s steps along x from the first, and y = 7 x.
inline NetworkInput spins_on_tilted_torus() {
  NetworkInput input;
  input.modes = input.sites = 10;
  input.translations.resize(2);
  for (int s = 0; s < 10; ++s) {
    input.translations[0].push_back((s + 1) % 10);
    input.translations[1].push_back((s + 7) % 10);
  }
  return input;
}

// The same with its geometry, in a unit of 1.3: the unit cell is a cube.
inline NetworkInput placed(NetworkInput input) {
  int stride = input.sites;
  input.positions.assign(input.sites, {});
  for (std::size_t axis = 0; axis < input.lattice_size.size(); ++axis) {
    stride /= input.lattice_size[axis];
    for (int s = 0; s < input.sites; ++s) input.positions[s][axis] = 1.3 * (s / stride % input.lattice_size[axis]);
    input.periods.emplace_back()[axis] = 1.3 * input.lattice_size[axis];
  }
  return input;
}

inline NetworkInput placed_on_tilted_torus() {
  NetworkInput input = spins_on_tilted_torus();
  for (int s = 0; s < input.sites; ++s) input.positions.push_back({static_cast<double>(s), 0, 0});
  input.periods = {{3, 1, 0}, {-1, 3, 0}};
  return input;
}

// A ladder of two legs with open ends along its first axis; the second is a ring of two.
inline NetworkInput without_first_translation(NetworkInput input) {
  input.translations[0].clear();
  return input;
}

inline NetworkInput spinful(NetworkInput input) {
  input.modes = 2 * input.sites;
  return input;
}

inline NetworkInput with_features(NetworkInput input, std::vector<std::string> names, std::vector<std::vector<double>> values) {
  input.feature_names = std::move(names);
  input.features = std::move(values);
  return input;
}

inline NetworkInput tv(NetworkInput input) { return with_features(std::move(input), {"t", "V", "N"}, {{1.0, 0.5, 3.0}, {1.0, 2.0, 2.0}}); }

// The same with the orbitals of a mean field of `columns` columns behind the features; any numbers will do.
inline NetworkInput with_orbitals(NetworkInput input, int columns) {
  std::mt19937_64 engine(31);
  std::normal_distribution<double> normal;
  for (std::vector<double>& row : input.features)
    for (int k = 0; k < input.modes * columns; ++k) row.push_back(normal(engine));
  return input;
}

// Every kind and every variant that changes the computation.
inline std::vector<Case> cases() {
  const auto qstage = [](int depth, std::vector<std::vector<std::string>> tails, Amplitude amplitude = Amplitude::complex) {
    return QstageOptions{.depth = depth, .d_model = 6, .heads = 2, .mlp = 5, .tails = std::move(tails), .amplitude = amplitude, .orbitals = 6};
  };
  const auto shared = [](QstageOptions options) {
    options.attention = QstageAttention::factored;
    options.pooling = Pooling::sum;
    options.conditioning = Conditioning::blocks;
    return options;
  };
  const auto started = [](QstageOptions options) {
    options.start = OrbitalStart::hartree_fock;
    return options;
  };
  const auto vit = [](std::vector<int> patch, VitAttention attention, std::vector<std::string> couplings = {}) {
    return VitOptions{.patch = std::move(patch), .layers = 2, .d_model = 6, .heads = 3, .attention = attention, .couplings = std::move(couplings)};
  };
  const auto cnn = [](CnnAmplitude amplitude, std::vector<std::string> couplings = {}) {
    return CnnOptions{.layers = 2, .channels = 4, .kernel = 3, .amplitude = amplitude, .couplings = std::move(couplings)};
  };
  const auto foundation = [](FoundationAmplitude amplitude, FoundationSites sites, std::vector<std::string> couplings = {}) {
    return FoundationOptions{
        .layers = 2, .d_model = 6, .heads = 3, .mlp = 5, .amplitude = amplitude, .sites = sites, .couplings = std::move(couplings)};
  };
  const NetworkInput j2 = with_features(spins_on({6}), {"J1", "J2"}, {{1.0, 0.2}, {1.0, 0.6}});
  return {
      {"QstageOneTail", qstage(2, {{"t", "V", "N"}}), tv(spins_on({6}))},
      {"QstageTwoTailsFourBlocks", qstage(4, {{"V"}, {"N"}}), tv(spins_on({5}))},
      {"QstageOneBlockWithoutCrossAttention", qstage(1, {{"V"}}), tv(spins_on({6}))},
      {"QstageWithoutTails", qstage(2, {}), tv(spins_on({4}))},
      {"QstageSpinful", qstage(2, {{"V", "t"}}), tv(spinful(spins_on({3})))},
      {"QstageReal", qstage(2, {{"V", "N"}}, Amplitude::real), tv(spins_on({6}))},
      {"QstageDeterminant", qstage(2, {{"V", "N"}}, Amplitude::determinant), tv(spins_on({6}))},
      {"QstageDeterminantOneBlock", qstage(1, {}, Amplitude::determinant), tv(spins_on({6}))},
      {"QstageMeanField", started(qstage(2, {{"V", "N"}}, Amplitude::determinant)), with_orbitals(tv(spins_on({6})), 6)},
      {"QstageMeanFieldSpinful", started(shared(qstage(2, {{"V"}}, Amplitude::determinant))), with_orbitals(tv(spinful(spins_on({3}))), 6)},
      {"QstageFactored", shared(qstage(2, {{"V", "N"}}, Amplitude::determinant)), tv(spins_on({2, 3}))},
      {"QstageFactoredSpinful", shared(qstage(2, {{"V"}, {"N"}})), tv(spinful(spins_on({3})))},
      {"VitSquare", vit({2, 2}, VitAttention::factored), spins_on({4, 6})},
      {"VitChainGeneralAttention", vit({2}, VitAttention::factored_full), spins_on({8})},
      {"VitCouplings", vit({2}, VitAttention::factored, {"J2"}), j2},
      {"VitTwoSitesPerCell", vit({1, 2}, VitAttention::factored), spins_on({3, 2}, 2)},
      {"VitSpinful", vit({1, 2}, VitAttention::factored), spinful(spins_on({2, 2}))},
      {"CnnSquare", cnn(CnnAmplitude::complex), spins_on({3, 4})},
      {"CnnReal", cnn(CnnAmplitude::real), spins_on({6})},
      {"CnnCouplings", cnn(CnnAmplitude::complex, {"J2"}), j2},
      {"CnnSpinfulTwoSitesPerCell", cnn(CnnAmplitude::complex), spinful(spins_on({2, 2}, 2))},
      {"CnnTiltedTorus", cnn(CnnAmplitude::complex), spins_on_tilted_torus()},
      {"CnnCube", CnnOptions{.layers = 1, .channels = 4, .kernel = 3, .amplitude = CnnAmplitude::complex, .couplings = {}}, spins_on({2, 2, 3})},
      {"FoundationChain", foundation(FoundationAmplitude::complex, FoundationSites::alike, {"J2"}), placed(j2)},
      {"FoundationSublattices", foundation(FoundationAmplitude::real, FoundationSites::sublattices), placed(spins_on({4, 2}))},
      {"FoundationOddRing", foundation(FoundationAmplitude::real, FoundationSites::alike, {"J1", "J2"}),
       placed(with_features(spins_on({5}), j2.feature_names, j2.features))},
      {"FoundationTiltedTorus", foundation(FoundationAmplitude::complex, FoundationSites::sublattices), placed_on_tilted_torus()},
      {"JastrowReal", JastrowOptions{.dtype = Dtype::real}, spins_on({3, 4})},
      {"JastrowComplex", JastrowOptions{.dtype = Dtype::complex}, spins_on({7})},
      {"JastrowSpinfulTwoSitesPerCell", JastrowOptions{.dtype = Dtype::complex}, spinful(spins_on({3}, 2))},
      {"JastrowTiltedTorus", JastrowOptions{.dtype = Dtype::real}, spins_on_tilted_torus()},
      {"JastrowOpenAlongOneAxis", JastrowOptions{.dtype = Dtype::complex}, without_first_translation(spins_on({3, 2}))},
      {"RbmComplex", RbmOptions{.alpha = 2, .dtype = Dtype::complex}, spins_on({6})},
      {"RbmReal", RbmOptions{.alpha = 2, .dtype = Dtype::real}, spins_on({7})},
  };
}

inline Case case_named(const std::string& name) {
  for (const Case& c : cases()) {
    if (c.name == name) return c;
  }
  throw std::invalid_argument("no case " + name);
}

inline std::unique_ptr<Wavefunction> make(const Case& c, Precision precision = Precision::float64, Device device = Device::cpu) {
  return make_wavefunction(c.options, c.input, precision, device);
}

// Initial values plus noise, so that no bias or scale keeps its trivial value.
inline std::vector<double> noisy_parameters(const Wavefunction& psi, double deviation = 0.2) {
  std::vector<double> parameters = psi.initial_parameters({.seed = 11, .stage = 0});
  std::mt19937_64 engine(5);
  std::normal_distribution<double> normal(0.0, deviation);
  for (double& value : parameters) value += normal(engine);
  return parameters;
}

inline ConfigurationBatch random_batch(const NetworkInput& input, std::int64_t rows) {
  ConfigurationBatch batch(input.modes, rows);
  std::mt19937_64 engine(17);
  const std::size_t problems = std::max<std::size_t>(input.features.size(), 1);
  for (std::int64_t i = 0; i < rows; ++i) {
    for (int m = 0; m < input.modes; ++m) {
      if (engine() & 1u) flip_bit(batch.row(i), m);
    }
    batch.problem[i] = static_cast<std::int32_t>(engine() % problems);
  }
  return batch;
}

inline ConfigurationBatch one_row(const ConfigurationBatch& batch, std::int64_t i) {
  ConfigurationBatch single(batch.modes, 0);
  single.push_back(batch.row(i), batch.problem[i]);
  return single;
}

inline std::vector<std::complex<double>> random_weights(std::int64_t rows) {
  std::vector<std::complex<double>> weights(rows);
  std::mt19937_64 engine(23);
  std::normal_distribution<double> normal;
  for (auto& w : weights) w = {normal(engine), normal(engine)};
  return weights;
}

template <class Real = double>
std::vector<Real> jacobian_of(const Wavefunction& psi, const ConfigurationBatch& batch, Device device = Device::cpu) {
  const std::int64_t rows = rows_per_sample(psi.jacobian_mode()) * batch.rows();
  std::vector<Real> matrix(rows * psi.layout().total, std::numeric_limits<Real>::quiet_NaN());
  Staged<Real> staged(device, matrix.data(), matrix.size());
  jacobian(psi, batch, 0, batch.rows(), staged.data(), psi.layout().total);
  staged.write_back();
  return matrix;
}

inline std::vector<double> vjp_of(const Wavefunction& psi, const ConfigurationBatch& batch, const std::vector<std::complex<double>>& weights) {
  std::vector<double> gradient(psi.layout().total);
  vjp(psi, batch, 0, batch.rows(), weights, gradient);
  return gradient;
}

template <class Values>
double max_abs(const Values& values) {
  double largest = 0.0;
  for (const auto& value : values) largest = std::max(largest, static_cast<double>(std::abs(value)));
  return largest;
}

template <class A, class B>
double max_difference(const A& a, const B& b) {
  double largest = 0.0;
  for (std::size_t k = 0; k < a.size(); ++k) {
    const double difference = static_cast<double>(std::abs(a[k] - b[k]));
    largest = difference <= largest ? largest : difference;  // a NaN wins
  }
  return largest;
}

}  // namespace qs::test
