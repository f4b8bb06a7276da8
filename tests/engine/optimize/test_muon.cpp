// Muon against its formula, and its orthogonalisation against singular values.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <Eigen/Dense>
#include <cmath>

#include "engine/optimize/gradient.h"
#include "engine/optimize/orthogonal.h"
#include "tests/engine/optimize/linear_network.h"

namespace qs {
namespace {

using test::LinearNetwork;
using test::make_rows;
using test::Share;
using RowMajor = Eigen::Matrix<double, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;

std::vector<double> hashed(std::int64_t count) {
  std::vector<double> values;
  for (std::int64_t k = 0; k < count; ++k) {
    const RandomWords words = random_words({.seed = 3}, static_cast<std::uint32_t>(k), 0, 0);
    values.push_back(uniform01(words.word[0], words.word[1]) - 0.5);
  }
  return values;
}

TEST(WeightMatrices, AreKernelsAsSquareAsTheirAxesAllow) {
  ParameterLayout layout;
  layout.add("a/bias", {20});
  layout.add("a/kernel", {12, 20});
  layout.add("b/key/kernel", {16, 4, 4});
  layout.add("b/out/kernel", {4, 4, 16});
  layout.add("couplings/kernel", {3, 80});
  layout.add("embedding", {16, 16});
  layout.add("head/kernel", {80, 2});
  layout.add("pos_emb", {1, 16, 16});

  const std::vector<WeightMatrix> matrices = weight_matrices(layout);

  ASSERT_EQ(matrices.size(), 3u);
  EXPECT_EQ(matrices[0].offset, 20);
  EXPECT_EQ(matrices[0].rows, 12);
  EXPECT_EQ(matrices[0].columns, 20);
  for (const std::size_t i : {1, 2}) {
    EXPECT_EQ(matrices[i].rows, 16);
    EXPECT_EQ(matrices[i].columns, 16);
  }
  EXPECT_EQ(matrices[2].offset, 20 + 240 + 256);
}

class Orthogonalise : public ::testing::TestWithParam<std::pair<int, int>> {};

TEST_P(Orthogonalise, KeepsSingularVectorsAndMakesSingularValuesAboutOne) {
  const auto [rows, columns] = GetParam();
  const std::vector<WeightMatrix> matrices = {{5, rows, columns}};
  std::vector<double> values = hashed(5 + rows * columns + 3);
  const std::vector<double> before = values;

  const auto comm = self_communicator();
  orthogonalise(Device::cpu, *comm, matrices, values);

  const RowMajor x = Eigen::Map<const RowMajor>(before.data() + 5, rows, columns);
  const Eigen::JacobiSVD<Eigen::MatrixXd> svd(x, Eigen::ComputeThinU | Eigen::ComputeThinV);
  const RowMajor y = Eigen::Map<const RowMajor>(values.data() + 5, rows, columns);
  const Eigen::MatrixXd middle = svd.matrixU().transpose() * y * svd.matrixV();
  for (Eigen::Index i = 0; i < middle.rows(); ++i) {
    // The quintic of the scaled singular value, five times.
    double s = svd.singularValues()[i] / x.norm();
    for (int step = 0; step < 5; ++step) s = 3.4445 * s - 4.7750 * std::pow(s, 3) + 2.0315 * std::pow(s, 5);
    EXPECT_NEAR(middle(i, i), s, 2e-5);
    EXPECT_GT(middle(i, i), 0.65);
    EXPECT_LT(middle(i, i), 1.25);
  }
  const Eigen::MatrixXd mixed = middle - Eigen::MatrixXd(middle.diagonal().asDiagonal());
  EXPECT_LE(mixed.cwiseAbs().maxCoeff(), 2e-5);
  for (const std::size_t k : {0, 4, 5 + rows * columns, 7 + rows * columns}) EXPECT_EQ(values[k], before[k]) << "outside of the matrix";
}

INSTANTIATE_TEST_SUITE_P(Shapes, Orthogonalise, ::testing::Values(std::pair(8, 8), std::pair(30, 12), std::pair(12, 30), std::pair(100, 9)));

TEST(OrthogonaliseMatrices, LeavesAZeroMatrixZero) {
  std::vector<double> values(64, 0.0);
  const auto comm = self_communicator();
  orthogonalise(Device::cpu, *comm, std::vector<WeightMatrix>{{0, 8, 8}}, values);
  EXPECT_THAT(values, testing::Each(0.0));
}

ParameterLayout small_layout() {
  ParameterLayout layout;
  layout.add("a/bias", {7});
  layout.add("a/kernel", {9, 8});
  layout.add("b/kernel", {8, 2, 4});
  layout.add("c", {5});
  return layout;
}

// Three steps: matrices by M = mu M + G and the orthogonalised G + mu M, the rest by AdamW.
TEST(Muon, FollowsItsFormula) {
  const ParameterLayout layout = small_layout();
  const auto comm = self_communicator();
  const Share share(make_rows(90, 2), 2, *comm);
  const LinearNetwork psi(layout, JacobianMode::complex_log, Precision::float64);
  const OptimizerOptions options{.kind = OptimizerKind::muon, .lr = {0.01}, .control = Control::fixed, .momentum = 0.9, .weight_decay = 0.1};
  OptimizerOptions adam = options;
  adam.kind = OptimizerKind::adamw;
  adam.momentum = 0;
  const auto optimizer = make_optimizer(options, layout.total), rest = make_optimizer(adam, layout.total);
  std::vector<double> theta(layout.total, 0.5), expected = theta, by_adam = theta, m(layout.total, 0.0);
  // The derivatives do not depend on theta, so G is the same at every step.
  const std::vector<double> gradient = loss_gradient({psi, share.samples, *comm}, share.residual);

  for (int step = 0; step < 3; ++step) {
    const StepReport report = optimizer->update({psi, share.samples, *comm}, share.residual, theta);
    rest->update({psi, share.samples, *comm}, share.residual, by_adam);

    std::vector<double> direction(layout.total);
    for (std::int64_t k = 0; k < layout.total; ++k) {
      m[k] = 0.9 * m[k] + gradient[k];
      direction[k] = gradient[k] + 0.9 * m[k];
    }
    orthogonalise(Device::cpu, *comm, weight_matrices(layout), direction);
    for (std::int64_t k = 0; k < layout.total; ++k) {
      const bool in_a = k >= 7 && k < 79, in_b = k >= 79 && k < 143;
      if (in_a || in_b) {
        expected[k] -= 0.01 * (0.2 * std::sqrt(in_a ? 9.0 : 8.0) * direction[k] + 0.1 * expected[k]);
      } else {
        expected[k] = by_adam[k];
      }
      EXPECT_NEAR(theta[k], expected[k], 1e-13) << "parameter " << k << ", step " << step;
    }
    EXPECT_EQ(report.step_size, 0.01);
    EXPECT_EQ(report.solver_rung, 0);
  }
  EXPECT_EQ(optimizer->state().updates, 3);
}

TEST(Muon, GoesOnFromItsState) {
  const ParameterLayout layout = small_layout();
  const auto comm = self_communicator();
  const Share share(make_rows(60, 2), 2, *comm);
  const LinearNetwork psi(layout, JacobianMode::complex_log, Precision::float64);
  const OptimizerOptions options{.kind = OptimizerKind::muon, .lr = {0.01, 0.001, 5}, .control = Control::fixed, .momentum = 0.9};
  const auto straight = make_optimizer(options, layout.total);
  std::vector<double> one(layout.total, 0.1), two = one;
  for (int step = 0; step < 4; ++step) straight->update({psi, share.samples, *comm}, share.residual, one);

  OptimizerState kept;
  for (int half = 0; half < 2; ++half) {
    const auto optimizer = make_optimizer(options, layout.total);
    if (half == 1) optimizer->restore(kept);
    for (int step = 0; step < 2; ++step) optimizer->update({psi, share.samples, *comm}, share.residual, two);
    kept = optimizer->state();
  }
  EXPECT_EQ(two, one);
}

TEST(Muon, GivesTheSameBitsOnAnyNumberOfRanks) {
  const ParameterLayout layout = small_layout();
  const auto steps_on = [&](int ranks) {
    std::vector<std::vector<double>> theta(ranks, std::vector<double>(layout.total, 0.1));
    run_in_process(ranks, [&](Communicator& comm) {
      const Share share(make_rows(200, 3), 3, comm);
      const LinearNetwork psi(layout, JacobianMode::complex_log, Precision::float32);
      const auto optimizer = make_optimizer({.kind = OptimizerKind::muon, .lr = {0.01}, .control = Control::fixed, .momentum = 0.95}, layout.total);
      for (int step = 0; step < 3; ++step) optimizer->update({psi, share.samples, comm}, share.residual, theta[comm.rank()]);
    });
    for (const std::vector<double>& other : theta) EXPECT_EQ(other, theta[0]);
    return theta[0];
  };
  const std::vector<double> one = steps_on(1);
  for (const int ranks : {2, 3, 5}) EXPECT_EQ(steps_on(ranks), one) << ranks << " ranks";
}

}  // namespace
}  // namespace qs
