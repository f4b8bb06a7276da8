// What the tests of the bodies cannot reach: the GPU's memory, cuBLAS and cuSOLVER against the reference, and the bits of a second run. The network
// primitives run on the device in the typed tests beside this file.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <functional>
#include <limits>
#include <vector>

#include "engine/base/error.h"
#include "kernels/api/linear_algebra.h"
#include "kernels/api/memory.h"
#include "kernels/api/network.h"
#include "kernels/api/recording.h"
#include "kernels/api/rows.h"
#include "tests/kernels/lane_array.h"
#include "tests/kernels/random_chains.h"
#include "tests/kernels/random_operator.h"
#include "tests/kernels/staged_device.h"

namespace qs::test {
namespace {

using kernels::Arithmetic;
using kernels::Transpose;

constexpr double eps = std::numeric_limits<double>::epsilon();

class CudaDevice : public testing::Test {
 protected:
  void SetUp() override {
    if (!cuda_device_present()) GTEST_SKIP() << "this machine has no GPU";
  }
};

template <class T>
Buffer<T> on_device(const LaneArray<T>& values) {
  Buffer<T> buffer(Device::cuda, static_cast<std::size_t>(values.size()));
  buffer.upload(values.data(), buffer.size());
  return buffer;
}

template <class T>
LaneArray<T> on_host(const Buffer<T>& buffer) {
  LaneArray<T> values(static_cast<std::int64_t>(buffer.size()));
  buffer.download(values.data(), buffer.size());
  return values;
}

// M M^T + n: symmetric, eigenvalues from n on.
LaneArray<double> positive_matrix(std::int64_t n, std::int64_t ld) {
  const auto m = random_array<double>(n * n, 5);
  LaneArray<double> a(n * ld);
  for (std::int64_t i = 0; i < n; ++i) a[i * ld + i] = static_cast<double>(n);
  const kernels::GramTile tile{0, 0, a.data(), ld};
  kernels::matrices<double>(Device::reference).gram_tiles(Arithmetic::own, {kernels::GramOf::rows, n, n, m.data(), n}, n, &tile, 1);
  return a;
}

TEST(CudaWithoutAGpu, RefusesInOneLineThatNamesTheWayOut) {
  if (cuda_device_present()) GTEST_SKIP() << "this machine has a GPU";
  for (const std::function<void()>& use : {std::function<void()>([] { Buffer<double>(Device::cuda, 1); }), std::function<void()>([] {
                                             double value = 1;
                                             kernels::matrices<double>(Device::cuda).cholesky(1, &value, 1);
                                           }),
                                           std::function<void()>([] { physical_devices(Device::cuda); })}) {
    try {
      use();
      FAIL() << "ran";
    } catch (const DeviceError& error) {
      const std::string text = error.what();
      EXPECT_EQ(error.code(), ExitCode::device);
      EXPECT_NE(text.find("device: cpu"), std::string::npos) << text;
      EXPECT_EQ(text.find('\n'), std::string::npos) << text;
    }
  }
}

TEST(CudaChunks, ArePowersOfTwoThatFillTheDeviceAndAlwaysFull) {
  EXPECT_EQ(lane_groups_per_chunk(Device::cuda, 1), 128);
  EXPECT_EQ(lane_groups_per_chunk(Device::cuda, 5 << 20), 32);  // 51 would fit into 256 MiB
  EXPECT_EQ(lane_groups_per_chunk(Device::cuda, std::size_t{1} << 30), 1);
  EXPECT_EQ(padded_rows(Device::cuda, 17, 512, 16), 512);
  EXPECT_FALSE(kernels::shares_host_memory(Device::cuda));
}

TEST_F(CudaDevice, HasAnIdentityAndAName) {
  for (const PhysicalDevice& device : physical_devices(Device::cuda)) {
    EXPECT_EQ(device.id.size(), 32u);
    EXPECT_NE(device.name.find("GiB"), std::string::npos);
  }
}

TEST_F(CudaDevice, HasZeroedMemoryAndCopiesBothWays) {
  const auto values = random_array<double>(1001, 1);
  Buffer<double> buffer(Device::cuda, 1001);
  for (const double value : on_host(buffer)) ASSERT_EQ(value, 0.0);

  buffer.upload(values.data(), 1001);
  EXPECT_EQ(reinterpret_cast<std::uintptr_t>(buffer.data()) % 64, 0u);
  const auto back = on_host(buffer);
  for (std::int64_t k = 0; k < 1001; ++k) ASSERT_EQ(back[k], values[k]);

  kernels::clear(Device::cuda, buffer.data(), 500 * sizeof(double));
  const auto half = on_host(buffer);
  for (std::int64_t k = 0; k < 1001; ++k) ASSERT_EQ(half[k], k < 500 ? 0.0 : values[k]);

  const std::size_t pitch = 10 * sizeof(double), piece = 3 * sizeof(double);
  kernels::memory(Device::cuda).copy_rows(buffer.data(), piece, buffer.data() + 502, pitch, piece, 20);
  const auto cut = on_host(buffer);
  for (std::int64_t k = 0; k < 60; ++k) ASSERT_EQ(cut[k], values[502 + k / 3 * 10 + k % 3]);
}

TEST_F(CudaDevice, ExplainsWhatToLowerWhenItsMemoryIsExhausted) {
  try {
    Buffer<char>(Device::cuda, std::size_t{1} << 50);
    FAIL() << "allocated a pebibyte";
  } catch (const DeviceError& error) {
    EXPECT_NE(std::string(error.what()).find("sampler.samples"), std::string::npos);
  }
  EXPECT_EQ(on_host(Buffer<double>(Device::cuda, 3))[2], 0.0) << "the device is usable afterwards";
}

template <class Real>
void expect_gemm() {
  const std::int64_t m = 70, n = 45, k = 130, ld = 140;
  const auto a = random_array<Real>(ld * ld, 1), b = random_array<Real>(ld * ld, 2), before = random_array<Real>(m * ld, 3);
  for (const Transpose ta : {Transpose::no, Transpose::yes}) {
    for (const Transpose tb : {Transpose::no, Transpose::yes}) {
      Buffer<Real> c = on_device(before);
      const Buffer<Real> left = on_device(a), right = on_device(b);
      kernels::matrices<Real>(Device::cuda).gemm(ta, tb, m, n, k, Real(2), left.data(), ld, right.data(), ld, Real(-1), c.data(), ld);

      LaneArray<double> want = widened(before);
      kernels::matrices<double>(Device::reference).gemm(ta, tb, m, n, k, 2, widened(a).data(), ld, widened(b).data(), ld, -1, want.data(), ld);
      const auto got = on_host(c);
      for (std::int64_t i = 0; i < got.size(); ++i) ASSERT_NEAR(got[i], want[i], 2 * (k + 4) * std::numeric_limits<Real>::epsilon());
    }
  }
}

TEST_F(CudaDevice, MultipliesMatrices) {
  expect_gemm<float>();
  expect_gemm<double>();
}

template <class Real>
void expect_row_operations() {
  constexpr double unit = std::numeric_limits<Real>::epsilon();
  const std::int64_t rows = 70, columns = 5003, stride = 5010, count = 3;
  const auto a = random_array<Real>(rows * stride, 1);
  const auto weight = random_array<double>(2 * count, 2), u = random_array<double>(columns, 3);
  const LaneArray<std::int64_t> index{69, 0, 31};
  const Buffer<std::int64_t> chosen = on_device(index);
  Buffer<Real> values = on_device(a);
  const Buffer<double> weights = on_device(weight), vector = on_device(u);
  Buffer<double> sum(Device::cuda, 2 * columns), product(Device::cuda, count), squares(Device::cuda, 1), of_columns(Device::cuda, columns);
  LaneArray<double> want_sum(2 * columns), want_product(count), want_of_columns(columns);
  LaneArray<Real> want_rows = a;
  double want_squares = 0;

  kernels::jacobian_rows<Real>(Device::cuda)
      .add_weighted_rows({values.data(), stride, chosen.data(), count, columns}, 2, weights.data(), sum.data(), columns);
  kernels::jacobian_rows<Real>(Device::cuda).multiply_rows({values.data(), stride, chosen.data(), count, columns}, vector.data(), product.data());
  kernels::jacobian_rows<Real>(Device::cuda).sum_of_squares(rows * stride, values.data(), squares.data());
  kernels::jacobian_rows<Real>(Device::cuda).add_squared_rows({values.data(), stride, chosen.data(), count, columns}, of_columns.data());
  kernels::jacobian_rows<Real>(Device::cuda)
      .centre_rows({values.data(), stride, chosen.data(), count, columns}, weights.data(), vector.data(), vector.data());

  kernels::jacobian_rows<Real>(Device::reference)
      .add_weighted_rows({a.data(), stride, index.data(), count, columns}, 2, weight.data(), want_sum.data(), columns);
  kernels::jacobian_rows<Real>(Device::reference).multiply_rows({a.data(), stride, index.data(), count, columns}, u.data(), want_product.data());
  kernels::jacobian_rows<Real>(Device::reference).sum_of_squares(rows * stride, a.data(), &want_squares);
  kernels::jacobian_rows<Real>(Device::reference).add_squared_rows({a.data(), stride, index.data(), count, columns}, want_of_columns.data());
  kernels::jacobian_rows<Real>(Device::reference)
      .centre_rows({want_rows.data(), stride, index.data(), count, columns}, weight.data(), u.data(), u.data());
  const auto sums = on_host(sum), products = on_host(product), squared = on_host(of_columns);
  const auto centred = on_host(values);
  for (std::int64_t k = 0; k < sums.size(); ++k) ASSERT_NEAR(sums[k], want_sum[k], 4 * count * eps);
  for (std::int64_t k = 0; k < columns; ++k) ASSERT_NEAR(squared[k], want_of_columns[k], 4 * count * eps);
  for (std::int64_t j = 0; j < count; ++j) ASSERT_NEAR(products[j], want_product[j], columns * columns * eps);
  ASSERT_NEAR(on_host(squares)[0], want_squares, want_squares * rows * stride * eps);
  for (std::int64_t k = 0; k < a.size(); ++k) ASSERT_NEAR(centred[k], want_rows[k], 4 * unit);
}

TEST_F(CudaDevice, WorksOnJacobianRowsAsTheReferenceDoes) {
  expect_row_operations<float>();
  expect_row_operations<double>();
}

TEST_F(CudaDevice, HasTheHostsMarkovChainsBitForBit) {
  for (const double power : {2.0, 1.3}) {
    RandomChains expected(Device::reference), found(Device::cuda);

    expected.advance(kernels::chains(Device::reference), power, 40);
    found.advance(kernels::chains(Device::cuda), power, 40);

    EXPECT_TRUE(found.record() == expected.record());
  }
}

TEST_F(CudaDevice, ListsTheHostsConnectedConfigurations) {
  RandomOperator on_host(Device::reference), on_gpu(Device::cuda);

  const ConnectedRecord want = on_host.run(Device::reference, kernels::connected(Device::reference), random_log_psi);
  const ConnectedRecord found = on_gpu.run(Device::cuda, kernels::connected(Device::cuda), random_log_psi);

  EXPECT_EQ(found.begin, want.begin);
  EXPECT_EQ(found.bits, want.bits);
  EXPECT_EQ(found.problem, want.problem);
  EXPECT_EQ(found.row, want.row);
  for (std::size_t k = 0; k < want.element.size(); ++k) ASSERT_NEAR(found.element[k], want.element[k], 8 * eps);
  for (std::size_t i = 0; i < want.re.size(); ++i) {
    EXPECT_NEAR(found.re[i], want.re[i], 1e3 * eps);
    EXPECT_NEAR(found.im[i], want.im[i], 1e3 * eps);
  }
}

// A primitive with temporaries of its own, one without, one of cuBLAS.
TEST_F(CudaDevice, PlaysRecordedCallsInTheirOrder) {
  const std::int64_t n = 3000;
  const auto ones = LaneArray<double>{1, 1, 1, 1};
  Buffer<double> values(Device::cuda, n), total(Device::cuda, 1);
  const Buffer<double> start = on_device(random_array<double>(n, 1)), one = on_device(ones);
  Recording recording(Device::cuda, [&] {
    kernels::network<double>(Device::cuda).add(n, start.data(), values.data());
    kernels::matrices<double>(Device::cuda).gemm(Transpose::no, Transpose::no, 1, 1, 1, 2, one.data(), 1, values.data(), 1, 0, total.data(), 1);
    kernels::network<double>(Device::cuda).add(1, total.data(), values.data());
    kernels::jacobian_rows<double>(Device::cuda).sum_of_squares(n, values.data(), total.data());
  });
  LaneArray<double> want(n);
  const auto from = on_host(start);
  for (int times = 1; times <= 5; ++times) {
    recording.run();

    double squares = 0;
    for (std::int64_t k = 0; k < n; ++k) want[k] += from[k];
    want[0] += 2 * want[0];
    for (std::int64_t k = 0; k < n; ++k) squares += want[k] * want[k];
    const auto got = on_host(values);
    for (std::int64_t k = 0; k < n; ++k) ASSERT_EQ(got[k], want[k]) << times;
    EXPECT_NEAR(on_host(total)[0], squares, squares * n * eps);
  }
}

template <class Real>
LaneArray<double> gram_on(Device device, Arithmetic arithmetic, std::int64_t n, std::int64_t k, const LaneArray<Real>& a) {
  if (device == Device::reference) {
    LaneArray<double> c(n * n);
    const kernels::GramTile tile{0, 0, c.data(), n};
    kernels::matrices<Real>(device).gram_tiles(arithmetic, {kernels::GramOf::rows, n, k, a.data(), k}, n, &tile, 1);
    return c;
  }
  const Buffer<Real> values = on_device(a);
  Buffer<double> c(device, static_cast<std::size_t>(n * n));
  const kernels::GramTile tile{0, 0, c.data(), n};
  kernels::matrices<Real>(device).gram_tiles(arithmetic, {kernels::GramOf::rows, n, k, values.data(), k}, n, &tile, 1);
  return on_host(c);
}

TEST_F(CudaDevice, FormsGramMatricesAndRepeatsTheirBits) {
  const std::int64_t n = 100, k = 40000;
  const auto a = random_array<float>(n * k, 1);
  const auto want = gram_on(Device::reference, Arithmetic::wide, n, k, a);
  for (const Arithmetic arithmetic : {Arithmetic::own, Arithmetic::wide}) {
    const auto got = gram_on(Device::cuda, arithmetic, n, k, a), again = gram_on(Device::cuda, arithmetic, n, k, a);
    const double relative = arithmetic == Arithmetic::own ? 512 * std::numeric_limits<float>::epsilon() : k * eps;
    for (std::int64_t i = 0; i < got.size(); ++i) {
      ASSERT_NEAR(got[i], want[i], relative * static_cast<double>(k));
      ASSERT_EQ(got[i], again[i]);
      ASSERT_EQ(got[i], got[i % n * n + i / n]);
    }
  }
}

TEST_F(CudaDevice, FactorsAndSolvesAndKeepsTheUpperTriangle) {
  const std::int64_t n = 130, ld = 133;
  const LaneArray<double> matrix = positive_matrix(n, ld), b = random_array<double>(n, 2);
  Buffer<double> a = on_device(matrix), x = on_device(b);

  ASSERT_EQ(kernels::matrices<double>(Device::cuda).cholesky(n, a.data(), ld), 0);
  kernels::matrices<double>(Device::cuda).cholesky_solve(n, a.data(), ld, x.data());

  const auto factor = on_host(a), solution = on_host(x);
  for (std::int64_t i = 0; i < n; ++i) {
    double residual = -b[i];
    for (std::int64_t j = 0; j < n; ++j) residual += matrix[i * ld + j] * solution[j];
    EXPECT_NEAR(residual, 0, 1e-11);
    for (std::int64_t j = i + 1; j < ld; ++j) ASSERT_EQ(factor[i * ld + j], matrix[i * ld + j]) << "row " << i << " column " << j;
  }
}

TEST_F(CudaDevice, NamesThePivotThatIsNotPositive) {
  Buffer<double> indefinite = on_device(LaneArray<double>{1, 0, 0, 2, 1, 0, 0, 0, 1});
  EXPECT_EQ(kernels::matrices<double>(Device::cuda).cholesky(3, indefinite.data(), 3), 2);
}

TEST_F(CudaDevice, FindsEigenvectorsInRowsAndValuesAscending) {
  const std::int64_t n = 60, ld = 64;
  const LaneArray<double> matrix = positive_matrix(n, ld);
  Buffer<double> a = on_device(matrix), values(Device::cuda, static_cast<std::size_t>(n));

  ASSERT_EQ(kernels::symmetric(Device::cuda).eigen(n, a.data(), ld, values.data()), 0);

  const auto vectors = on_host(a), lambda = on_host(values);
  for (std::int64_t k = 0; k < n; ++k) {
    EXPECT_LE(lambda[std::max<std::int64_t>(k - 1, 0)], lambda[k]);
    for (std::int64_t i = 0; i < n; ++i) {
      double product = 0;
      for (std::int64_t j = 0; j < n; ++j) product += matrix[i * ld + j] * vectors[k * ld + j];
      ASSERT_NEAR(product, lambda[k] * vectors[k * ld + i], 1e-11 * lambda[n - 1]);
    }
  }
}

TEST_F(CudaDevice, FinishesSymmetricMatricesAsTheReferenceDoes) {
  const std::int64_t n = 70, ld = 72;
  const auto before = random_array<double>(n * ld, 1), diagonal = random_array<double>(n, 2), x = random_array<double>(n, 3);
  auto want = before;
  LaneArray<double> y0(n);
  kernels::symmetric(Device::reference).multiply(n, want.data(), ld, diagonal.data(), x.data(), y0.data());
  kernels::symmetric(Device::reference).set_diagonal(n, diagonal.data(), want.data(), ld);
  kernels::symmetric(Device::reference).mirror_upper(n, want.data(), ld);
  Buffer<double> a(Device::cuda, static_cast<std::size_t>(before.size())), y(Device::cuda, static_cast<std::size_t>(n));
  const std::size_t row = ld * sizeof(double);

  kernels::memory(Device::cuda).upload_rows(a.data(), row, before.data(), row, row, n);
  kernels::symmetric(Device::cuda).multiply(n, a.data(), ld, on_device(diagonal).data(), on_device(x).data(), y.data());
  kernels::symmetric(Device::cuda).set_diagonal(n, on_device(diagonal).data(), a.data(), ld);
  kernels::symmetric(Device::cuda).mirror_upper(n, a.data(), ld);

  const auto found = on_host(a), product = on_host(y);
  EXPECT_TRUE(std::equal(found.begin(), found.end(), want.begin()));
  for (std::int64_t i = 0; i < n; ++i) EXPECT_NEAR(product[i], y0[i], 1e-13);
}

}  // namespace
}  // namespace qs::test
