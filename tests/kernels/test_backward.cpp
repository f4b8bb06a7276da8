// Every backward primitive against central differences of its forward one, in float64 on all definitions: d/dh <c, f(x + h u)> = <df^T c, u> for a
// random direction u and cotangent c. With h = 1e-5 truncation costs about h^2 = 1e-10 and rounding eps/h = 2e-11 per unit of scale; both directions
// touch every element, so one scalar per primitive tests the whole gradient.
#include <functional>

#include "tests/kernels/network_devices.h"

namespace qs::test {
namespace {

using kernels::Write;
using Array = LaneArray<double>;

template <class T>
using Backward = NetworkTest<T>;
TYPED_TEST_SUITE(Backward, Float64Implementations, ImplementationName);

double dot(const Array& a, const Array& b) {
  double sum = 0;
  for (std::int64_t k = 0; k < a.size(); ++k) sum += a[k] * b[k];
  return sum;
}

// `forward(x)` -> y; `gradient` is the claimed df^T c.
void expect_derivative(const std::function<Array(const Array&)>& forward, const Array& x, const Array& cotangent, const Array& gradient) {
  constexpr double h = 1e-5;
  const Array direction = random_array<double>(x.size(), 99);
  Array up = x, down = x;
  for (std::int64_t k = 0; k < x.size(); ++k) {
    up[k] += h * direction[k];
    down[k] -= h * direction[k];
  }

  const double difference = (dot(forward(up), cotangent) - dot(forward(down), cotangent)) / (2 * h);

  double scale = 1;
  for (std::int64_t k = 0; k < x.size(); ++k) scale += std::abs(gradient[k] * direction[k]);
  EXPECT_NEAR(difference, dot(gradient, direction), 1e-8 * scale);
}

TYPED_TEST(Backward, DenseWeightsAndBias) {
  const kernels::DenseShape s{3, 7, 19, 16};
  const auto x = random_array<double>(s.tokens * s.in * s.rows, 1), w = random_array<double>(s.in * s.out, 2), bias = random_array<double>(s.out, 3);
  const auto dy = random_array<double>(s.tokens * s.out * s.rows, 4);
  Array dw(w.size()), dbias(bias.size());
  this->device().dense_weight_gradient(s, x.data(), dy.data(), {dw.data(), 0, s.rows}, {dbias.data(), 0, s.rows});
  const auto forward = [&](const Array& weights, const Array& offsets) {
    Array y(dy.size());
    this->device().dense(s, x.data(), weights.data(), offsets.data(), y.data(), Write::overwrite);
    return y;
  };

  expect_derivative([&](const Array& weights) { return forward(weights, bias); }, w, dy, dw);
  expect_derivative([&](const Array& offsets) { return forward(w, offsets); }, bias, dy, dbias);
}

TYPED_TEST(Backward, LayerNorm) {
  const int tokens = 3, width = 7, rows = 16;
  const auto x = random_array<double>(tokens * width * rows, 1), scale = random_array<double>(width, 2), bias = random_array<double>(width, 3);
  const auto dy = random_array<double>(x.size(), 4);
  Array normalised(x.size()), rstd(tokens * rows), dx(x.size()), dscale(width * rows), dbias(width * rows), scale_sum(width), bias_sum(width);
  const auto forward = [&](const Array& input, const Array& scales, const Array& offsets) {
    Array y(x.size());
    this->device().layer_norm(tokens, width, rows, input.data(), scales.data(), offsets.data(), y.data(), normalised.data(), rstd.data());
    return y;
  };
  forward(x, scale, bias);
  this->device().layer_norm_backward(tokens, width, rows, dy.data(), scale.data(), normalised.data(), rstd.data(), dx.data(), Write::overwrite,
                                     dscale.data(), dbias.data());
  this->device().emit_gradient(width, rows, dscale.data(), {scale_sum.data(), 0, rows});
  this->device().emit_gradient(width, rows, dbias.data(), {bias_sum.data(), 0, rows});

  expect_derivative([&](const Array& input) { return forward(input, scale, bias); }, x, dy, dx);
  expect_derivative([&](const Array& scales) { return forward(x, scales, bias); }, scale, dy, scale_sum);
  expect_derivative([&](const Array& offsets) { return forward(x, scale, offsets); }, bias, dy, bias_sum);
}

TYPED_TEST(Backward, Gelu) {
  auto x = random_array<double>(512, 1);
  for (double& value : x) value *= 4;
  const auto dy = random_array<double>(512, 2);
  Array dx = dy;

  this->device().gelu_backward(512, x.data(), dx.data(), dx.data());

  expect_derivative(
      [&](const Array& input) {
        Array y(512);
        this->device().gelu(512, input.data(), y.data());
        return y;
      },
      x, dy, dx);
}

TYPED_TEST(Backward, MixTokensInputsAndWeights) {
  const int T = 7;
  const kernels::MixShape s{T, 2, 3, 16, 4};
  LaneArray<std::int32_t> index(T * T), transposed(T * T);
  for (int p = 0; p < T; ++p) {
    for (int q = 0; q < T; ++q) index[p * T + q] = transposed[q * T + p] = (3 * p + 5 * q) % s.n_alpha;
  }
  const auto v = random_array<double>(T * 6 * 16, 1), alpha = random_array<double>(8, 2), dy = random_array<double>(T * 6 * 16, 3);
  Array dv(v.size()), dalpha(8 * 16), alpha_sum(8);
  this->device().mix_tokens(s, dy.data(), alpha.data(), transposed.data(), dv.data());
  this->device().mix_tokens_weight_gradient(s, v.data(), dy.data(), index.data(), dalpha.data());
  this->device().emit_gradient(8, 16, dalpha.data(), {alpha_sum.data(), 0, 16});
  const auto forward = [&](const Array& values, const Array& weights) {
    Array y(dy.size());
    this->device().mix_tokens(s, values.data(), weights.data(), index.data(), y.data());
    return y;
  };

  expect_derivative([&](const Array& values) { return forward(values, alpha); }, v, dy, dv);
  expect_derivative([&](const Array& weights) { return forward(v, weights); }, alpha, dy, alpha_sum);
}

TYPED_TEST(Backward, Attention) {
  const kernels::AttentionShape s{5, 2, 3, 16};
  const std::int64_t size = 5 * 6 * 16;
  const auto q = random_array<double>(size, 1), k = random_array<double>(size, 2), v = random_array<double>(size, 3),
             dy = random_array<double>(size, 4);
  Array p(2 * 5 * 5 * 16), dq(size), dk(size), dv(size);
  const auto forward = [&](const Array& queries, const Array& keys, const Array& values) {
    Array y(size);
    this->device().attention(s, queries.data(), keys.data(), values.data(), p.data(), y.data());
    return y;
  };
  forward(q, k, v);
  this->device().attention_backward(s, q.data(), k.data(), v.data(), p.data(), dy.data(), dq.data(), dk.data(), dv.data());

  expect_derivative([&](const Array& queries) { return forward(queries, k, v); }, q, dy, dq);
  expect_derivative([&](const Array& keys) { return forward(q, keys, v); }, k, dy, dk);
  expect_derivative([&](const Array& values) { return forward(q, k, values); }, v, dy, dv);
}

TYPED_TEST(Backward, EmbeddingTable) {
  const int tokens = 4, width = 3, rows = 16;
  Array spins(tokens * rows), dtable(2 * width * rows), table_sum(2 * width);
  for (std::int64_t k = 0; k < spins.size(); ++k) spins[k] = k % 3 == 1 ? 1 : -1;
  const auto table = random_array<double>(2 * width, 1), position = random_array<double>(tokens * width, 2);
  const auto dx = random_array<double>(tokens * width * rows, 3);
  this->device().embed_tokens_backward(tokens, width, rows, spins.data(), dx.data(), dtable.data());
  this->device().emit_gradient(2 * width, rows, dtable.data(), {table_sum.data(), 0, rows});

  expect_derivative(
      [&](const Array& entries) {
        Array x(dx.size());
        this->device().embed_tokens(tokens, width, rows, spins.data(), entries.data(), position.data(), x.data());
        return x;
      },
      table, dx, table_sum);
}

TYPED_TEST(Backward, LogCosh) {
  const int width = 5, rows = 16;
  const auto re = random_array<double>(width * rows, 1), im = random_array<double>(width * rows, 2);
  const auto wre = random_array<double>(rows, 3), wim = random_array<double>(rows, 4);
  Array dre(re.size()), dim(re.size()), dreal(re.size()), cotangent(2 * rows);
  std::copy(wre.begin(), wre.end(), cotangent.begin());
  std::copy(wim.begin(), wim.end(), cotangent.begin() + rows);
  this->device().log_cosh_backward(width, rows, re.data(), im.data(), wre.data(), wim.data(), dre.data(), dim.data());
  this->device().log_cosh_backward(width, rows, re.data(), nullptr, wre.data(), nullptr, dreal.data(), nullptr);
  const auto forward = [&](const Array& real, const Array& imaginary) {
    Array out(2 * rows);
    this->device().log_cosh_sum(width, rows, real.data(), imaginary.data(), out.data(), out.data() + rows, Write::overwrite);
    return out;
  };

  expect_derivative([&](const Array& real) { return forward(real, im); }, re, cotangent, dre);
  expect_derivative([&](const Array& imaginary) { return forward(re, imaginary); }, im, cotangent, dim);
  expect_derivative(
      [&](const Array& real) {
        Array out(rows);
        this->device().log_cosh_sum(width, rows, real.data(), nullptr, out.data(), nullptr, Write::overwrite);
        return out;
      },
      re, wre, dreal);
}

}  // namespace
}  // namespace qs::test
