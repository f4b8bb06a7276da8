// Dense primitives: hand values, every device against plain sums in long double, bits independent of our threads.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>
#include <random>
#include <vector>

#include "engine/base/error.h"
#include "kernels/api/gram.h"
#include "kernels/api/linear_algebra.h"

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

  matrices<Real>(device).gemm(ta, tb, s.m, s.n, s.k, Real{2}, a.data(), lda, b.data(), ldb, Real{-1}, c.data(), ldc);

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

// Random vectors, as rows or as columns, with gaps.
template <class Real>
struct Vectors {
  GramOf of;
  std::int64_t n, k;
  std::vector<Real> values;

  std::int64_t leading() const { return (of == GramOf::rows ? k : n) + 3; }
  GramFactor<Real> factor() const { return {of, n, k, values.data(), leading()}; }
  Real at(std::int64_t i, std::int64_t l) const { return of == GramOf::rows ? values[i * leading() + l] : values[l * leading() + i]; }
};

template <class Real>
Vectors<Real> random_vectors(GramOf of, std::int64_t n, std::int64_t k) {
  Vectors<Real> a{of, n, k, {}};
  a.values = random_values<Real>((of == GramOf::rows ? n : k) * a.leading() + 1, 4);
  return a;
}

// [n, n + 2] from tiles of the upper triangle that are added to 0.75; what no tile touches stays 0.75.
template <class Real>
std::vector<double> upper_tiles(Device device, Arithmetic arithmetic, const GramFactor<Real>& a, std::int64_t strip) {
  const std::int64_t ldc = a.n + 2;
  std::vector<double> c(a.n * ldc + 1, 0.75);
  std::vector<GramTile> tiles;
  for (std::int64_t left = 0; left * strip < a.n; ++left) {
    for (std::int64_t right = left; right * strip < a.n; ++right) {
      tiles.push_back({left, right, c.data() + left * strip * ldc + right * strip, ldc});
    }
  }
  matrices<Real>(device).gram_tiles(arithmetic, a, strip, tiles.data(), static_cast<std::int64_t>(tiles.size()));
  return c;
}

template <class Real>
void expect_gram(Device device, Arithmetic arithmetic, GramOf of, Shape s) {
  const Vectors<Real> a = random_vectors<Real>(of, s.m, s.k);
  const std::int64_t strip = std::max<std::int64_t>(s.n, 1), ldc = s.m + 2;

  const std::vector<double> c = upper_tiles(device, arithmetic, a.factor(), strip);

  // k roundings of sums below k/3 (the mean square of uniform values), adding up as a random walk.
  const double k = static_cast<double>(s.k), bound = std::sqrt(k) * rounding<Real>(arithmetic) * (1 + k / 3);
  for (std::int64_t i = 0; i < s.m; ++i) {
    for (std::int64_t j = 0; j < s.m; ++j) {
      if (j / strip < i / strip) {
        ASSERT_EQ(c[i * ldc + j], 0.75) << "no tile";
        continue;
      }
      long double sum = 0.75L;
      for (std::int64_t l = 0; l < s.k; ++l) sum += static_cast<long double>(a.at(i, l)) * a.at(j, l);
      ASSERT_NEAR(c[i * ldc + j], static_cast<double>(sum), bound);
      if (i / strip == j / strip) {
        ASSERT_EQ(c[i * ldc + j], c[j * ldc + i]) << "both sides of the diagonal, exactly";
      }
    }
    ASSERT_EQ(c[i * ldc + s.m], 0.75) << "between the rows of C";
  }
}

TEST_P(LinearAlgebra, GramTilesAddTheProductsOfTheVectors) {
  for (const Shape& shape : shapes) {
    for (const GramOf of : {GramOf::rows, GramOf::columns}) {
      for (const Arithmetic arithmetic : {Arithmetic::own, Arithmetic::wide}) {
        expect_gram<float>(GetParam(), arithmetic, of, shape);
        expect_gram<double>(GetParam(), arithmetic, of, shape);
      }
    }
  }
}

// Sums of at most 512 products below 1 in Real, one rounding each at most eps/2 of the sum of magnitudes; then k/512 additions in float64.
double gram_bound(std::int64_t k, double eps) {
  const double partial = static_cast<double>(std::min<std::int64_t>(k, 512)), all = static_cast<double>(k);
  return all * (partial * eps + (all + 1) * std::numeric_limits<double>::epsilon());
}

template <class Real>
void expect_cpu_grams_equal_the_reference(Arithmetic arithmetic, std::int64_t n, std::int64_t k, std::int64_t strip) {
  const Vectors<Real> rows = random_vectors<Real>(GramOf::rows, n, k);
  Vectors<Real> columns = random_vectors<Real>(GramOf::columns, n, k);
  for (std::int64_t i = 0; i < n; ++i) {
    for (std::int64_t l = 0; l < k; ++l) columns.values[l * columns.leading() + i] = rows.at(i, l);
  }

  const std::vector<double> expected = upper_tiles(Device::reference, arithmetic, rows.factor(), strip);
  const std::vector<double> found = upper_tiles(Device::cpu, arithmetic, rows.factor(), strip);

  for (std::size_t e = 0; e < expected.size(); ++e) {
    ASSERT_NEAR(found[e], expected[e], gram_bound(k, rounding<Real>(arithmetic))) << n << " " << k << " " << strip;
  }
  EXPECT_EQ(found, upper_tiles(Device::cpu, arithmetic, columns.factor(), strip)) << "only the packing differs";
  EXPECT_EQ(found, upper_tiles(Device::cpu, arithmetic, rows.factor(), strip));
}

