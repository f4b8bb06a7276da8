// Layer normalisation, gelu, attention, token mixing, log cosh and the small token primitives against the float64 reference and against values by
// hand. Bounds: c n eps times the scale of the result; inputs lie in [-1, 1] unless said otherwise.
#include <complex>

#include "tests/kernels/network_devices.h"

namespace qs::test {
namespace {

using kernels::AttentionShape;
using kernels::MixShape;
using kernels::Write;

template <class T>
using Layers = NetworkTest<T>;
TYPED_TEST_SUITE(Layers, AllImplementations, ImplementationName);

TYPED_TEST(Layers, NormalisesTwoFeaturesByHand) {
  using Real = typename TypeParam::Real;
  LaneArray<Real> x(2 * 16), y(2 * 16), normalised(2 * 16), rstd(16);
  for (int b = 0; b < 16; ++b) {
    x[b] = Real(1);
    x[16 + b] = Real(5);
  }
  const LaneArray<Real> scale{2, 3}, bias{-1, 1};

  this->device().layer_norm(1, 2, 16, x.data(), scale.data(), bias.data(), y.data(), normalised.data(), rstd.data());

  // mean 3, variance 13 - 9 = 4
  const double r = 1 / std::sqrt(4 + 1e-6);
  for (int b = 0; b < 16; ++b) {
    EXPECT_NEAR(rstd[b], r, 2 * this->eps);
    EXPECT_NEAR(normalised[b], -2 * r, 4 * this->eps);
    EXPECT_NEAR(y[b], -4 * r - 1, 12 * this->eps);
    EXPECT_NEAR(y[16 + b], 6 * r + 1, 16 * this->eps);
  }
}

// The variance of uniform inputs is about 1/3 and cancels little: width + 8 roundings of numbers up to sqrt(3).
TYPED_TEST(Layers, NormaliseLikeTheReference) {
  using Real = typename TypeParam::Real;
  for (const int width : {6, 13, 60}) {
    const int tokens = 3, rows = 48;
    const std::int64_t size = std::int64_t(tokens) * width * rows;
    const auto x = random_array<Real>(size, 1), scale = random_array<Real>(width, 2), bias = random_array<Real>(width, 3),
               dy = random_array<Real>(size, 4);
    LaneArray<Real> y(size), normalised(size), rstd(tokens * rows), dx = x, dscale(width * rows), dbias(width * rows);
    LaneArray<double> y0(size), normalised0(size), rstd0(tokens * rows), dx0 = widened(x), dscale0(width * rows), dbias0(width * rows);

    this->device().layer_norm(tokens, width, rows, x.data(), scale.data(), bias.data(), y.data(), normalised.data(), rstd.data());
    this->device().layer_norm_backward(tokens, width, rows, dy.data(), scale.data(), normalised.data(), rstd.data(), dx.data(), Write::accumulate,
                                       dscale.data(), dbias.data());

    this->exact().layer_norm(tokens, width, rows, widened(x).data(), widened(scale).data(), widened(bias).data(), y0.data(), normalised0.data(),
                             rstd0.data());
    this->exact().layer_norm_backward(tokens, width, rows, widened(dy).data(), widened(scale).data(), normalised0.data(), rstd0.data(), dx0.data(),
                                      Write::accumulate, dscale0.data(), dbias0.data());
    double largest = 1;
    for (const double r : rstd0) largest = std::max(largest, r);
    const double bound = 4 * (width + 8) * this->eps * largest * largest;
    const auto everywhere = [&](std::int64_t) { return bound; };
    expect_within(y, y0, everywhere, "y");
    expect_within(normalised, normalised0, everywhere, "normalised");
    expect_within(
        rstd, rstd0, [&](std::int64_t) { return bound * largest; }, "rstd");
    expect_within(
        dx, dx0, [&](std::int64_t) { return bound * largest; }, "dx");
    expect_within(
        dscale, dscale0, [&](std::int64_t) { return tokens * bound; }, "dscale");
    expect_within(dbias, dbias0, everywhere, "dbias");
  }
}

TYPED_TEST(Layers, NormaliseAConstantTokenToZero) {
  using Real = typename TypeParam::Real;
  LaneArray<Real> x(8 * 16, Real(0.5)), normalised(8 * 16), rstd(16);
  const LaneArray<Real> scale(8, Real(1)), bias(8, Real(0.25));

  this->device().layer_norm(1, 8, 16, x.data(), scale.data(), bias.data(), x.data(), normalised.data(), rstd.data());

  for (const Real value : x) EXPECT_EQ(value, Real(0.25));
  for (const Real value : rstd) EXPECT_NEAR(value, 1000, 1000 * 8 * this->eps);
}

// x / (1 + e^-2z): the exponential's argument is rounded, so the relative error grows with |2z|, but the result decays faster.
TYPED_TEST(Layers, GeluFollowsItsFormula) {
  using Real = typename TypeParam::Real;
  LaneArray<Real> x(4096), y(4096), dx(4096);
  for (std::int64_t k = 0; k < x.size(); ++k) x[k] = Real(k - 2048) / Real(128);  // -16 .. 16
  const auto dy = random_array<Real>(x.size(), 1);
  LaneArray<double> y0(x.size()), dx0(x.size());

  this->device().gelu(x.size(), x.data(), y.data());
  this->device().gelu_backward(x.size(), x.data(), dy.data(), dx.data());

  this->exact().gelu(x.size(), widened(x).data(), y0.data());
  this->exact().gelu_backward(x.size(), widened(x).data(), widened(dy).data(), dx0.data());
  expect_within(
      y, y0, [&](std::int64_t k) { return 8 * this->eps * (1 + std::abs(static_cast<double>(x[k]))); }, "gelu");
  expect_within(
      dx, dx0, [&](std::int64_t k) { return 32 * this->eps * (1 + std::abs(static_cast<double>(x[k]))); }, "gelu'");
  EXPECT_EQ(y[2048], Real(0));
  EXPECT_NEAR(y[2048 + 128], 0.5 * (1 + std::tanh(std::sqrt(2 / M_PI) * 1.044715)), 4 * this->eps);
}

// The errors that kernels/cpu/gelu.cpp states, rounded up, against extended precision. t = log2 exp(-2z) carries a few roundings of its own size,
// so the relative error grows with |t| where the exponential decides (x < 0). The reference, x/2 (1 + tanh z), cancels there and is not held to it.
TYPED_TEST(Layers, GeluKeepsItsStatedErrors) {
  using Real = typename TypeParam::Real;
  constexpr Definition which = TypeParam::which;
  if (which == Definition::reference || which == Definition::cuda_on_host || which == Definition::cuda)
    GTEST_SKIP() << "the bounds are those of the cpu device";
  constexpr long double slope = 1.595769121605730711759784L, c = 0.044715L;  // 2 sqrt(2/pi)
  const std::int64_t n = 1 << 16;
  LaneArray<Real> x(n), y(n), one(n, Real(1)), dx(n);
  for (std::int64_t k = 0; k < n; ++k) x[k] = static_cast<Real>(-12.0 + (static_cast<double>(k) + 1 / M_PI) * 24.0 / static_cast<double>(n));

  this->device().gelu(n, x.data(), y.data());
  this->device().gelu_backward(n, x.data(), one.data(), dx.data());

  for (std::int64_t k = 0; k < n; ++k) {
    const long double v = x[k], e = std::exp(-slope * v * (1 + c * v * v)), s = 1 / (1 + e);
    const long double error = std::abs(y[k] - v * s), relative = error / std::abs(v * s);
    ASSERT_LE(error, 1.4L * this->eps * std::abs(v)) << "at " << v;
    if (v > -8) {
      ASSERT_LE(relative, (v > 0 ? 2.5L : v > -5 ? 22 : 64) * this->eps) << "at " << v;
    }
    ASSERT_LE(std::abs(dx[k] - s * (1 + v * e * s * slope * (1 + 3 * c * v * v))), 2.2L * this->eps) << "at " << v;
  }
}

// Far from zero gelu is x or nothing, and its slope 1 or 0: no infinity times zero on the way.
TYPED_TEST(Layers, GeluOfHugeArgumentsIsTheArgumentOrNothing) {
  using Real = typename TypeParam::Real;
  LaneArray<Real> x(32), y(32), one(32, Real(1)), dx(32);
  for (int k = 0; k < 16; ++k) {
    x[k] = Real(15 + 100 * k);
    x[16 + k] = -x[k];
  }

  this->device().gelu(32, x.data(), y.data());
  this->device().gelu_backward(32, x.data(), one.data(), dx.data());

  for (int k = 0; k < 16; ++k) {
    EXPECT_EQ(y[k], x[k]);
    EXPECT_EQ(dx[k], Real(1));
    EXPECT_NEAR(y[16 + k], 0, 1e-30);
    EXPECT_NEAR(dx[16 + k], 0, 1e-25);
  }
}

TYPED_TEST(Layers, GeluLetsNotANumberThrough) {
  using Real = typename TypeParam::Real;
  LaneArray<Real> x(16, std::numeric_limits<Real>::quiet_NaN()), y(16);

  this->device().gelu(16, x.data(), y.data());

  for (const Real value : y) EXPECT_TRUE(std::isnan(value));
}

LaneArray<std::int32_t> displacements(int tokens) {
  LaneArray<std::int32_t> index(tokens * tokens);
  for (int p = 0; p < tokens; ++p) {
    for (int q = 0; q < tokens; ++q) index[p * tokens + q] = (q - p + tokens) % tokens;
  }
  return index;
}

TYPED_TEST(Layers, MixTokensLikeTheReference) {
  using Real = typename TypeParam::Real;
  for (const MixShape s : {MixShape{1, 1, 1, 16, 1}, MixShape{3, 2, 5, 32, 3}, MixShape{25, 2, 6, 16, 25}, MixShape{70, 1, 3, 16, 70}}) {
    const std::int64_t size = std::int64_t(s.tokens) * s.heads * s.head_width * s.rows;
    const auto v = random_array<Real>(size, 1), alpha = random_array<Real>(s.heads * s.n_alpha, 2), dy = random_array<Real>(size, 3);
    const auto index = displacements(s.tokens);
    LaneArray<Real> y(size), dalpha(std::int64_t(s.heads) * s.n_alpha * s.rows);
    LaneArray<double> y0(size), dalpha0(dalpha.size());

    this->device().mix_tokens(s, v.data(), alpha.data(), index.data(), y.data());
    this->device().mix_tokens_weight_gradient(s, v.data(), dy.data(), index.data(), dalpha.data());

    this->exact().mix_tokens(s, widened(v).data(), widened(alpha).data(), index.data(), y0.data());
    this->exact().mix_tokens_weight_gradient(s, widened(v).data(), widened(dy).data(), index.data(), dalpha0.data());
    const int terms = s.tokens * s.head_width;
    expect_within(
        y, y0, [&](std::int64_t) { return (s.tokens + 1) * this->eps * s.tokens; }, "y");
    expect_within(
        dalpha, dalpha0, [&](std::int64_t) { return (terms + 1) * this->eps * terms; }, "dalpha");
  }
}

// Scores are sums of e terms up to 1/sqrt(e); their error enters the probabilities as a factor, then T terms are added.
TYPED_TEST(Layers, AttendLikeTheReference) {
  using Real = typename TypeParam::Real;
  for (const AttentionShape s :
       {AttentionShape{1, 1, 1, 16}, AttentionShape{3, 2, 5, 32}, AttentionShape{16, 2, 8, 16}, AttentionShape{13, 3, 7, 48}}) {
    const std::int64_t size = std::int64_t(s.tokens) * s.heads * s.head_width * s.rows, pairs = std::int64_t(s.heads) * s.tokens * s.tokens * s.rows;
    const auto q = random_array<Real>(size, 1), k = random_array<Real>(size, 2), v = random_array<Real>(size, 3), dy = random_array<Real>(size, 4);
    LaneArray<Real> p(pairs), y(size), dq(size), dk(size), dv(size);
    LaneArray<double> p0(pairs), y0(size), dq0(size), dk0(size), dv0(size);

    this->device().attention(s, q.data(), k.data(), v.data(), p.data(), y.data());
    this->device().attention_backward(s, q.data(), k.data(), v.data(), p.data(), dy.data(), dq.data(), dk.data(), dv.data());

    this->exact().attention(s, widened(q).data(), widened(k).data(), widened(v).data(), p0.data(), y0.data());
    this->exact().attention_backward(s, widened(q).data(), widened(k).data(), widened(v).data(), p0.data(), widened(dy).data(), dq0.data(),
                                     dk0.data(), dv0.data());
    const double bound = 4 * (s.head_width + s.tokens + 8) * this->eps * std::sqrt(s.head_width);
    for (std::int64_t i = 0; i < pairs; ++i) ASSERT_LE(std::abs(p[i] - p0[i]), bound * p0[i]) << "probability " << i;
    const auto everywhere = [&](std::int64_t) { return bound * s.head_width; };
    expect_within(y, y0, everywhere, "y");
    expect_within(dq, dq0, everywhere, "dq");
    expect_within(
        dk, dk0, [&](std::int64_t) { return s.tokens * bound * s.head_width; }, "dk");
    expect_within(
        dv, dv0, [&](std::int64_t) { return s.tokens * bound; }, "dv");
  }
}

TYPED_TEST(Layers, AttendWithOneKeyReturnsTheValue) {
  using Real = typename TypeParam::Real;
  const AttentionShape s{1, 2, 3, 16};
  const auto q = random_array<Real>(96, 1), v = random_array<Real>(96, 2);
  LaneArray<Real> p(32), y(96);

  this->device().attention(s, q.data(), q.data(), v.data(), p.data(), y.data());

  for (const Real probability : p) EXPECT_EQ(probability, Real(1));
  EXPECT_TRUE(same_bits(y, v));
}

TYPED_TEST(Layers, AttendToHugeScoresWithoutOverflow) {
  using Real = typename TypeParam::Real;
  const AttentionShape s{2, 1, 1, 16};
  LaneArray<Real> q(32, Real(1000)), k(32, Real(1)), v(32, Real(3)), p(64), y(32);
  for (int b = 0; b < 16; ++b) k[b] = Real(2);  // scores 2000 and 1000

  this->device().attention(s, q.data(), k.data(), v.data(), p.data(), y.data());

  for (const Real value : y) EXPECT_NEAR(value, 3, 8 * this->eps);
  for (int b = 0; b < 16; ++b) EXPECT_NEAR(p[b], 1, 2 * this->eps);
}

// Also in place, and for numbers of values that fill no register.
TYPED_TEST(Layers, Multiply) {
  using Real = typename TypeParam::Real;
  for (const std::int64_t n : {3, 48}) {
    const auto x = random_array<Real>(n, 1), z = random_array<Real>(n, 2), start = random_array<Real>(n, 3);
    LaneArray<Real> product(n), sum = start, in_place = x;

    this->device().multiply(n, x.data(), z.data(), product.data(), Write::overwrite);
    this->device().multiply(n, x.data(), z.data(), sum.data(), Write::accumulate);
    this->device().multiply(n, in_place.data(), z.data(), in_place.data(), Write::accumulate);

    for (std::int64_t k = 0; k < n; ++k) {
      const double xz = static_cast<double>(x[k]) * z[k];
      EXPECT_NEAR(product[k], xz, this->eps * std::abs(xz));
      EXPECT_NEAR(sum[k], start[k] + xz, 2 * this->eps * (std::abs(start[k]) + std::abs(xz)));
      EXPECT_NEAR(in_place[k], x[k] + xz, 2 * this->eps * (std::abs(x[k]) + std::abs(xz)));
    }
    EXPECT_TRUE(product.guards_intact() && sum.guards_intact() && in_place.guards_intact());
  }
}

TYPED_TEST(Layers, SumBroadcastAndAdd) {
  using Real = typename TypeParam::Real;
  const int tokens = 5, width = 3, rows = 32;
  const auto x = random_array<Real>(tokens * width * rows, 1);
  LaneArray<Real> sum(width * rows), spread(tokens * width * rows), twice = x, odd(37, Real(2));
  LaneArray<double> sum0(width * rows);

  this->device().sum_tokens(tokens, width, rows, x.data(), sum.data());
  this->device().broadcast_tokens(tokens, width, rows, sum.data(), spread.data(), Write::overwrite);
  this->device().broadcast_tokens(tokens, width, rows, sum.data(), spread.data(), Write::accumulate);
  this->device().add(twice.size(), x.data(), twice.data());
  this->device().add(37, x.data(), odd.data());

  this->exact().sum_tokens(tokens, width, rows, widened(x).data(), sum0.data());
  expect_within(
      sum, sum0, [&](std::int64_t) { return tokens * tokens * this->eps; }, "sum");
  for (std::int64_t k = 0; k < spread.size(); ++k) ASSERT_EQ(spread[k], 2 * sum[k % sum.size()]);
  for (std::int64_t k = 0; k < x.size(); ++k) ASSERT_EQ(twice[k], 2 * x[k]);
  for (std::int64_t k = 0; k < 37; ++k) ASSERT_EQ(odd[k], 2 + x[k]);
  EXPECT_TRUE(odd.guards_intact());
}

TYPED_TEST(Layers, UnpackSpinsFromEveryWordAndRepeatRowZero) {
  using Real = typename TypeParam::Real;
  const int rows = 16, valid = 3, words = 2;
  const LaneArray<std::uint64_t> configurations{1, 0, std::uint64_t(1) << 63, 1, 0, std::uint64_t(1) << 6};
  const LaneArray<std::int32_t> sites{0, 63, 64, 70};
  const double expected[4][3] = {{1, -1, -1}, {-1, 1, -1}, {-1, 1, -1}, {-1, -1, 1}};
  LaneArray<Real> x(4 * rows);

  this->device().unpack_spins(4, rows, valid, configurations.data(), words, sites.data(), x.data());

  EXPECT_TRUE(x.guards_intact());
  for (int n = 0; n < 4; ++n) {
    for (int b = 0; b < rows; ++b) EXPECT_EQ(x[n * rows + b], expected[n][b < valid ? b : 0]) << n << " " << b;
  }
}

TYPED_TEST(Layers, SelectTheFeaturesOfEveryRowsProblem) {
  using Real = typename TypeParam::Real;
  const int rows = 16, valid = 3;
  const LaneArray<Real> table{1, 2, 3, 10, 20, 30};  // two problems of three features
  const LaneArray<std::int32_t> problem{1, 0, 1}, columns{2, 0};
  const double expected[2][3] = {{30, 3, 30}, {10, 1, 10}};
  LaneArray<Real> x(2 * rows);

  this->device().select_features(2, rows, valid, table.data(), 3, problem.data(), columns.data(), x.data());

  EXPECT_TRUE(x.guards_intact());
  for (int c = 0; c < 2; ++c) {
    for (int b = 0; b < rows; ++b) EXPECT_EQ(x[c * rows + b], expected[c][b < valid ? b : 0]) << c << " " << b;
  }
}

// Numbers from tiny to huge in all four quadrants, and zero: log psi = ln|psi| + i arg psi.
TYPED_TEST(Layers, TakeTheLogarithmOfAnAmplitude) {
  using Real = typename TypeParam::Real;
  const int rows = 16;
  const double size[] = {0, 1e-30, 3e-8, 1, 7, 1e25}, angle[] = {0.1, 1.9, -2.8, -0.4};
  LaneArray<Real> psi(2 * rows), wre(rows), wim(rows), dpsi(2 * rows);
  LaneArray<double> re(rows), im(rows), wide(2 * rows);
  for (int b = 0; b < rows; ++b) {
    psi[b] = Real(size[b % 6] * std::cos(angle[b % 4]));
    psi[rows + b] = Real(size[b % 6] * std::sin(angle[b % 4]));
    wre[b] = Real(0.5 + b);
    wim[b] = Real(2 - b);
  }

  this->device().log_amplitude(rows, psi.data(), psi.data() + rows, re.data(), im.data());
  this->device().log_amplitude_backward(rows, psi.data(), psi.data() + rows, wre.data(), wim.data(), dpsi.data(), dpsi.data() + rows);
  this->device().widen(2 * rows, psi.data(), wide.data());

  const double eps64 = std::numeric_limits<double>::epsilon();
  for (int b = 0; b < rows; ++b) {
    const std::complex<double> value(psi[b], psi[rows + b]);
    if (value == 0.0) {
      EXPECT_EQ(re[b], -INFINITY);
      EXPECT_EQ(dpsi[b], Real(0));
      EXPECT_EQ(dpsi[rows + b], Real(0));
      continue;
    }
    EXPECT_NEAR(re[b], std::log(std::abs(value)), 4 * eps64 * (1 + std::abs(re[b])));
    EXPECT_NEAR(im[b], std::arg(value), 4 * eps64 * 4);
    const std::complex<double> c = std::conj(std::complex<double>(wre[b], wim[b])) / value;
    EXPECT_NEAR(dpsi[b], c.real(), 8 * this->eps * std::abs(c));
    EXPECT_NEAR(dpsi[rows + b], -c.imag(), 8 * this->eps * std::abs(c));
  }
  for (int k = 0; k < 2 * rows; ++k) EXPECT_EQ(wide[k], static_cast<double>(psi[k]));
  EXPECT_TRUE(re.guards_intact() && im.guards_intact() && dpsi.guards_intact() && wide.guards_intact());
}

TYPED_TEST(Layers, TakeTheLogarithmOfARealAmplitude) {
  using Real = typename TypeParam::Real;
  const int rows = 16;
  LaneArray<Real> x(rows, Real(-0.25)), wre(rows, Real(3)), wim(rows, Real(5)), dx(rows);
  LaneArray<double> re(rows), im(rows);
  x[0] = Real(4);
  x[1] = Real(0);

  this->device().log_amplitude(rows, x.data(), nullptr, re.data(), im.data());
  this->device().log_amplitude_backward(rows, x.data(), nullptr, wre.data(), wim.data(), dx.data(), nullptr);

  for (int b = 2; b < rows; ++b) {
    EXPECT_NEAR(re[b], std::log(0.25), 4 * std::numeric_limits<double>::epsilon());
    EXPECT_NEAR(im[b], M_PI, 4 * std::numeric_limits<double>::epsilon());
    EXPECT_NEAR(dx[b], -12, 12 * 4 * this->eps);
  }
  EXPECT_NEAR(re[0], std::log(4.0), 4 * std::numeric_limits<double>::epsilon());
  EXPECT_EQ(im[0], 0);
  EXPECT_NEAR(dx[0], 0.75, 4 * this->eps);
  EXPECT_EQ(re[1], -INFINITY);
  EXPECT_EQ(dx[1], Real(0));
}

TYPED_TEST(Layers, EmbedTokensAndScatterTheirGradient) {
  using Real = typename TypeParam::Real;
  const int tokens = 3, width = 5, rows = 32;
  LaneArray<Real> spins(tokens * rows), x(tokens * width * rows), dtable(2 * width * rows);
  for (std::int64_t k = 0; k < spins.size(); ++k) spins[k] = k % 3 == 0 ? Real(1) : Real(-1);
  const auto table = random_array<Real>(2 * width, 1), position = random_array<Real>(tokens * width, 2), dx = random_array<Real>(x.size(), 3);
  LaneArray<double> dtable0(dtable.size());

  this->device().embed_tokens(tokens, width, rows, spins.data(), table.data(), position.data(), x.data());
  this->device().embed_tokens_backward(tokens, width, rows, spins.data(), dx.data(), dtable.data());

  for (std::int64_t k = 0; k < x.size(); ++k) {
    const std::int64_t t = k / (width * rows), d = k / rows % width, s = spins[t * rows + k % rows] > 0 ? 1 : 0;
    ASSERT_EQ(x[k], table[s * width + d] + position[t * width + d]);
  }
  this->exact().embed_tokens_backward(tokens, width, rows, widened(spins).data(), widened(dx).data(), dtable0.data());
  expect_within(
      dtable, dtable0, [&](std::int64_t) { return tokens * tokens * this->eps; }, "dtable");
}

// In float64 whatever Real is: bounds in its rounding error.
TYPED_TEST(Layers, SumLogCoshOfComplexAndRealNumbers) {
  using Real = typename TypeParam::Real;
  const int width = 64, rows = 16;
  LaneArray<Real> re(width * rows), im(width * rows);
  for (int k = 0; k < width * rows; ++k) {
    re[k] = Real(k % 41 - 20) * Real(0.37);
    im[k] = Real(k % 29 - 14) * Real(0.41);
  }
  re[0] = Real(-0.0);
  LaneArray<double> re_out(rows, 1), im_out(rows, 2), real_out(rows), re_sum(rows, 1), im_sum(rows, 2), real_sum(rows);

  this->device().log_cosh_sum(width, rows, re.data(), im.data(), re_out.data(), im_out.data(), Write::accumulate);
  this->device().log_cosh_sum(width, rows, re.data(), nullptr, real_out.data(), nullptr, Write::overwrite);

  for (int k = 0; k < width * rows; ++k) {
    const double sign = std::signbit(re[k]) ? -1 : 1, p = sign * re[k], q = sign * im[k];
    const std::complex<double> inner = std::log(1.0 + std::exp(std::complex<double>(-2 * p, -2 * q)));
    re_sum[k % rows] += p + inner.real() - std::log(2.0);
    im_sum[k % rows] += q + inner.imag();
    real_sum[k % rows] += std::log(std::cosh(static_cast<double>(re[k])));
  }
  // cosh(p + iq) stays 0.03 away from zero on this grid, so the logarithm magnifies a rounding error at most 40 times.
  const auto bound = [&](std::int64_t) { return width * 40 * 8 * std::numeric_limits<double>::epsilon(); };
  expect_within(re_out, re_sum, bound, "Re");
  expect_within(im_out, im_sum, bound, "Im");
  expect_within(real_out, real_sum, bound, "real");
}

TYPED_TEST(Layers, LogCoshOfLargeNumbersKeepsItsPhaseUnreduced) {
  using Real = typename TypeParam::Real;
  LaneArray<Real> re(16, Real(-300)), im(16, Real(50));
  LaneArray<double> re_out(16), im_out(16);

  this->device().log_cosh_sum(1, 16, re.data(), im.data(), re_out.data(), im_out.data(), Write::overwrite);

  for (int b = 0; b < 16; ++b) {
    EXPECT_NEAR(re_out[b], 300 - std::log(2.0), 1e-13);
    EXPECT_NEAR(im_out[b], -50, 1e-13);
  }
}

}  // namespace
}  // namespace qs::test
