// Chains that follow one function while the samples stand for another (precision.sampler).
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <complex>
#include <limits>
#include <memory>
#include <vector>

#include "engine/base/error.h"
#include "engine/sampling/sampler.h"
#include "engine/wavefunctions/qstage.h"
#include "engine/wavefunctions/registry.h"
#include "engine/wavefunctions/two_precisions.h"
#include "table_wavefunction.h"

namespace qs {
namespace {

using namespace testing_table;  // NOLINT: systems of the tests
using Table = std::vector<std::vector<std::complex<double>>>;

// The rounding of a network that could hardly compute: factors of up to e^{0.3}.
Table rounded(const ProblemFamily& family, Table table) {
  const Table noise = random_table(family, 0.3, 6);
  for (std::size_t g = 0; g < table.size(); ++g) {
    for (std::size_t s = 0; s < table[g].size(); ++s) table[g][s] += noise[g][s].real();
  }
  return table;
}

class FollowedTable : public testing::TestWithParam<double> {
 protected:
  // 80 proposals between samples: nearly independent ones.
  SampleSet sample(const Table& fine, const Table& coarse, std::int64_t samples) {
    auto followed = std::make_unique<TableWavefunction>(family_, coarse);
    coarse_ = followed.get();
    auto exact = std::make_unique<TableWavefunction>(family_, fine);
    fine_ = exact.get();
    psi_ = std::make_unique<TwoPrecisions>(std::move(exact), std::move(followed));
    const MetropolisOptions options{
        .moves = {{.kind = MoveKind::exchange}}, .chains = samples / 8, .samples = samples, .sweep_size = 80, .thermalise = 20, .power = GetParam()};
    return make_metropolis(options, family_, *comm_, {.seed = 12, .stage = 1})->sample(*psi_);
  }
  std::int64_t state(const SampleSet& set, std::int64_t row) const { return family_.problems[0].sector.index(*set.rows.row(row)); }

