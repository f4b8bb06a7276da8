// The same step on any number of ranks and threads, bit for bit; and failures that every rank sees.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <limits>

#include "engine/base/error.h"
#include "engine/base/parallel.h"
#include "tests/engine/optimize/linear_network.h"

namespace qs {
namespace {

using test::LinearNetwork;
using test::make_rows;
using test::Row;
using test::Share;

struct Outcome {
  std::vector<double> theta;
  StepReport report;
};

Outcome two_steps(const OptimizerOptions& options, int samples, std::int64_t parameters, Precision precision, int ranks) {
  const std::vector<Row> rows = make_rows(samples, 3);
  std::vector<Outcome> outcome(ranks);
  run_in_process(ranks, [&](Communicator& comm) {
    const Share share(rows, 3, comm);
    const LinearNetwork psi(parameters, JacobianMode::complex_log, precision);
    const auto optimizer = make_optimizer(options, parameters);
    Outcome& mine = outcome[comm.rank()];
    mine.theta.assign(parameters, 0.0);
    for (int step = 0; step < 2; ++step) mine.report = optimizer->update({psi, share.samples, comm}, share.residual, mine.theta);
  });
  for (const Outcome& other : outcome) EXPECT_EQ(other.theta, outcome[0].theta) << "every rank holds the same bits";
  return outcome[0];
}

struct Case {
  OptimizerKind kind;
  int samples;
  std::int64_t parameters;
  Precision precision;
  int parameter_blocks = 1;
  Damping damping = Damping::uniform;
};

class OptimizerRanks : public ::testing::TestWithParam<Case> {};

TEST_P(OptimizerRanks, GiveTheSameBitsAsOneRank) {
  const Case c = GetParam();
  OptimizerOptions options{.kind = c.kind, .lr = {0.1}, .diag_shift = {1e-3}, .control = Control::fixed};
  options.parameter_blocks = c.parameter_blocks;
  options.damping = c.damping;
  if (c.kind != OptimizerKind::adamw) options.momentum = 0.8;
  const Outcome one = two_steps(options, c.samples, c.parameters, c.precision, 1);

  for (const int ranks : {2, 3, 4, 7}) {
    const Outcome many = two_steps(options, c.samples, c.parameters, c.precision, ranks);

    EXPECT_EQ(many.theta, one.theta) << ranks << " ranks";
    EXPECT_EQ(many.report.gradient_norm, one.report.gradient_norm);
    EXPECT_EQ(many.report.residual, one.report.residual);
  }
  set_threads(3);
  EXPECT_EQ(two_steps(options, c.samples, c.parameters, c.precision, 1).theta, one.theta) << "three threads";
  EXPECT_EQ(two_steps(options, c.samples, c.parameters, c.precision, 2).theta, one.theta) << "two ranks with three threads";
  set_threads(1);
}

// 700 samples make 1400 rows: 4 blocks to a panel, which straddle 3 and 7 ranks; 50 samples leave blocks empty.
INSTANTIATE_TEST_SUITE_P(
    Shapes, OptimizerRanks,
    ::testing::Values(Case{OptimizerKind::minsr, 700, 150, Precision::float32}, Case{OptimizerKind::minsr, 50, 3000, Precision::float32},
                      Case{OptimizerKind::minsr, 150, 500, Precision::float64}, Case{OptimizerKind::minsr, 150, 500, Precision::float32, 4},
                      Case{OptimizerKind::minsr, 150, 500, Precision::float32, 4, Damping::scaled},
                      Case{OptimizerKind::sr, 700, 300, Precision::float32, 1, Damping::scaled},
                      Case{OptimizerKind::sr, 700, 300, Precision::float32}, Case{OptimizerKind::sr, 50, 20, Precision::float64},
                      Case{OptimizerKind::sgd, 200, 90, Precision::float32}, Case{OptimizerKind::adamw, 200, 90, Precision::float32}));

// Every rank must throw, or the others would wait for ever.
std::vector<std::string> messages(int ranks, const std::function<void(Communicator&)>& body) {
  std::vector<std::string> text(ranks);
  run_in_process(ranks, [&](Communicator& comm) {
    try {
      body(comm);
    } catch (const NumericalError& error) {
      text[comm.rank()] = error.what();
    }
  });
  return text;
}

TEST(OptimizerFailures, NameTheRowOfANonFiniteResidualOnEveryRank) {
  std::vector<Row> rows = make_rows(128, 2);
  rows[101].residual = std::numeric_limits<double>::quiet_NaN();
  for (const OptimizerKind kind : {OptimizerKind::natural, OptimizerKind::adamw}) {
    std::vector<double> theta;

    const auto text = messages(4, [&](Communicator& comm) {
      const Share share(rows, 2, comm);
      const LinearNetwork psi(6, JacobianMode::complex_log, Precision::float64);
      std::vector<double> mine(6, 0.25);
      if (comm.is_root()) theta = mine;
      make_optimizer({.kind = kind, .control = Control::fixed}, 6)->update({psi, share.samples, comm}, share.residual, comm.is_root() ? theta : mine);
    });

    for (const std::string& message : text) {
      EXPECT_THAT(message, ::testing::AllOf(::testing::HasSubstr("residual"), ::testing::HasSubstr("rank 3"), ::testing::HasSubstr("row 101"),
                                            ::testing::HasSubstr("problem 1")));
    }
    EXPECT_EQ(theta, std::vector<double>(6, 0.25)) << "a rejected step changes nothing";
  }
}

TEST(OptimizerFailures, NameTheParameterOfANonFiniteDerivativeOnEveryRank) {
  const std::vector<Row> rows = make_rows(128, 2);

  const auto text = messages(3, [&](Communicator& comm) {
    const Share share(rows, 2, comm);
    LinearNetwork psi(6, JacobianMode::complex_log, Precision::float32);
    psi.spoil(rows[40].sigma);
    std::vector<double> theta(6, 0.0);
    make_optimizer({.control = Control::fixed}, 6)->update({psi, share.samples, comm}, share.residual, theta);
  });

  for (const std::string& message : text) {
    EXPECT_THAT(message, ::testing::AllOf(::testing::HasSubstr("parameter 1"), ::testing::HasSubstr("row 40"), ::testing::HasSubstr("problem 0")));
  }
}

TEST(OptimizerFailures, AreNotCausedByARowOfWeightZero) {
  std::vector<Row> rows = make_rows(128, 2);
  ASSERT_EQ(rows[10].weight, 0.0);
  const auto comm = self_communicator();
  LinearNetwork psi(6, JacobianMode::complex_log, Precision::float64);
  std::vector<double> clean(6, 0.0), spoilt(6, 0.0);
  const Share share(rows, 2, *comm);
  make_optimizer({.control = Control::fixed}, 6)->update({psi, share.samples, *comm}, share.residual, clean);

  psi.spoil(rows[10].sigma);
  rows[10].residual = std::numeric_limits<double>::infinity();
  const Share infinite(rows, 2, *comm);
  make_optimizer({.control = Control::fixed}, 6)->update({psi, infinite.samples, *comm}, infinite.residual, spoilt);

  EXPECT_EQ(spoilt, clean);
}

}  // namespace
}  // namespace qs
