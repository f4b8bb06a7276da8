// What every wavefunction promises, checked on all kinds and variants.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "engine/base/parallel.h"
#include "tests/engine/wavefunctions/fixtures.h"

namespace qs {
namespace {

using namespace qs::test;

constexpr double kEps64 = std::numeric_limits<double>::epsilon();
constexpr double kEps32 = std::numeric_limits<float>::epsilon();

class WavefunctionContract : public testing::TestWithParam<Case> {};

// Richardson: (8 (f(h) - f(-h)) - (f(2h) - f(-2h))) / 12h, the phase differences reduced to (-pi, pi].
std::vector<std::complex<double>> central_difference(Wavefunction& psi, const std::vector<double>& parameters, std::size_t k, double h,
                                                     const ConfigurationBatch& batch) {
  std::vector<std::vector<std::complex<double>>> values;
  for (const double shift : {h, -h, 2 * h, -2 * h}) {
    std::vector<double> moved = parameters;
    moved[k] += shift;
    psi.set_parameters(moved);
    values.push_back(log_psi(psi, batch));
  }
  const auto difference = [](std::complex<double> a, std::complex<double> b) {
    return std::complex<double>(a.real() - b.real(), std::remainder(a.imag() - b.imag(), 2 * M_PI));
  };
  std::vector<std::complex<double>> derivative;
  for (std::int64_t i = 0; i < batch.rows(); ++i) {
    derivative.push_back((8.0 * difference(values[0][i], values[1][i]) - difference(values[2][i], values[3][i])) / (12.0 * h));
  }
  return derivative;
}

// h = 2e-5: rounding 1.5 eps |log psi| / h stays below 2e-10; truncation h^4 |fifth derivative| / 30 too while fifth derivatives stay below 4e10
// (they are large where a LayerNorm of six features has little variance).
TEST_P(WavefunctionContract, JacobianEqualsCentralDifferencesForEveryParameter) {
  const auto psi = make(GetParam(), Precision::float64, Device::reference);
  const std::vector<double> parameters = noisy_parameters(*psi);
  const ConfigurationBatch batch = random_batch(GetParam().input, 5);
  psi->set_parameters(parameters);
  const std::vector<double> rows = jacobian_of(*psi, batch);
  const std::int64_t total = psi->layout().total;
  const int parts = rows_per_sample(psi->jacobian_mode());
  const double bound = 1e-9 * std::max(1.0, max_abs(rows));

  for (std::int64_t k = 0; k < total; ++k) {
    const auto derivative = central_difference(*psi, parameters, k, 2e-5, batch);
    for (std::int64_t i = 0; i < batch.rows(); ++i) {
      ASSERT_NEAR(rows[(i * parts) * total + k], derivative[i].real(), bound) << "parameter " << k << " row " << i;
      const double imaginary = parts == 2 ? rows[(i * parts + 1) * total + k] : 0.0;
      ASSERT_NEAR(imaginary, derivative[i].imag(), bound) << "parameter " << k << " row " << i;
    }
  }
}

// sum_i Re(conj(w_i) O_i) over several chunks; every term is rounded a few times.
TEST_P(WavefunctionContract, RowsOfTheJacobianSumToTheVjp) {
  const auto psi = make(GetParam());
  psi->set_parameters(noisy_parameters(*psi));
  const ConfigurationBatch batch = random_batch(GetParam().input, 2 * psi->chunk_rows() + 3);
  const auto weights = random_weights(batch.rows());

  const std::vector<double> rows = jacobian_of(*psi, batch);
  const std::vector<double> gradient = vjp_of(*psi, batch, weights);

  const std::int64_t total = psi->layout().total;
  const int parts = rows_per_sample(psi->jacobian_mode());
  std::vector<double> expected(total, 0.0);
  double magnitude = 0.0;
  for (std::int64_t i = 0; i < batch.rows(); ++i) {
    for (int part = 0; part < parts; ++part) {
      const double w = part == 0 ? weights[i].real() : weights[i].imag();
      for (std::int64_t k = 0; k < total; ++k) expected[k] += w * rows[(i * parts + part) * total + k];
    }
    magnitude += std::abs(weights[i]);
  }
  EXPECT_LE(max_difference(gradient, expected), 100 * kEps64 * magnitude * std::max(1.0, max_abs(rows)));
}

TEST_P(WavefunctionContract, RowsDoNotDependOnTheirNeighboursToTheBit) {
  for (const Device device : {Device::reference, Device::cpu}) {
    const auto psi = make(GetParam(), Precision::float64, device);
    psi->set_parameters(noisy_parameters(*psi));
    const ConfigurationBatch batch = random_batch(GetParam().input, 2 * psi->chunk_rows() + 5);

    const auto together = log_psi(*psi, batch);
    const std::vector<double> rows = jacobian_of(*psi, batch);

    const std::size_t stride = rows_per_sample(psi->jacobian_mode()) * psi->layout().total;
    for (std::int64_t i = 0; i < batch.rows(); i += 7) {
      const ConfigurationBatch single = one_row(batch, i);
      ASSERT_EQ(log_psi(*psi, single)[0], together[i]);
      const std::vector<double> alone = jacobian_of(*psi, single);
      ASSERT_TRUE(std::equal(alone.begin(), alone.end(), rows.begin() + i * stride)) << "row " << i;
    }
  }
}

TEST_P(WavefunctionContract, ThreadsDoNotChangeBits) {
  const auto psi = make(GetParam());
  psi->set_parameters(noisy_parameters(*psi));
  const ConfigurationBatch batch = random_batch(GetParam().input, 5 * psi->chunk_rows() + 1);
  const auto weights = random_weights(batch.rows());
  const auto values = log_psi(*psi, batch);
  const auto gradient = vjp_of(*psi, batch, weights);
  const auto rows = jacobian_of(*psi, batch);

  set_threads(3);
  const auto values3 = log_psi(*psi, batch);
  const auto gradient3 = vjp_of(*psi, batch, weights);
  const auto rows3 = jacobian_of(*psi, batch);
  set_threads(1);

  EXPECT_EQ(values, values3);
  EXPECT_EQ(gradient, gradient3);
  EXPECT_EQ(rows, rows3);
}

// The devices differ in the order of sums and in the last bits of exp and tanh: a few hundred roundings, amplified by the LayerNorms.
TEST_P(WavefunctionContract, CpuAgreesWithReference) {
  const auto reference = make(GetParam(), Precision::float64, Device::reference);
  const auto cpu = make(GetParam(), Precision::float64, Device::cpu);
  const auto parameters = noisy_parameters(*reference);
  reference->set_parameters(parameters);
  cpu->set_parameters(parameters);
  const ConfigurationBatch batch = random_batch(GetParam().input, 21);

  const auto expected = log_psi(*reference, batch);
  const auto rows = jacobian_of(*reference, batch);

  EXPECT_LE(max_difference(log_psi(*cpu, batch), expected), 2000 * kEps64 * std::max(1.0, max_abs(expected)));
  EXPECT_LE(max_difference(jacobian_of(*cpu, batch), rows), 20000 * kEps64 * std::max(1.0, max_abs(rows)));
}

TEST_P(WavefunctionContract, Float32IsCloseToFloat64) {
  const auto parameters = noisy_parameters(*make(GetParam()));
  const auto psi = make(GetParam());
  psi->set_parameters(parameters);
  const ConfigurationBatch batch = random_batch(GetParam().input, 21);
  const auto expected = log_psi(*psi, batch);
  const auto rows = jacobian_of(*psi, batch);

  for (const Device device : {Device::reference, Device::cpu}) {
    const auto single = make(GetParam(), Precision::float32, device);
    single->set_parameters(parameters);
    ASSERT_EQ(single->precision(), Precision::float32);
    EXPECT_LE(max_difference(log_psi(*single, batch), expected), 2000 * kEps32 * std::max(1.0, max_abs(expected)));
    EXPECT_LE(max_difference(jacobian_of<float>(*single, batch), rows), 20000 * kEps32 * std::max(1.0, max_abs(rows)));
  }
}

TEST_P(WavefunctionContract, NewFeaturesReplaceTheOldOnes) {
  const Case& c = GetParam();
  const auto psi = make(c);
  const auto parameters = noisy_parameters(*psi);
  psi->set_parameters(parameters);
  const ConfigurationBatch batch = random_batch(c.input, 9);
  const auto before = log_psi(*psi, batch);
  Case other = c;
  for (auto& row : other.input.features) {
    for (double& value : row) value += 0.3;
  }

  psi->set_features(other.input.features);

  const auto fresh = make(other);
  fresh->set_parameters(parameters);
  EXPECT_EQ(log_psi(*psi, batch), log_psi(*fresh, batch));
  EXPECT_EQ(log_psi(*psi, batch) == before, conditioning_features(c.options, c.input).empty());
}

TEST_P(WavefunctionContract, RepeatedEvaluationsGiveTheSameBits) {
  const auto psi = make(GetParam());
  psi->set_parameters(noisy_parameters(*psi));
  const ConfigurationBatch batch = random_batch(GetParam().input, 13);
  const auto first = log_psi(*psi, batch);

  const auto gradient = vjp_of(*psi, batch, random_weights(13));

  EXPECT_EQ(log_psi(*psi, batch), first);
  EXPECT_EQ(vjp_of(*psi, batch, random_weights(13)), gradient);
}

TEST_P(WavefunctionContract, JacobianRowsRespectTheirStride) {
  const auto psi = make(GetParam());
  psi->set_parameters(noisy_parameters(*psi));
  const ConfigurationBatch batch = random_batch(GetParam().input, 6);
  const std::vector<double> packed = jacobian_of(*psi, batch);
  const std::int64_t total = psi->layout().total;
  const std::int64_t stride = total + 3;
  const std::int64_t rows = rows_per_sample(psi->jacobian_mode()) * 4;
  std::vector<double> padded(rows * stride, -7.0);

  jacobian(*psi, batch, 1, 4, padded.data(), stride);

  const std::int64_t skipped = rows_per_sample(psi->jacobian_mode());
  for (std::int64_t r = 0; r < rows; ++r) {
    for (std::int64_t k = 0; k < total; ++k) ASSERT_EQ(padded[r * stride + k], packed[(r + skipped) * total + k]);
    for (std::int64_t k = total; k < stride; ++k) ASSERT_EQ(padded[r * stride + k], -7.0);
  }
}

// With all parameters zero the amplitude of the Q-stage network is exactly zero.
TEST(QstageAmplitude, OfZeroIsMinusInfinityWithZeroDerivative) {
  const Case c = cases().front();
  const auto psi = make(c);
  psi->set_parameters(std::vector<double>(psi->layout().total, 0.0));
  const ConfigurationBatch batch = random_batch(c.input, 3);

  const auto values = log_psi(*psi, batch);

  for (const auto& value : values) {
    EXPECT_EQ(value.real(), -std::numeric_limits<double>::infinity());
    EXPECT_EQ(std::exp(value), 0.0);
  }
  EXPECT_EQ(max_abs(jacobian_of(*psi, batch)), 0.0);
  EXPECT_EQ(max_abs(vjp_of(*psi, batch, random_weights(3))), 0.0);
}

// d log psi is linear in the weight: the vjp of an empty range is zero, and ranges add up.
TEST_P(WavefunctionContract, VjpsOfRangesAddUp) {
  const auto psi = make(GetParam());
  psi->set_parameters(noisy_parameters(*psi));
  const ConfigurationBatch batch = random_batch(GetParam().input, psi->chunk_rows() + 9);
  const auto weights = random_weights(batch.rows());
  const std::span<const std::complex<double>> all(weights);
  std::vector<double> head(psi->layout().total, 1.0), tail(head), nothing(head);

  vjp(*psi, batch, 0, 5, all.first(5), head);
  vjp(*psi, batch, 5, batch.rows() - 5, all.subspan(5), tail);
  vjp(*psi, batch, 5, 0, {}, nothing);

  const std::vector<double> whole = vjp_of(*psi, batch, weights);
  for (std::size_t k = 0; k < head.size(); ++k) head[k] += tail[k];
  EXPECT_LE(max_difference(head, whole), 100 * kEps64 * static_cast<double>(batch.rows()) * std::max(1.0, max_abs(whole)));
  EXPECT_EQ(max_abs(nothing), 0.0);
}

TEST(Wavefunctions, EachHaveACaseInTheContract) {
  const std::vector<Case> all = cases();
  for (const WavefunctionEntry* entry : wavefunctions()) {
    EXPECT_TRUE(std::any_of(all.begin(), all.end(), [&](const Case& c) { return c.options.entry().name == entry->name; }))
        << "add a case of kind " << entry->name << " to cases() in fixtures.h";
  }
}

INSTANTIATE_TEST_SUITE_P(AllKinds, WavefunctionContract, testing::ValuesIn(cases()), [](const auto& instance) { return instance.param.name; });

}  // namespace
}  // namespace qs
