// Systems whose float32 Gram matrix is too coarse for their shift, against the same system in float64.
#include <gtest/gtest.h>

#include <cmath>
#include <cstdint>
#include <limits>
#include <memory>
#include <vector>

#include "engine/base/random.h"
#include "engine/optimize/gram.h"
#include "engine/optimize/refined_solver.h"

namespace qs {
namespace {

class RefinedSolver : public testing::TestWithParam<FactorDigits> {};
INSTANTIATE_TEST_SUITE_P(Digits, RefinedSolver, testing::Values(FactorDigits::float32, FactorDigits::float64));

constexpr std::int64_t total = 60, parameters = 900;

// Rows that share their greater part, so that rounding errors add up instead of averaging out.
TangentRows<float> similar_rows(Communicator& comm) {
  const Blocks blocks(total, comm.size(), comm.rank());
  std::vector<std::int64_t> begin;
  for (int b = blocks.first(); b <= blocks.last(); ++b) begin.push_back(blocks.begin(b) - blocks.my_begin());
  TangentRows<float> rows{make_row_layout(comm, blocks, begin, 1), parameters, Device::cpu, {}};
  rows.values = Buffer<float>(Device::cpu, static_cast<std::size_t>(rows.layout.my_rows() * parameters));
  for (std::int64_t i = 0; i < rows.layout.my_rows(); ++i) {
    for (std::int64_t k = 0; k < parameters; ++k) {
      const RandomWords words = random_words({5, 6}, static_cast<std::uint32_t>(rows.layout.my_begin() + i), static_cast<std::uint32_t>(k), 0);
      const double common = std::sin(0.37 * static_cast<double>(k)), own = uniform01(words.word[0], words.word[1]) - 0.5;
      rows.row(i)[k] = static_cast<float>(10 * common + 0.01 * own);
    }
  }
  return rows;
}

std::vector<double> right_hand_side() {
  std::vector<double> b;
  for (std::int64_t i = 0; i < total; ++i) b.push_back(std::cos(1.3 * static_cast<double>(i)));
  return b;
}

double relative_difference(const std::vector<double>& a, const std::vector<double>& b) {
  double difference = 0, size = 0;
  for (std::size_t i = 0; i < a.size(); ++i) {
    difference += (a[i] - b[i]) * (a[i] - b[i]);
    size += b[i] * b[i];
  }
  return std::sqrt(difference / size);
}

TEST_P(RefinedSolver, GivesTheSolutionOfFloat64ProductsFromFloat32Ones) {
  const auto comm = self_communicator();
  const TangentRows<float> rows = similar_rows(*comm);
  const double error = gram_rounding(*comm, rows), shift = error / 50;
  const std::vector<double> b = right_hand_side();
  ShiftedMatrix exact(Device::cpu, total, gram_matrix(kernels::Arithmetic::wide, *comm, rows));
  ShiftedMatrix rounded(Device::cpu, total, gram_matrix(kernels::Arithmetic::own, *comm, rows));
  const ShiftedSolution expected = exact.solve(b, {}, shift), spoilt = rounded.solve(b, {}, shift);

  ShiftedMatrix preconditioner(Device::cpu, total, gram_matrix(kernels::Arithmetic::own, *comm, rows));
  const auto found = solve_refined(*comm, preconditioner, b, shift, error, gram_product(*comm, rows), GetParam());

  ASSERT_TRUE(found.has_value());
  EXPECT_LT(relative_difference(found->x, expected.x), 1e-3) << "residual 1e-6 times the condition of the soft directions";
  EXPECT_GT(relative_difference(spoilt.x, expected.x), 10 * relative_difference(found->x, expected.x)) << "else this test shows nothing";
  EXPECT_EQ(found->rung, 1);
  EXPECT_EQ(found->shift, shift);
  EXPECT_LE(found->residual, GetParam() == FactorDigits::float32 ? judged_residual : refined_residual);
  EXPECT_GT(found->smallest_pivot, 0);
}

// The other shape: what SR solves.
TEST_P(RefinedSolver, RefinesTheMetricToo) {
  const auto comm = self_communicator();
  const TangentRows<float> rows = similar_rows(*comm);
  const double error = gram_rounding(*comm, rows), shift = error / 50;
  std::vector<double> b(rows.parameters);
  for (std::size_t k = 0; k < b.size(); ++k) b[k] = std::sin(static_cast<double>(k));
  ShiftedMatrix exact(Device::cpu, rows.parameters, metric_matrix(kernels::Arithmetic::wide, *comm, rows));
  ShiftedMatrix rounded(Device::cpu, rows.parameters, metric_matrix(kernels::Arithmetic::own, *comm, rows));
  const ShiftedSolution expected = exact.solve(b, {}, shift);

  const auto found = solve_refined(*comm, rounded, b, shift, error, metric_product(*comm, rows), GetParam());

  ASSERT_TRUE(found.has_value());
  EXPECT_LT(relative_difference(found->x, expected.x), 1e-3);
}

TEST_P(RefinedSolver, GivesEveryRankTheSameBitsOnAnyNumberOfThem) {
  const auto solved = [digits = GetParam()](int ranks) {
    std::vector<std::vector<double>> x(ranks);
    run_in_process(ranks, [&](Communicator& comm) {
      const TangentRows<float> rows = similar_rows(comm);
      const double error = gram_rounding(comm, rows);
      ShiftedMatrix gram(Device::cpu, total, gram_matrix(kernels::Arithmetic::own, comm, rows));
      const auto found = solve_refined(comm, gram, right_hand_side(), error / 50, error, gram_product(comm, rows), digits);
      ASSERT_TRUE(found.has_value());
      x[comm.rank()] = found->x;
    });
    return x;
  };
  const std::vector<double> alone = solved(1).front();
  for (const int ranks : {2, 5}) {
    for (const std::vector<double>& x : solved(ranks)) EXPECT_EQ(x, alone) << ranks;
  }
}

TEST_P(RefinedSolver, SaysOnEveryRankThatAMatrixDoesNotServe) {
  run_in_process(2, [digits = GetParam()](Communicator& comm) {
    const TangentRows<float> rows = similar_rows(comm);
    const std::vector<double> b = right_hand_side();
    const auto diagonal = [&](const auto& value) {
      if (!comm.is_root()) return Buffer<double>();
      Buffer<double> matrix(Device::cpu, static_cast<std::size_t>(total * total));
      for (std::int64_t i = 0; i < total; ++i) matrix.data()[i * (total + 1)] = value(i);
      return matrix;
    };
    ShiftedMatrix negative(Device::cpu, total, diagonal([](std::int64_t) { return -1.0; }));
    ShiftedMatrix unrelated(Device::cpu, total, diagonal([](std::int64_t i) { return std::pow(10.0, static_cast<double>(i % 9)); }));
    EXPECT_FALSE(solve_refined(comm, negative, b, 1e-6, 1e-6, gram_product(comm, rows), digits).has_value()) << "no Cholesky factor";
    EXPECT_FALSE(solve_refined(comm, unrelated, b, 1e-9, 1e-9, gram_product(comm, rows), digits).has_value()) << "no convergence";
  });
}

TEST_P(RefinedSolver, LeavesAVanishingRightHandSideAlone) {
  const auto comm = self_communicator();
  const TangentRows<float> rows = similar_rows(*comm);
  const double error = gram_rounding(*comm, rows);
  ShiftedMatrix gram(Device::cpu, total, gram_matrix(kernels::Arithmetic::own, *comm, rows));
  const auto found = solve_refined(*comm, gram, std::vector<double>(total, 0.0), error, error, gram_product(*comm, rows), GetParam());
  ASSERT_TRUE(found.has_value());
  EXPECT_EQ(found->x, std::vector<double>(total, 0.0));
  EXPECT_EQ(found->residual, 0);
}

}  // namespace
}  // namespace qs
