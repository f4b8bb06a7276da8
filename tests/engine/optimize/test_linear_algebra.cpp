// Dense primitives: hand values, every device against plain sums in long double, bits independent of our threads.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <random>
#include <vector>

#include "kernels/api/error.h"
#include "kernels/api/linear_algebra.h"
#include "kernels/api/parallel.h"

namespace qs::kernels {
namespace {

template <class Real>
std::vector<Real> random_values(std::int64_t count, int seed) {
  std::mt19937_64 engine(seed);
  std::uniform_real_distribution<double> uniform(-1, 1);
  std::vector<Real> values(count);
  for (Real& value : values) value = static_cast<Real>(uniform(engine));
  return values;
}

class LinearAlgebra : public ::testing::TestWithParam<Device> {};

struct Shape {
  std::int64_t m, n, k;
};
const Shape shapes[] = {{0, 3, 2}, {1, 1, 1}, {3, 5, 7}, {17, 9, 33}, {64, 65, 1}, {70, 40, 2100}};

template <class Real>
void expect_gemm(Device device, Transpose ta, Transpose tb, Shape s) {
  const std::int64_t rows_a = ta == Transpose::no ? s.m : s.k, lda = (ta == Transpose::no ? s.k : s.m) + 3;
  const std::int64_t rows_b = tb == Transpose::no ? s.k : s.n, ldb = (tb == Transpose::no ? s.n : s.k) + 2, ldc = s.n + 1;
  const std::vector<Real> a = random_values<Real>(rows_a * lda + 1, 1), b = random_values<Real>(rows_b * ldb + 1, 2);
  const std::vector<Real> before = random_values<Real>(s.m * ldc + 1, 3);
  std::vector<Real> c = before;

  gemm<Real>(device, ta, tb, s.m, s.n, s.k, Real{2}, a.data(), lda, b.data(), ldb, Real{-1}, c.data(), ldc);

  const double bound = (s.k + 4.0) * std::numeric_limits<Real>::epsilon();  // k products below 1, doubled
  for (std::int64_t i = 0; i < s.m; ++i) {
    for (std::int64_t j = 0; j < s.n; ++j) {
      long double sum = 0;
      for (std::int64_t l = 0; l < s.k; ++l) {
        const Real left = ta == Transpose::no ? a[i * lda + l] : a[l * lda + i];
        const Real right = tb == Transpose::no ? b[l * ldb + j] : b[j * ldb + l];
        sum += static_cast<long double>(left) * right;
      }
      ASSERT_NEAR(c[i * ldc + j], static_cast<double>(2 * sum - before[i * ldc + j]), 2 * bound) << i << ", " << j;
    }
    ASSERT_EQ(c[i * ldc + s.n], before[i * ldc + s.n]) << "padding is not touched";
  }
}

TEST_P(LinearAlgebra, GemmMultipliesEveryTransposition) {
  for (const Shape& shape : shapes) {
    for (const Transpose ta : {Transpose::no, Transpose::yes}) {
      for (const Transpose tb : {Transpose::no, Transpose::yes}) {
        expect_gemm<float>(GetParam(), ta, tb, shape);
        expect_gemm<double>(GetParam(), ta, tb, shape);
      }
    }
  }
}

template <class Real>
double rounding(Arithmetic arithmetic) {
  return arithmetic == Arithmetic::wide ? std::numeric_limits<double>::epsilon() : static_cast<double>(std::numeric_limits<Real>::epsilon());
}

template <class Real>
void expect_gram(Device device, Arithmetic arithmetic, Shape s) {
  const std::int64_t lda = s.k + 5, ldc = std::max(s.m, s.n) + 2;
  const std::vector<Real> a = random_values<Real>(s.m * lda + 1, 4), b = random_values<Real>(s.n * lda + 1, 5);
  std::vector<double> square(s.m * ldc + 1, 0.5), block(s.m * ldc + 1, 0.25);

  gram<Real>(device, arithmetic, s.m, s.k, a.data(), lda, square.data(), ldc);
  gram_block<Real>(device, arithmetic, s.m, s.n, s.k, a.data(), lda, b.data(), lda, block.data(), ldc);

  // k roundings of sums below k/3 (the mean square of uniform values), adding up as a random walk.
  const double k = static_cast<double>(s.k), bound = std::sqrt(k) * rounding<Real>(arithmetic) * (1 + k / 3);
  for (std::int64_t i = 0; i < s.m; ++i) {
    for (std::int64_t j = 0; j < s.m; ++j) {
      long double sum = 0.5L;
      for (std::int64_t l = 0; l < s.k; ++l) sum += static_cast<long double>(a[i * lda + l]) * a[j * lda + l];
      ASSERT_NEAR(square[i * ldc + j], static_cast<double>(sum), bound);
      ASSERT_EQ(square[i * ldc + j], square[j * ldc + i]) << "both triangles, exactly";
    }
    for (std::int64_t j = 0; j < s.n; ++j) {
      long double sum = 0.25L;
      for (std::int64_t l = 0; l < s.k; ++l) sum += static_cast<long double>(a[i * lda + l]) * b[j * lda + l];
      ASSERT_NEAR(block[i * ldc + j], static_cast<double>(sum), bound);
    }
  }
}

TEST_P(LinearAlgebra, GramAddsTheProductWithTheTranspose) {
  for (const Shape& shape : shapes) {
    for (const Arithmetic arithmetic : {Arithmetic::own, Arithmetic::wide}) {
      expect_gram<float>(GetParam(), arithmetic, shape);
      expect_gram<double>(GetParam(), arithmetic, shape);
    }
  }
}

// Sums of at most 512 products below 1 in Real, one rounding each at most eps/2 of the sum of magnitudes; then k/512 additions in float64.
double gram_bound(std::int64_t k, double eps) {
  const double partial = static_cast<double>(std::min<std::int64_t>(k, 512)), all = static_cast<double>(k);
  return all * (partial * eps + (all + 1) * std::numeric_limits<double>::epsilon());
}

// [rows, columns] with leading dimension rows + 1: the columns of x.
template <class Real>
std::vector<Real> columns_of(const std::vector<Real>& x, std::int64_t rows, std::int64_t columns, std::int64_t ld) {
  std::vector<Real> turned(columns * (rows + 1) + 1);
  for (std::int64_t i = 0; i < rows; ++i) {
    for (std::int64_t l = 0; l < columns; ++l) turned[l * (rows + 1) + i] = x[i * ld + l];
  }
  return turned;
}

template <class Real>
void expect_cpu_grams_equal_the_reference(Arithmetic arithmetic, Shape s) {
  const std::int64_t lda = s.k + 3, ldb = s.k + 1, ldc = std::max(s.m, s.n) + 5, size = s.m * ldc;
  const std::vector<Real> a = random_values<Real>(s.m * lda, 7), b = random_values<Real>(s.n * ldb, 8);
  const std::vector<Real> at = columns_of(a, s.m, s.k, lda), bt = columns_of(b, s.n, s.k, ldb);
  const auto all = [&](Device device) {
    std::vector<std::vector<double>> c(3, std::vector<double>(size, 0.75));
    gram<Real>(device, arithmetic, s.m, s.k, a.data(), lda, c[0].data(), ldc);
    gram_block<Real>(device, arithmetic, s.m, s.n, s.k, a.data(), lda, b.data(), ldb, c[1].data(), ldc);
    column_gram_block<Real>(device, arithmetic, s.m, s.n, s.k, at.data(), s.m + 1, bt.data(), s.n + 1, c[2].data(), ldc);
    return c;
  };

  const std::vector<std::vector<double>> expected = all(Device::reference), found = all(Device::cpu);

  const double bound = gram_bound(s.k, rounding<Real>(arithmetic));
  for (int product = 0; product < 3; ++product) {
    const std::int64_t columns = product == 0 ? s.m : s.n;
    for (std::int64_t e = 0; e < size; ++e) {
      if (e % ldc < columns) {
        ASSERT_NEAR(found[product][e], expected[product][e], bound) << product << ": " << s.m << " " << s.n << " " << s.k;
      } else {
        ASSERT_EQ(found[product][e], 0.75) << "between the rows of C";
      }
    }
  }
  EXPECT_EQ(found[1], found[2]) << "only the packing differs";
  EXPECT_EQ(found, all(Device::cpu));
}

TEST(GramProducts, EqualTheReferenceForOddShapes) {
  for (const std::int64_t m : {1, 7, 31, 33, 100}) {
    for (const std::int64_t n : {1, 7, 31, 33, 100}) {
      for (const std::int64_t k : {1, 7, 31, 33, 100, 2500}) {
        if (k == 2500 && m != 33 && n != 100) continue;
        expect_cpu_grams_equal_the_reference<float>(Arithmetic::own, {m, n, k});
        expect_cpu_grams_equal_the_reference<float>(Arithmetic::wide, {m, n, k});
        expect_cpu_grams_equal_the_reference<double>(Arithmetic::own, {m, n, k});
      }
    }
  }
}

TEST(GramProducts, EqualTheReferenceOverSeveralCacheBlocks) {
  expect_cpu_grams_equal_the_reference<float>(Arithmetic::own, {500, 410, 300});
  expect_cpu_grams_equal_the_reference<float>(Arithmetic::wide, {250, 410, 300});
  expect_cpu_grams_equal_the_reference<double>(Arithmetic::own, {250, 410, 300});
}

template <class Real>
void expect_bits_independent_of_the_cut(Arithmetic arithmetic) {
  const std::int64_t n = 130, k = 700;
  const std::vector<Real> a = random_values<Real>(n * k, 9);
  std::vector<double> whole(n * n, 0.0), rectangular(n * n, 0.0), cut(n * n, 0.0);

  gram<Real>(Device::cpu, arithmetic, n, k, a.data(), k, whole.data(), n);
  gram_block<Real>(Device::cpu, arithmetic, n, n, k, a.data(), k, a.data(), k, rectangular.data(), n);
  for (std::int64_t i = 0; i < n; i += 37) {
    for (std::int64_t j = 0; j < n; j += 53) {
      gram_block<Real>(Device::cpu, arithmetic, std::min<std::int64_t>(37, n - i), std::min<std::int64_t>(53, n - j), k, a.data() + i * k, k,
                       a.data() + j * k, k, cut.data() + i * n + j, n);
    }
  }

  EXPECT_EQ(whole, rectangular);
  EXPECT_EQ(whole, cut);
}

TEST(GramProducts, GiveAnElementTheSameBitsWhereverTheRowsAreCut) {
  expect_bits_independent_of_the_cut<float>(Arithmetic::own);
  expect_bits_independent_of_the_cut<float>(Arithmetic::wide);
  expect_bits_independent_of_the_cut<double>(Arithmetic::own);
}

TEST_P(LinearAlgebra, GramOfLongFloatRowsKeepsFloat64Accuracy) {
  const std::int64_t k = 300000;
  const std::vector<float> ones(k, 1.0f);
  double sum = 0;

  gram<float>(GetParam(), Arithmetic::own, 1, k, ones.data(), k, &sum, 1);

  EXPECT_EQ(sum, 300000.0);  // exact; integers below 2^24 in every partial sum
}

TEST_P(LinearAlgebra, CholeskyOfAMatrixWorkedOutByHand) {
  // [[4, 2, 2], [2, 5, 3], [2, 3, 6]] = L L^T with L = [[2, 0, 0], [1, 2, 0], [1, 1, 2]]; the upper triangle is not read.
  std::vector<double> a{4, -9, -9, 2, 5, -9, 2, 3, 6};
  std::vector<double> b{8, 10, 11};  // = A (1, 1, 1)

  ASSERT_EQ(cholesky(GetParam(), 3, a.data(), 3), 0);
  cholesky_solve(GetParam(), 3, a.data(), 3, b.data());

  EXPECT_EQ(a, (std::vector<double>{2, -9, -9, 1, 2, -9, 1, 1, 2}));
  for (const double x : b) EXPECT_NEAR(x, 1, 1e-15);
}

TEST_P(LinearAlgebra, CholeskyNamesTheFirstBadPivot) {
  std::vector<double> indefinite{1, 0, 0, 0, -1, 0, 0, 0, 1};
  std::vector<double> spoilt{1, 0, 0, 0, std::nan(""), 0, 0, 0, 1};

  EXPECT_EQ(cholesky(GetParam(), 3, indefinite.data(), 3), 2);
  EXPECT_EQ(cholesky(GetParam(), 3, spoilt.data(), 3), 2);
}

TEST_P(LinearAlgebra, EigenvectorsStandInRowsAndValuesAscend) {
  // The path graph's Laplacian on n nodes: eigenvalues 2 - 2 cos(pi k / n).
  const std::int64_t n = 31, lda = 33;
  std::vector<double> a(n * lda, 0.0), values(n);
  for (std::int64_t i = 0; i < n; ++i) {
    a[i * lda + i] = i == 0 || i == n - 1 ? 1 : 2;
    if (i > 0) a[i * lda + i - 1] = -1;  // lower triangle only
  }

  ASSERT_EQ(symmetric_eigen(GetParam(), n, a.data(), lda, values.data()), 0);

  for (std::int64_t k = 0; k < n; ++k) {
    EXPECT_NEAR(values[k], 2 - 2 * std::cos(M_PI * static_cast<double>(k) / n), 1e-13);
    const double* v = a.data() + k * lda;
    for (std::int64_t i = 0; i < n; ++i) {
      const double left = i > 0 ? v[i] - v[i - 1] : 0, right = i < n - 1 ? v[i] - v[i + 1] : 0;
      EXPECT_NEAR(left + right, values[k] * v[i], 1e-13);
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Devices, LinearAlgebra, ::testing::Values(Device::reference, Device::cpu),
                         [](const auto& device) { return device.param == Device::cpu ? "cpu" : "reference"; });

TEST(LinearAlgebraBits, DoNotDependOnTheNumberOfThreads) {
  constexpr std::int64_t n = 300, k = 1500, tiles = 6;
  const std::vector<float> a = random_values<float>(tiles * n * k, 6);
  const auto all_tiles = [&](int count) {
    set_threads(count);
    std::vector<double> c(tiles * n * n, 0.0);
    parallel_for(tiles, [&](std::int64_t t) { gram<float>(Device::cpu, Arithmetic::own, n, k, a.data() + t * n * k, k, c.data() + t * n * n, n); });
    set_threads(1);
    return c;
  };

  EXPECT_EQ(all_tiles(1), all_tiles(3));
}

}  // namespace
}  // namespace qs::kernels