TEST(GramProducts, EqualTheReferenceForOddShapes) {
  for (const std::int64_t n : {1, 7, 31, 33, 100, 200}) {
    for (const std::int64_t k : {1, 7, 31, 33, 100, 2500}) {
      for (const std::int64_t strip : {10, 33, 96, 256}) {
        if (k == 2500 && n != 33 && n != 100) continue;
        expect_cpu_grams_equal_the_reference<float>(Arithmetic::own, n, k, strip);
        expect_cpu_grams_equal_the_reference<float>(Arithmetic::wide, n, k, strip);
        expect_cpu_grams_equal_the_reference<double>(Arithmetic::own, n, k, strip);
      }
    }
  }
}

// The upper triangle.
std::vector<double> upper(const std::vector<double>& c, std::int64_t n) {
  std::vector<double> values;
  for (std::int64_t i = 0; i < n; ++i) values.insert(values.end(), c.begin() + i * (n + 2) + i, c.begin() + i * (n + 2) + n);
  return values;
}

template <class Real>
void expect_bits_independent_of_the_cut(Arithmetic arithmetic) {
  const std::int64_t n = 130;
  const Vectors<Real> a = random_vectors<Real>(GramOf::rows, n, 1100);
  const std::vector<double> whole = upper(upper_tiles(Device::cpu, arithmetic, a.factor(), n), n);
  for (const std::int64_t strip : {37, 53, 96}) {
    EXPECT_EQ(whole, upper(upper_tiles(Device::cpu, arithmetic, a.factor(), strip), n)) << strip;
  }

  std::vector<double> slices(n * n, 0.75), once(n * n, 0.75);
  const GramTile tile{0, 0, slices.data(), n}, same{0, 0, once.data(), n};
  for (std::int64_t first = 0; first < 1100; first += 512) {
    matrices<Real>(Device::cpu)
        .gram_tiles(arithmetic, {GramOf::rows, n, std::min<std::int64_t>(512, 1100 - first), a.values.data() + first, a.leading()}, n, &tile, 1);
  }
  matrices<Real>(Device::cpu).gram_tiles(arithmetic, a.factor(), n, &same, 1);
  EXPECT_EQ(slices, once);
}

TEST(GramProducts, GiveAnElementTheSameBitsWhereverTheFactorIsCut) {
  expect_bits_independent_of_the_cut<float>(Arithmetic::own);
  expect_bits_independent_of_the_cut<float>(Arithmetic::wide);
  expect_bits_independent_of_the_cut<double>(Arithmetic::own);
}

TEST(GramProducts, MultiplyOnlyTheStripsOfTheirTiles) {
  std::vector<double> values(9 * 4, std::nan(""));
  for (const int row : {0, 1, 6, 7}) std::fill_n(values.begin() + row * 4, 4, row + 1.0);
  std::vector<double> c(4, 0.0);
  const GramTile tile{0, 3, c.data(), 2};
  for (const Device device : {Device::reference, Device::cpu}) {
    std::fill(c.begin(), c.end(), 0.0);
    matrices<double>(device).gram_tiles(Arithmetic::own, {GramOf::rows, 9, 4, values.data(), 4}, 2, &tile, 1);
    EXPECT_EQ(c, (std::vector<double>{4 * 1 * 7, 4 * 1 * 8, 4 * 2 * 7, 4 * 2 * 8}));
  }
}

TEST_P(LinearAlgebra, GramOfLongFloatRowsKeepsFloat64Accuracy) {
  const std::int64_t k = 300000;
  const std::vector<float> ones(k, 1.0f);
  double sum = 0;
  const GramTile tile{0, 0, &sum, 1};

  matrices<float>(GetParam()).gram_tiles(Arithmetic::own, {GramOf::rows, 1, k, ones.data(), k}, 1, &tile, 1);

  EXPECT_EQ(sum, 300000.0);  // exact; integers below 2^24 in every partial sum
}

TEST_P(LinearAlgebra, CholeskyOfAMatrixWorkedOutByHand) {
  // [[4, 2, 2], [2, 5, 3], [2, 3, 6]] = L L^T with L = [[2, 0, 0], [1, 2, 0], [1, 1, 2]]; the upper triangle is not read.
  std::vector<double> a{4, -9, -9, 2, 5, -9, 2, 3, 6};
  std::vector<double> b{8, 10, 11};  // = A (1, 1, 1)

  ASSERT_EQ(matrices<double>(GetParam()).cholesky(3, a.data(), 3), 0);
  matrices<double>(GetParam()).cholesky_solve(3, a.data(), 3, b.data());

  EXPECT_EQ(a, (std::vector<double>{2, -9, -9, 1, 2, -9, 1, 1, 2}));
  for (const double x : b) EXPECT_NEAR(x, 1, 1e-15);
}

