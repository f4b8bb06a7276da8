// Optimizers against their formulas written down densely with Eigen on a wavefunction with given derivatives.
#include "engine/optimize/optimizer.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <Eigen/Dense>
#include <cmath>

#include "engine/base/error.h"
#include "engine/optimize/gradient.h"
#include "engine/optimize/refined_solver.h"
#include "tests/engine/optimize/linear_network.h"

namespace qs {
namespace {

using test::LinearNetwork;
using test::make_rows;
using test::Row;
using test::Share;

struct Dense {
  Eigen::MatrixXd x;
  Eigen::VectorXd v;
};

// X and v from their definition.
Dense dense_rows(const std::vector<Row>& rows, int problems, std::int64_t parameters, JacobianMode mode) {
  Eigen::MatrixXcd o(rows.size(), parameters);
  Eigen::MatrixXcd mean = Eigen::MatrixXcd::Zero(problems, parameters);
  for (std::size_t i = 0; i < rows.size(); ++i) {
    for (std::int64_t k = 0; k < parameters; ++k) o(i, k) = LinearNetwork::derivative(rows[i].sigma, k);
    mean.row(rows[i].problem) += rows[i].weight * o.row(i);
  }
  const int per_sample = mode == JacobianMode::complex_log ? 2 : 1;
  Dense dense{Eigen::MatrixXd(per_sample * rows.size(), parameters), Eigen::VectorXd(per_sample * rows.size())};
  for (std::size_t i = 0; i < rows.size(); ++i) {
    const double scale = std::sqrt(rows[i].weight / problems);
    const Eigen::RowVectorXcd centred = scale * (o.row(i) - mean.row(rows[i].problem));
    dense.x.row(per_sample * i) = centred.real();
    dense.v[per_sample * i] = 2 * scale * rows[i].residual.real();
    if (per_sample == 1) continue;
    dense.x.row(2 * i + 1) = centred.imag();
    dense.v[2 * i + 1] = 2 * scale * rows[i].residual.imag();
  }
  return dense;
}

double largest_difference(const std::vector<double>& a, const Eigen::VectorXd& b) {
  return (Eigen::Map<const Eigen::VectorXd>(a.data(), a.size()) - b).cwiseAbs().maxCoeff();
}

struct Case {
  OptimizerKind kind;
  int samples, problems;
  std::int64_t parameters;
  JacobianMode mode;
  Precision precision;
};

class Natural : public ::testing::TestWithParam<Case> {};

// (X^T X + s) d = X^T v + s mu d_old for three steps, whatever shape is solved.
TEST_P(Natural, FollowsTheDenseFormulaWithMomentum) {
  const Case c = GetParam();
  const std::vector<Row> rows = make_rows(c.samples, c.problems);
  const auto comm = self_communicator();
  const Share share(rows, c.problems, *comm);
  const LinearNetwork psi(c.parameters, c.mode, c.precision);
  OptimizerOptions options{.kind = c.kind, .lr = {0.05}, .diag_shift = {0.01}, .control = Control::fixed, .momentum = 0.9};
  const auto optimizer = make_optimizer(options, c.parameters);
  std::vector<double> theta(c.parameters, 0.0);
  const Dense dense = dense_rows(rows, c.problems, c.parameters, c.mode);
  Eigen::MatrixXd matrix = dense.x.transpose() * dense.x;
  matrix.diagonal().array() += 0.01;
  const Eigen::LDLT<Eigen::MatrixXd> factor(matrix);
  Eigen::VectorXd d = Eigen::VectorXd::Zero(c.parameters), expected = d;
  // Rounding of X (relative eps of its precision) is amplified by at most |X|^2/s.
  const double eps = c.precision == Precision::float32 ? 6e-8 : 1e-16;
  const double tolerance = 20 * eps * dense.x.squaredNorm() / 0.01;
  // With float32 rows the residual of the system itself is known, not only that of its rounded matrix.
  const bool refines = c.kind == OptimizerKind::minsr && c.precision == Precision::float32;

  for (int step = 0; step < 3; ++step) {
    const StepReport report = optimizer->update({psi, share.samples, *comm}, share.residual, theta);
    d = factor.solve(dense.x.transpose() * dense.v + 0.01 * 0.9 * d);
    expected -= 0.05 * d;

    EXPECT_LE(largest_difference(theta, expected), tolerance * (step + 1)) << "step " << step;
    EXPECT_LE(largest_difference(optimizer->state().buffers.at("momentum"), d), 20 * tolerance);
    EXPECT_NEAR(report.gradient_norm, (dense.x.transpose() * dense.v).norm(), tolerance);
    EXPECT_NEAR(report.direction_norm, d.norm(), 20 * tolerance * std::sqrt(c.parameters));
    EXPECT_EQ(report.step_size, 0.05);
    EXPECT_EQ(report.diag_shift, 0.01);
    EXPECT_EQ(report.solver_rung, 1);
    EXPECT_LE(report.residual, refines ? refined_residual : 1e-12);
    EXPECT_GT(report.smallest_pivot, 0.0);
  }
  EXPECT_EQ(optimizer->state().updates, 3);
}

INSTANTIATE_TEST_SUITE_P(Shapes, Natural,
                         ::testing::Values(Case{OptimizerKind::sr, 100, 1, 12, JacobianMode::complex_log, Precision::float64},
                                           Case{OptimizerKind::minsr, 100, 1, 12, JacobianMode::complex_log, Precision::float64},
                                           Case{OptimizerKind::natural, 100, 3, 12, JacobianMode::complex_log, Precision::float64},
                                           Case{OptimizerKind::natural, 70, 3, 400, JacobianMode::complex_log, Precision::float64},
                                           Case{OptimizerKind::minsr, 300, 4, 700, JacobianMode::real_log, Precision::float64},
                                           Case{OptimizerKind::sr, 300, 4, 280, JacobianMode::real_log, Precision::float64},
                                           Case{OptimizerKind::sr, 70, 2, 40, JacobianMode::complex_log, Precision::float32},
                                           Case{OptimizerKind::minsr, 70, 2, 2500, JacobianMode::complex_log, Precision::float32}));

// The same matrix and products, summed block by block of parameters: 7 blocks do not divide 100 parameters.
TEST(MinsrInBlocks, GivesTheStepsOfAllDerivativesAtOnce) {
  for (const JacobianMode mode : {JacobianMode::complex_log, JacobianMode::real_log}) {
    const auto comm = self_communicator();
    const Share share(make_rows(60, 3), 3, *comm);
    const LinearNetwork psi(100, mode, Precision::float64);
    OptimizerOptions options{.kind = OptimizerKind::minsr, .lr = {0.05}, .diag_shift = {0.01}, .control = Control::fixed, .momentum = 0.9};
    const auto whole = make_optimizer(options, 100);
    options.parameter_blocks = 7;
    const auto blocks = make_optimizer(options, 100);
    std::vector<double> theta(100, 0.0), expected = theta;
    for (int step = 0; step < 3; ++step) {
      const StepReport from_whole = whole->update({psi, share.samples, *comm}, share.residual, expected);
      const StepReport from_blocks = blocks->update({psi, share.samples, *comm}, share.residual, theta);
      for (std::int64_t k = 0; k < 100; ++k) EXPECT_NEAR(theta[k], expected[k], 1e-11) << "parameter " << k << ", step " << step;
      EXPECT_NEAR(from_blocks.gradient_norm, from_whole.gradient_norm, 1e-12);
      EXPECT_EQ(from_blocks.solver_rung, 1);
    }
  }
}

// (S + s D) d = X^T v + s D mu d_old; D = 1 at the first step, then D_k = sqrt(S_kk / mean S + 1e-3), here the same at every step.
TEST(ScaledDamping, FollowsTheDenseFormulaWithMomentumInEveryShape) {
  const std::int64_t parameters = 90;
  const std::vector<Row> rows = make_rows(60, 3);
  const auto comm = self_communicator();
  const Share share(rows, 3, *comm);
  const Dense dense = dense_rows(rows, 3, parameters, JacobianMode::complex_log);
  const Eigen::MatrixXd s = dense.x.transpose() * dense.x;
  for (const auto& [kind, blocks] : {std::pair{OptimizerKind::sr, 1}, {OptimizerKind::minsr, 1}, {OptimizerKind::minsr, 7}}) {
    const LinearNetwork psi(parameters, JacobianMode::complex_log, Precision::float64);
    const auto optimizer = make_optimizer({.kind = kind,
                                           .lr = {0.05},
                                           .diag_shift = {0.01},
                                           .control = Control::fixed,
                                           .damping = Damping::scaled,
                                           .momentum = 0.9,
                                           .parameter_blocks = blocks},
                                          parameters);
    std::vector<double> theta(parameters, 0.0);
    Eigen::VectorXd damping = Eigen::VectorXd::Ones(parameters), d = Eigen::VectorXd::Zero(parameters), expected = d;
    for (int step = 0; step < 3; ++step) {
      const StepReport report = optimizer->update({psi, share.samples, *comm}, share.residual, theta);
      const Eigen::VectorXd kept = 0.01 * 0.9 * damping.cwiseProduct(d);
      d = (s + 0.01 * Eigen::MatrixXd(damping.asDiagonal())).ldlt().solve(dense.x.transpose() * dense.v + kept);
      expected -= 0.05 * d;
      damping = (s.diagonal().array() / s.diagonal().mean() + 1e-3).sqrt();

      EXPECT_LE(largest_difference(theta, expected), 1e-11) << "step " << step << ", " << blocks << " blocks";
      EXPECT_LE(largest_difference(optimizer->state().buffers.at("variance"), s.diagonal()), 1e-12);
      EXPECT_NEAR(report.gradient_norm, (dense.x.transpose() * dense.v).norm(), 1e-11);
      EXPECT_NEAR(report.direction_norm, d.norm(), 1e-9);
    }
  }
}

// Float32 products would perturb the matrix by more than this shift: then they are float64.
TEST(MinsrInBlocks, MultipliesInFloat64WhereTheShiftIsBelowTheRounding) {
  const auto comm = self_communicator();
  const Share share(make_rows(60, 1), 1, *comm);
  const LinearNetwork psi(300, JacobianMode::complex_log, Precision::float32);
  const auto optimizer =
      make_optimizer({.kind = OptimizerKind::minsr, .lr = {1}, .diag_shift = {1e-9}, .control = Control::fixed, .parameter_blocks = 3}, 300);
  std::vector<double> theta(300, 0.0);

  const StepReport report = optimizer->update({psi, share.samples, *comm}, share.residual, theta);

  EXPECT_EQ(report.solver_rung, 1);
  EXPECT_EQ(report.diag_shift, 1e-9);
  EXPECT_LE(report.residual, 1e-9);
}

TEST(MinsrInBlocks, HaveAParameterEach) {
  EXPECT_NO_THROW(make_optimizer({.kind = OptimizerKind::minsr, .parameter_blocks = 10}, 10));
  EXPECT_THROW(make_optimizer({.kind = OptimizerKind::minsr, .parameter_blocks = 11}, 10), InputError);
}

TEST(Natural, ConstrainsTheNormAndKeepsTheUnclippedDirection) {
  const std::vector<Row> rows = make_rows(80, 1);
  const auto comm = self_communicator();
  const Share share(rows, 1, *comm);
  const LinearNetwork psi(10, JacobianMode::complex_log, Precision::float64);
  const auto optimizer = make_optimizer({.lr = {10}, .diag_shift = {0.01}, .control = Control::fixed, .momentum = 0.5, .norm_constraint = 1e-4}, 10);
  std::vector<double> theta(10, 0.0);

  const StepReport report = optimizer->update({psi, share.samples, *comm}, share.residual, theta);

  double moved = 0;
  for (const double value : theta) moved += value * value;
  EXPECT_NEAR(std::sqrt(moved), 0.01, 1e-14);
  EXPECT_NEAR(report.step_size, 0.01 / report.direction_norm, 1e-14);
  double kept = 0;
  for (const double value : optimizer->state().buffers.at("momentum")) kept += value * value;
  EXPECT_NEAR(std::sqrt(kept), report.direction_norm, 1e-12);
}

TEST(AdamW, FollowsItsFormulaWithDecoupledDecay) {
  const std::vector<Row> rows = make_rows(90, 2);
  const auto comm = self_communicator();
  const Share share(rows, 2, *comm);
  const LinearNetwork psi(9, JacobianMode::complex_log, Precision::float32);
  const auto optimizer = make_optimizer({.kind = OptimizerKind::adamw, .lr = {0.01}, .control = Control::fixed, .weight_decay = 0.1}, 9);
  std::vector<double> theta(9, 0.5);
  const Dense dense = dense_rows(rows, 2, 9, JacobianMode::complex_log);
  const Eigen::ArrayXd g = dense.x.transpose() * dense.v;

  // A constant gradient has m / (1 - b1^t) = g and v / (1 - b2^t) = g^2 at every step.
  Eigen::VectorXd expected = Eigen::VectorXd::Constant(9, 0.5);
  for (int step = 0; step < 4; ++step) {
    const StepReport report = optimizer->update({psi, share.samples, *comm}, share.residual, theta);
    expected -= 0.01 * ((g / (g.abs() + 1e-8)).matrix() + 0.1 * expected);
    EXPECT_LE(largest_difference(theta, expected), 1e-10);
    EXPECT_NEAR(report.gradient_norm, g.matrix().norm(), 1e-13);
    EXPECT_EQ(report.solver_rung, 0);
  }
}

TEST(Sgd, FollowsItsFormula) {
  const std::vector<Row> rows = make_rows(90, 2);
  const auto comm = self_communicator();
  const Share share(rows, 2, *comm);
  const LinearNetwork psi(9, JacobianMode::complex_log, Precision::float32);
  const auto optimizer = make_optimizer({.kind = OptimizerKind::sgd, .lr = {0.01}, .control = Control::fixed, .momentum = 0.5}, 9);
  std::vector<double> theta(9, 0.5);
  const Dense dense = dense_rows(rows, 2, 9, JacobianMode::complex_log);
  const Eigen::VectorXd g = dense.x.transpose() * dense.v;

  // A constant gradient has m = (2 - 2^(1 - t)) g after t steps.
  Eigen::VectorXd expected = Eigen::VectorXd::Constant(9, 0.5);
  for (int step = 1; step <= 4; ++step) {
    optimizer->update({psi, share.samples, *comm}, share.residual, theta);
    expected -= 0.01 * (2 - std::pow(2.0, 1 - step)) * g;
    EXPECT_LE(largest_difference(theta, expected), 1e-12);
  }
}

TEST(Optimizer, ResumesToTheSameBits) {
  const std::vector<Row> rows = make_rows(64, 1);
  const auto comm = self_communicator();
  const Share share(rows, 1, *comm);
  const LinearNetwork psi(40, JacobianMode::complex_log, Precision::float32);
  const Tangent tangent{psi, share.samples, *comm};
  for (const OptimizerOptions& options :
       {OptimizerOptions{.lr = {0.1, 0.01, 5}, .diag_shift = {1e-2, 1e-3, 5}, .control = Control::fixed, .momentum = 0.9},
        OptimizerOptions{.lr = {0.1}, .diag_shift = {1e-2}, .control = Control::fixed, .damping = Damping::scaled, .momentum = 0.9},
        OptimizerOptions{.kind = OptimizerKind::sgd, .lr = {0.1}, .control = Control::fixed, .momentum = 0.9},
        OptimizerOptions{.kind = OptimizerKind::adamw, .lr = {0.1, 0.01, 5}, .control = Control::fixed}}) {
    const auto whole = make_optimizer(options, 40), first = make_optimizer(options, 40), second = make_optimizer(options, 40);
    std::vector<double> a(40, 0.0), b(40, 0.0);

    for (int step = 0; step < 4; ++step) whole->update(tangent, share.residual, a);
    for (int step = 0; step < 2; ++step) first->update(tangent, share.residual, b);
    second->restore(first->state());
    for (int step = 0; step < 2; ++step) second->update(tangent, share.residual, b);

    EXPECT_EQ(a, b);
    EXPECT_EQ(whole->state().buffers, second->state().buffers);
  }
}

TEST(Optimizer, RefusesAStateThatIsNotItsOwn) {
  const auto spring = make_optimizer({.momentum = 0.9}, 5), adam = make_optimizer({.kind = OptimizerKind::adamw}, 5);

  EXPECT_THROW(spring->restore(adam->state()), CheckpointError);
  EXPECT_THROW(spring->restore(make_optimizer({.momentum = 0.9}, 4)->state()), CheckpointError);
  EXPECT_THROW(spring->restore(make_optimizer({}, 5)->state()), CheckpointError);
  EXPECT_THROW(make_optimizer({}, 5)->restore(spring->state()), CheckpointError);
}

TEST(Schedule, MovesGeometricallyThenStays) {
  const Schedule schedule{0.1, 0.001, 10};

  EXPECT_EQ(schedule.at(0), 0.1);
  EXPECT_NEAR(schedule.at(5), 0.01, 1e-16);
  EXPECT_EQ(schedule.at(10), 0.001);
  EXPECT_EQ(schedule.at(1000), 0.001);
  EXPECT_EQ((Schedule{0.3, 0.3, 0}).at(7), 0.3);
}

}  // namespace
}  // namespace qs
