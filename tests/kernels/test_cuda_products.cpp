// Products and Gram products of the CUDA device on the host's queue, against the reference: what is handed to cuBLAS (transpositions, leading
// dimensions, batches of slabs) and what is done with its results.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <vector>

#include "kernels/cuda/gram.h"
#include "tests/kernels/host_queue.h"
#include "tests/kernels/lane_array.h"

namespace qs::test {
namespace {

using kernels::Arithmetic;
using kernels::Transpose;

template <class Real>
class CudaProducts : public testing::Test {
 protected:
  using Matrices = kernels::cuda::Matrices<Real, HostQueue>;
  const kernels::GramTable<double>& exact() const { return kernels::reference::gram_table<double>(); }
  static constexpr double eps = std::numeric_limits<Real>::epsilon();
};
using Reals = testing::Types<float, double>;
TYPED_TEST_SUITE(CudaProducts, Reals);

TYPED_TEST(CudaProducts, MultiplyEveryTranspositionByRows) {
  const std::int64_t m = 5, n = 7, k = 11, ld = 13;
  const auto a = random_array<TypeParam>(ld * ld, 1), b = random_array<TypeParam>(ld * ld, 2), before = random_array<TypeParam>(m * ld, 3);
  for (const Transpose ta : {Transpose::no, Transpose::yes}) {
    for (const Transpose tb : {Transpose::no, Transpose::yes}) {
      LaneArray<TypeParam> c = before;
      LaneArray<double> want = widened(before);

      TestFixture::Matrices::gemm(ta, tb, m, n, k, TypeParam(2), a.data(), ld, b.data(), ld, TypeParam(-1), c.data(), ld);

      kernels::reference::product_table<double>().gemm(ta, tb, m, n, k, 2.0, widened(a).data(), ld, widened(b).data(), ld, -1.0, want.data(), ld);
      EXPECT_TRUE(c.guards_intact());
      for (std::int64_t i = 0; i < c.size(); ++i) ASSERT_NEAR(c[i], want[i], 2 * (k + 4) * this->eps) << i;
    }
  }
}

// Lengths of the sum: none, one slab less than whole, several slabs and a rest, more than one batch of slabs.
constexpr std::int64_t lengths[] = {0, 1, 511, 1300, 512 * 65 + 3};

// Float32 adds at most gram_columns products in its own precision, or none.
template <class Real>
double bound(std::int64_t k, Arithmetic arithmetic) {
  const double unit = std::numeric_limits<double>::epsilon();
  if (arithmetic == Arithmetic::wide) return (k + 2) * unit * (k + 1);
  return std::min(k, kernels::gram_columns) * std::numeric_limits<Real>::epsilon() * (k + 1) + (k + 2) * unit * (k + 1);
}

TYPED_TEST(CudaProducts, FormGramMatricesByRowsAndByColumns) {
  const std::int64_t m = 3, n = 5;
  for (const std::int64_t k : lengths) {
    const std::int64_t lda = k + 2, ldb = k + 1, ldc = n + 2;
    const auto a = random_array<TypeParam>(std::max(m * lda, k * (m + 1) + 1), 1), b = random_array<TypeParam>(std::max(n * ldb, k * (n + 2) + 1), 2);
    const auto before = random_array<double>(m * ldc, 3);
    for (const Arithmetic arithmetic : {Arithmetic::own, Arithmetic::wide}) {
      LaneArray<double> rows = before, columns = before, want_rows = before, want_columns = before;

      TestFixture::Matrices::gram_block(arithmetic, m, n, k, a.data(), lda, b.data(), ldb, rows.data(), ldc);
      TestFixture::Matrices::column_gram_block(arithmetic, m, n, k, a.data(), m + 1, b.data(), n + 2, columns.data(), ldc);

      const LaneArray<double> wide_a = widened(a), wide_b = widened(b);
      this->exact().gram_block(arithmetic, m, n, k, wide_a.data(), lda, wide_b.data(), ldb, want_rows.data(), ldc);
      this->exact().column_gram_block(arithmetic, m, n, k, wide_a.data(), m + 1, wide_b.data(), n + 2, want_columns.data(), ldc);
      EXPECT_TRUE(rows.guards_intact() && columns.guards_intact());
      for (std::int64_t i = 0; i < rows.size(); ++i) {
        ASSERT_NEAR(rows[i], want_rows[i], bound<TypeParam>(k, arithmetic)) << "k " << k << " element " << i;
        ASSERT_NEAR(columns[i], want_columns[i], bound<TypeParam>(k, arithmetic)) << "k " << k << " element " << i;
      }
    }
  }
}

TYPED_TEST(CudaProducts, FormSymmetricGramMatricesExactlySymmetric) {
  const std::int64_t n = 6, lda = 1301, ldc = 8;
  const auto a = random_array<TypeParam>(n * lda, 1);
  for (const Arithmetic arithmetic : {Arithmetic::own, Arithmetic::wide}) {
    LaneArray<double> c(n * ldc), want(n * ldc);

    TestFixture::Matrices::gram(arithmetic, n, 1300, a.data(), lda, c.data(), ldc);

    this->exact().gram(arithmetic, n, 1300, widened(a).data(), lda, want.data(), ldc);
    for (std::int64_t i = 0; i < n; ++i) {
      for (std::int64_t j = 0; j < n; ++j) {
        ASSERT_NEAR(c[i * ldc + j], want[i * ldc + j], bound<TypeParam>(1300, arithmetic));
        ASSERT_EQ(c[i * ldc + j], c[j * ldc + i]);
      }
    }
  }
}

}  // namespace
}  // namespace qs::test