// The same matrix with a padded upper triangle, which stays.
TEST_P(LinearAlgebra, CholeskyInFloat32TakesTheUpperTriangleAndTheMemoryBelow) {
  std::vector<double> a{4, 2, 2, 7, -9, 5, 3, 7, -9, -9, 6, 7};
  std::vector<float> b{8, 10, 11};

  symmetric(GetParam()).round_lower(3, a.data(), 4);
  ASSERT_EQ(matrices<float>(GetParam()).cholesky(3, reinterpret_cast<float*>(a.data()), 8), 0);
  matrices<float>(GetParam()).cholesky_solve(3, reinterpret_cast<const float*>(a.data()), 8, b.data());

  for (const float x : b) EXPECT_NEAR(x, 1, 1e-6);
  EXPECT_EQ((std::vector<double>{a[1], a[2], a[3], a[5], a[6], a[7], a[10], a[11]}), (std::vector<double>{2, 2, 7, 5, 3, 7, 6, 7}));
  std::vector<float> factor(24);
  std::memcpy(factor.data(), a.data(), sizeof(float) * factor.size());
  EXPECT_EQ((std::vector<float>{factor[0], factor[8], factor[9], factor[16], factor[17], factor[18]}), (std::vector<float>{2, 1, 2, 1, 1, 2}));

  std::vector<double> indefinite{1, 0, 0, -9, -1, 0, -9, -9, 1};
  symmetric(GetParam()).round_lower(3, indefinite.data(), 3);
  EXPECT_EQ(matrices<float>(GetParam()).cholesky(3, reinterpret_cast<float*>(indefinite.data()), 6), 2);
}

TEST_P(LinearAlgebra, CholeskyNamesTheFirstBadPivot) {
  std::vector<double> indefinite{1, 0, 0, 0, -1, 0, 0, 0, 1};
  std::vector<double> spoilt{1, 0, 0, 0, std::nan(""), 0, 0, 0, 1};

  EXPECT_EQ(matrices<double>(GetParam()).cholesky(3, indefinite.data(), 3), 2);
  EXPECT_EQ(matrices<double>(GetParam()).cholesky(3, spoilt.data(), 3), 2);
}

TEST_P(LinearAlgebra, EigenvectorsStandInRowsAndValuesAscend) {
  // The path graph's Laplacian on n nodes: eigenvalues 2 - 2 cos(pi k / n).
  const std::int64_t n = 31, lda = 33;
  std::vector<double> a(n * lda, 0.0), values(n);
  for (std::int64_t i = 0; i < n; ++i) {
    a[i * lda + i] = i == 0 || i == n - 1 ? 1 : 2;
    if (i > 0) a[i * lda + i - 1] = -1;  // lower triangle only
  }

  ASSERT_EQ(symmetric(GetParam()).eigen(n, a.data(), lda, values.data()), 0);

  for (std::int64_t k = 0; k < n; ++k) {
    EXPECT_NEAR(values[k], 2 - 2 * std::cos(M_PI * static_cast<double>(k) / n), 1e-13);
    const double* v = a.data() + k * lda;
    for (std::int64_t i = 0; i < n; ++i) {
      const double left = i > 0 ? v[i] - v[i - 1] : 0, right = i < n - 1 ? v[i] - v[i + 1] : 0;
      EXPECT_NEAR(left + right, values[k] * v[i], 1e-13);
    }
  }
}

// Before and after a factorisation, whose factor stands in the lower triangle. 130 rows: several blocks of the cpu's copy.
TEST_P(LinearAlgebra, SymmetricMatricesAreTheirUpperTriangle) {
  const std::int64_t n = 130, lda = 133;
  const std::vector<double> before = random_values<double>(n * lda, 1), diagonal = random_values<double>(n, 2), x = random_values<double>(n, 3);
  std::vector<double> a = before, y(n);

  symmetric(GetParam()).multiply(n, a.data(), lda, diagonal.data(), x.data(), y.data());
  symmetric(GetParam()).set_diagonal(n, diagonal.data(), a.data(), lda);
  symmetric(GetParam()).mirror_upper(n, a.data(), lda);

  for (std::int64_t i = 0; i < n; ++i) {
    double sum = 0;
    for (std::int64_t j = 0; j < n; ++j) {
      const double expected = j == i ? diagonal[i] : before[std::min(i, j) * lda + std::max(i, j)];
      ASSERT_EQ(a[i * lda + j], expected) << i << ", " << j;
      sum += expected * x[j];
    }
    EXPECT_NEAR(y[i], sum, 1e-13);
    for (std::int64_t j = n; j < lda; ++j) ASSERT_EQ(a[i * lda + j], before[i * lda + j]) << "padding is not touched";
  }
}

INSTANTIATE_TEST_SUITE_P(Devices, LinearAlgebra, ::testing::Values(Device::reference, Device::cpu),
                         [](const auto& device) { return device.param == Device::cpu ? "cpu" : "reference"; });

}  // namespace
}  // namespace qs::kernels