  ProblemFamily family_ = build_family(chain("heisenberg", 10, spins(5)));
  std::unique_ptr<Communicator> comm_ = self_communicator();
  std::unique_ptr<Wavefunction> psi_;
  TableWavefunction *fine_ = nullptr, *coarse_ = nullptr;  // of psi_
};

// Means of random functions of the state over |psi|^2, in standard errors. Without the weights they are visibly those of the other function.
TEST_P(FollowedTable, HasTheMeansOfTheFunctionThatWasAskedFor) {
  const Table table = random_table(family_, 0.6, 5);
  const std::vector<double> p = exact_distribution(table[0]);
  const SampleSet set = sample(table, rounded(family_, table), 40000);
  double worst_without_weights = 0;
  for (std::uint64_t seed = 0; seed < 5; ++seed) {
    const Table f = random_table(family_, 1, 100 + seed);
    double exact = 0, mean = 0, plain = 0, variance = 0;
    for (std::size_t s = 0; s < p.size(); ++s) exact += p[s] * f[0][s].real();
    const std::int64_t rows = set.rows.rows();
    for (std::int64_t i = 0; i < rows; ++i) {
      mean += set.weight[i] * f[0][state(set, i)].real();
      plain += f[0][state(set, i)].real() / static_cast<double>(rows);
    }
    for (std::int64_t i = 0; i < rows; ++i) variance += std::pow(set.weight[i] * (f[0][state(set, i)].real() - mean), 2);

    EXPECT_LT(std::abs(mean - exact) / std::sqrt(variance), 4) << seed;
    worst_without_weights = std::max(worst_without_weights, std::abs(plain - exact) / std::sqrt(variance));
  }
  EXPECT_GT(worst_without_weights, 5);
}

// One evaluation per sample of the function that costs more; its values are what later phases divide by.
TEST_P(FollowedTable, AsksTheFineFunctionOncePerSample) {
  const Table table = random_table(family_, 0.6, 5);
  const SampleSet set = sample(table, rounded(family_, table), 800);

  EXPECT_EQ(fine_->evaluations(), 800);
  EXPECT_GT(coarse_->evaluations(), 800 * 80);
  double sum = 0;
  for (std::int64_t i = 0; i < set.rows.rows(); ++i) {
    ASSERT_EQ(set.log_psi[i], table[0][state(set, i)]);
    sum += set.weight[i];
  }
  EXPECT_NEAR(sum, 1, 1e-12);
}

TEST_P(FollowedTable, GivesNoWeightToZerosAndRefusesWhatIsNotANumber) {
  Table table = random_table(family_, 0.6, 5);
  const Table coarse = rounded(family_, table);
  for (std::size_t s = 0; s < 20; ++s) table[0][s] = -std::numeric_limits<double>::infinity();
  const SampleSet set = sample(table, coarse, 800);
  int zeros = 0;
  for (std::int64_t i = 0; i < set.rows.rows(); ++i) {
    EXPECT_EQ(set.weight[i] == 0, state(set, i) < 20);
    zeros += set.weight[i] == 0;
  }
  EXPECT_GT(zeros, 0);

  for (auto& value : table[0]) value = std::numeric_limits<double>::quiet_NaN();
  try {
    sample(table, coarse, 800);
    FAIL() << "accepted";
  } catch (const NumericalError& error) {
    EXPECT_THAT(error.what(), testing::HasSubstr("chain 0, problem 0"));
  }
}

INSTANTIATE_TEST_SUITE_P(Powers, FollowedTable, testing::Values(2.0, 1.0),
                         [](const auto& test) { return "power_" + std::to_string(static_cast<int>(test.param)); });

// A float64 network and its float32 twin are one function to float32 rounding, after every change of parameters and features.
TEST(TwoPrecisions, KeepTheTwinsParametersAndFeatures) {
  SystemOptions system = chain("tv", 6, fermions(3));
  system.varied = {"V"};
  system.rows = {{1.0}, {2.0}};
  const ProblemFamily family = build_family(system);
  const NetworkInput input{.modes = 6, .sites = 6, .lattice_size = {6}, .basis = 1, .feature_names = {"V"}, .features = {{1.0}, {2.0}}};
  const QstageOptions options{.depth = 1, .d_model = 8, .heads = 2, .mlp = 8, .tails = {{"V"}}};
  const auto network = [&](Precision precision) { return make_wavefunction(options, input, precision, Device::cpu); };
  TwoPrecisions psi(network(Precision::float64), network(Precision::float32));
  ConfigurationBatch batch(6, 0);
  for (std::int64_t s = 0; s < 5; ++s) {
    const Word state = family.problems[0].sector.state(s);
    batch.push_back(&state, static_cast<std::int32_t>(s % 2));
  }
  const auto values = [&](const Wavefunction& any) {
    std::vector<std::complex<double>> out(5);
    any.log_psi_chunk(batch, 0, 5, out.data());
    return out;
  };
  std::vector<std::complex<double>> last(5);
  for (const double v : {1.0, 7.0}) {
    psi.set_parameters(psi.initial_parameters({.seed = static_cast<std::uint64_t>(v), .stage = 0}));
    psi.set_features({{v}, {2 * v}});
    const std::vector<std::complex<double>> fine = values(psi), coarse = values(psi.for_chains());
    for (int i = 0; i < 5; ++i) {
      EXPECT_LT(std::abs(fine[i] - coarse[i]), 1e-5);
      EXPECT_GT(std::abs(fine[i] - last[i]), 1e-4);
    }
    last = fine;
  }
  EXPECT_EQ(psi.precision(), Precision::float64);
  EXPECT_EQ(psi.for_chains().precision(), Precision::float32);
  EXPECT_GT(psi.memory_on(Device::cpu).weights, network(Precision::float64)->memory_on(Device::cpu).weights);
}

}  // namespace
}  // namespace qs
