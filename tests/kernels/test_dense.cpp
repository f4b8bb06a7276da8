#include "tests/kernels/network_devices.h"

namespace qs::test {
namespace {

using kernels::DenseShape;
using kernels::GradientTarget;
using kernels::Write;

template <class T>
using Dense = NetworkTest<T>;
TYPED_TEST_SUITE(Dense, AllImplementations, ImplementationName);

// One, odd, exactly a block, several blocks, more inputs than a panel; one lane group and several.
const DenseShape shapes[] = {{1, 1, 1, 16},   {1, 7, 2, 64},   {2, 5, 33, 48},   {3, 8, 16, 16},   {4, 17, 6, 32},
                             {5, 60, 25, 16}, {7, 13, 47, 16}, {9, 32, 128, 16}, {25, 11, 60, 32}, {3, 200, 50, 32}};

std::string name_of(DenseShape s) {
  return "tokens " + std::to_string(s.tokens) + " in " + std::to_string(s.in) + " out " + std::to_string(s.out) + " rows " + std::to_string(s.rows);
}

TYPED_TEST(Dense, MultipliesASmallMatrixByHand) {
  using Real = typename TypeParam::Real;
  LaneArray<Real> x(2 * 16), y(2 * 16);
  for (int b = 0; b < 16; ++b) {
    x[b] = Real(b);
    x[16 + b] = Real(1);
  }
  const LaneArray<Real> w{2, 3, 5, 7}, bias{10, 20};

  this->device().dense({1, 2, 2, 16}, x.data(), w.data(), bias.data(), y.data(), Write::overwrite);

  for (int b = 0; b < 16; ++b) {
    EXPECT_EQ(y[b], Real(2 * b + 5 + 10));
    EXPECT_EQ(y[16 + b], Real(3 * b + 7 + 20));
  }
}

// in + 2 rounded operations on terms whose absolute values sum to `sum`: |error| <= (in + 2) eps sum.
TYPED_TEST(Dense, EqualsTheReferenceWithinRounding) {
  using Real = typename TypeParam::Real;
  for (const DenseShape s : shapes) {
    const auto x = random_array<Real>(std::int64_t(s.tokens) * s.in * s.rows, 1), w = random_array<Real>(s.in * s.out, 2);
    const auto bias = random_array<Real>(s.out, 3), start = random_array<Real>(std::int64_t(s.tokens) * s.out * s.rows, 4);
    for (const Write write : {Write::overwrite, Write::accumulate}) {
      for (const bool has_bias : {false, true}) {
        LaneArray<Real> y = start;
        LaneArray<double> want = widened(start), sum = absolute(start);
        const LaneArray<double> wide_bias = widened(bias), absolute_bias = absolute(bias);

        this->device().dense(s, x.data(), w.data(), has_bias ? bias.data() : nullptr, y.data(), write);

        this->exact().dense(s, widened(x).data(), widened(w).data(), has_bias ? wide_bias.data() : nullptr, want.data(), write);
        this->exact().dense(s, absolute(x).data(), absolute(w).data(), has_bias ? absolute_bias.data() : nullptr, sum.data(), write);
        expect_within(
            y, want, [&](std::int64_t k) { return (s.in + 2) * this->eps * sum[k]; }, name_of(s));
      }
    }
  }
}

TYPED_TEST(Dense, GivesALaneTheSameBitsWhateverTheOthersHold) {
  using Real = typename TypeParam::Real;
  for (const DenseShape s : shapes) {
    auto x = random_array<Real>(std::int64_t(s.tokens) * s.in * s.rows, 1);
    const auto w = random_array<Real>(s.in * s.out, 2);
    LaneArray<Real> before(std::int64_t(s.tokens) * s.out * s.rows), after = before;
    this->device().dense(s, x.data(), w.data(), nullptr, before.data(), Write::overwrite);
    const int kept = s.rows - 3;
    for (std::int64_t k = 0; k < x.size(); ++k) {
      if (k % s.rows != kept) x[k] = Real(k % 5) - 2;
    }

    this->device().dense(s, x.data(), w.data(), nullptr, after.data(), Write::overwrite);

    for (std::int64_t k = kept; k < before.size(); k += s.rows) ASSERT_EQ(before[k], after[k]) << name_of(s);
  }
}

TYPED_TEST(Dense, GivesARowTheSameBitsInAWiderBatch) {
  using Real = typename TypeParam::Real;
  if (TypeParam::which == Definition::cuda) GTEST_SKIP() << "cuBLAS does not promise it: chunks on the GPU all have the same number of rows";
  const DenseShape wide{6, 130, 21, 64}, narrow{6, 130, 21, 16};
  const auto x = random_array<Real>(std::int64_t(wide.tokens) * wide.in * wide.rows, 1), w = random_array<Real>(wide.in * wide.out, 2);
  LaneArray<Real> part(std::int64_t(narrow.tokens) * narrow.in * narrow.rows), y(std::int64_t(wide.tokens) * wide.out * wide.rows);
  LaneArray<Real> y_part(std::int64_t(narrow.tokens) * narrow.out * narrow.rows);
  for (std::int64_t k = 0; k < part.size(); ++k) part[k] = x[k / 16 * 64 + 32 + k % 16];

  this->device().dense(wide, x.data(), w.data(), nullptr, y.data(), Write::overwrite);
  this->device().dense(narrow, part.data(), w.data(), nullptr, y_part.data(), Write::overwrite);

  for (std::int64_t k = 0; k < y_part.size(); ++k) ASSERT_EQ(y_part[k], y[k / 16 * 64 + 32 + k % 16]);
}

// tokens products per row, then valid rows: at most tokens + valid + 2 roundings per term.
TYPED_TEST(Dense, SumsTheWeightGradientOverTheValidRows) {
  using Real = typename TypeParam::Real;
  for (const DenseShape s : shapes) {
    const auto x = random_array<Real>(std::int64_t(s.tokens) * s.in * s.rows, 1), dy = random_array<Real>(std::int64_t(s.tokens) * s.out * s.rows, 2);
    for (const int valid : {0, 1, s.rows - 5, s.rows}) {
      LaneArray<Real> dw = random_array<Real>(s.in * s.out, 3), dbias = random_array<Real>(s.out, 4);
      LaneArray<double> want = widened(dw), want_bias = widened(dbias), sum = absolute(dw), sum_bias = absolute(dbias);

      this->device().dense_weight_gradient(s, x.data(), dy.data(), {dw.data(), 0, valid}, {dbias.data(), 0, valid});

      this->exact().dense_weight_gradient(s, widened(x).data(), widened(dy).data(), {want.data(), 0, valid}, {want_bias.data(), 0, valid});
      this->exact().dense_weight_gradient(s, absolute(x).data(), absolute(dy).data(), {sum.data(), 0, valid}, {sum_bias.data(), 0, valid});
      const double c = (s.tokens * (valid + 1) + 2) * this->eps;
      expect_within(
          dw, want, [&](std::int64_t k) { return c * sum[k]; }, "dw " + name_of(s));
      expect_within(
          dbias, want_bias, [&](std::int64_t k) { return c * sum_bias[k]; }, "dbias " + name_of(s));
    }
  }
}

TYPED_TEST(Dense, WritesOneWeightGradientPerRowAndNothingElse) {
  using Real = typename TypeParam::Real;
  for (const DenseShape s : shapes) {
    const auto x = random_array<Real>(std::int64_t(s.tokens) * s.in * s.rows, 1), dy = random_array<Real>(std::int64_t(s.tokens) * s.out * s.rows, 2);
    const int offset = 3, parameters = s.out + s.in * s.out, stride = offset + parameters + 2;
    for (const int valid : {1, s.rows - 5, s.rows}) {
      LaneArray<Real> rows(std::int64_t(stride) * valid, Real(0.25));
      LaneArray<double> want(rows.size(), 0.25), sum(rows.size(), 0.25);
      const auto gradient = [&](const auto& table, const auto& inputs, const auto& outputs, auto& target) {
        auto* base = target.data() + offset;
        table.dense_weight_gradient(s, inputs.data(), outputs.data(), {base + s.out, stride, valid}, {base, stride, valid});
      };

      gradient(this->device(), x, dy, rows);

      gradient(this->exact(), widened(x), widened(dy), want);
      gradient(this->exact(), absolute(x), absolute(dy), sum);
      expect_within(
          rows, want, [&](std::int64_t k) { return (s.tokens + 1) * this->eps * sum[k]; }, name_of(s));
    }
  }
}

// Rows that together exceed the caches may be written by other instructions (cpu: streamed from a staging buffer that lies as far from a line as they
// do).
TYPED_TEST(Dense, WritesFarRowsWithTheBitsOfNearOnes) {
  using Real = typename TypeParam::Real;
  for (const DenseShape s : {DenseShape{5, 30, 37, 32}, DenseShape{1, 70, 3, 16}, DenseShape{40, 3, 130, 16}}) {
    const auto x = random_array<Real>(std::int64_t(s.tokens) * s.in * s.rows, 1), dy = random_array<Real>(std::int64_t(s.tokens) * s.out * s.rows, 2);
    const int weights = s.in * s.out, valid = s.rows - 1;
    const std::int64_t far = 40001;  // odd: every row begins elsewhere in its line
    LaneArray<Real> near_rows(std::int64_t(weights) * valid), far_rows(far * valid, Real(0.25));

    this->device().dense_weight_gradient(s, x.data(), dy.data(), {near_rows.data(), weights, valid}, {nullptr, weights, valid});
    this->device().dense_weight_gradient(s, x.data(), dy.data(), {far_rows.data() + 1, far, valid}, {nullptr, far, valid});

    for (std::int64_t k = 0; k < far_rows.size(); ++k) {
      const std::int64_t row = (k - 1) / far, weight = (k - 1) % far;
      ASSERT_EQ(far_rows[k], k > 0 && weight < weights ? near_rows[row * weights + weight] : Real(0.25)) << name_of(s) << " at " << k;
    }
  }
}

TYPED_TEST(Dense, EmitsLaneGradientsAsSumsAndAsRows) {
  using Real = typename TypeParam::Real;
  for (const int n : {1, 5, 16, 37}) {
    const int rows = 32, valid = 19, stride = n + 4;
    const auto g = random_array<Real>(std::int64_t(n) * rows, 1);
    LaneArray<Real> sums(n, Real(1)), matrix(std::int64_t(stride) * valid);

    this->device().emit_gradient(n, rows, g.data(), {sums.data(), 0, valid});
    this->device().emit_gradient(n, rows, g.data(), {matrix.data(), stride, valid});

    EXPECT_TRUE(sums.guards_intact() && matrix.guards_intact());
    for (int k = 0; k < n; ++k) {
      double sum = 1;
      for (int b = 0; b < valid; ++b) {
        sum += g[std::int64_t(k) * rows + b];
        EXPECT_EQ(matrix[std::int64_t(b) * stride + k], g[std::int64_t(k) * rows + b]);
      }
      EXPECT_NEAR(sums[k], sum, (valid + 1) * this->eps * (valid + 1));
    }
    for (int b = 0; b < valid; ++b) {
      for (int k = n; k < stride; ++k) EXPECT_EQ(matrix[std::int64_t(b) * stride + k], Real(0)) << "between rows";
    }
  }
}

TYPED_TEST(Dense, RepeatsItsBits) {
  using Real = typename TypeParam::Real;
  const DenseShape s{7, 33, 45, 48};
  const auto x = random_array<Real>(std::int64_t(s.tokens) * s.in * s.rows, 1), dy = random_array<Real>(std::int64_t(s.tokens) * s.out * s.rows, 2);
  const auto gradient = [&] {
    LaneArray<Real> dw(s.in * s.out);
    this->device().dense_weight_gradient(s, x.data(), dy.data(), {dw.data(), 0, 41}, {nullptr, 0, 41});
    return dw;
  };

  EXPECT_TRUE(same_bits(gradient(), gradient()));
}

}  // namespace
}  // namespace qs::test
