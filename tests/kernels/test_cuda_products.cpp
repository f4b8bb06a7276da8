// Products and Gram products of the CUDA device on the host's queue, against the reference: what is handed to cuBLAS (transpositions, leading
// dimensions, batches of slabs) and what is done with its results.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <vector>

#include "kernels/cuda/gram.h"
#include "kernels/cuda/symmetric.h"
#include "tests/kernels/host_queue.h"
#include "tests/kernels/lane_array.h"

namespace qs::test {
namespace {

using kernels::Arithmetic;
using kernels::GramOf;
using kernels::Transpose;

template <class Real>
class CudaProducts : public testing::Test {
 protected:
  using Matrices = kernels::cuda::Matrices<Real, HostQueue>;
  const kernels::MatrixTable<double>& exact() const { return kernels::matrices<double>(Device::reference); }
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

      this->exact().gemm(ta, tb, m, n, k, 2.0, widened(a).data(), ld, widened(b).data(), ld, -1.0, want.data(), ld);
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

// Tiles (0, 1) and (0, 0) of 7 vectors in strips of 4.
template <class Real>
struct TwoTiles {
  LaneArray<double> c = LaneArray<double>(4 * 9 + 1, 0.5);

  TwoTiles(const kernels::MatrixTable<Real>& table, Arithmetic arithmetic, GramOf of, std::int64_t k, const LaneArray<Real>& a, std::int64_t lda) {
    const kernels::GramTile tiles[] = {{0, 1, c.data() + 5, 9}, {0, 0, c.data(), 9}};
    table.gram_tiles(arithmetic, {of, 7, k, a.data(), lda}, 4, tiles, 2);
  }
};

TYPED_TEST(CudaProducts, FormGramTilesOfRowsAndOfColumns) {
  kernels::MatrixTable<TypeParam> table{};
  TestFixture::Matrices::install(table);
  for (const std::int64_t k : lengths) {
    for (const GramOf of : {GramOf::rows, GramOf::columns}) {
      const std::int64_t lda = of == GramOf::rows ? k + 2 : 8;
      const auto a = random_array<TypeParam>(std::max(7 * lda, k * 8 + 1), 1);
      for (const Arithmetic arithmetic : {Arithmetic::own, Arithmetic::wide}) {
        const TwoTiles<TypeParam> got(table, arithmetic, of, k, a, lda);

        const TwoTiles<double> want(this->exact(), arithmetic, of, k, widened(a), lda);
        EXPECT_TRUE(got.c.guards_intact());
        for (std::int64_t i = 0; i < got.c.size(); ++i) ASSERT_NEAR(got.c[i], want.c[i], bound<TypeParam>(k, arithmetic)) << k << " element " << i;
        for (std::int64_t i = 0; i < 4; ++i) {
          for (std::int64_t j = 0; j < 4; ++j) ASSERT_EQ(got.c[i * 9 + j], got.c[j * 9 + i]) << "exactly symmetric";
        }
      }
    }
  }
}

// Says of every product how many matrices it multiplied at once.
struct CountingQueue : HostQueue {
  static inline std::vector<std::int64_t> batches;
  template <class Real>
  void multiply(const kernels::cuda::Product<Real>& p) {
    batches.push_back(p.count);
    HostQueue::multiply(p);
  }
};

// A tile's product alone would leave most of a GPU idle, in either precision.
TEST(CudaGram, MultipliesManySlabsOfATileAtOnce) {
  const std::int64_t k = 66 * kernels::gram_columns + 1;
  const auto batches = [&]<class Real>(Arithmetic arithmetic, Real) {
    kernels::MatrixTable<Real> table{};
    kernels::cuda::Matrices<Real, CountingQueue>::install(table);
    const auto a = random_array<Real>(2 * k, 1);
    std::vector<double> c(4);
    const kernels::GramTile tile{0, 0, c.data(), 2};
    CountingQueue::batches.clear();
    table.gram_tiles(arithmetic, {GramOf::rows, 2, k, a.data(), k}, 2, &tile, 1);
    return CountingQueue::batches;
  };

  EXPECT_EQ(batches(Arithmetic::own, float()), (std::vector<std::int64_t>{64, 2, 1}));
  EXPECT_EQ(batches(Arithmetic::own, double()), (std::vector<std::int64_t>{64, 2, 1}));
  EXPECT_EQ(batches(Arithmetic::wide, float()), (std::vector<std::int64_t>{16, 16, 16, 16, 2, 1}));
}

TEST(CudaSymmetric, FollowsTheReference) {
  using Symmetric = kernels::cuda::Symmetric<HostQueue>;
  const kernels::SymmetricTable& exact = kernels::symmetric(Device::reference);
  const std::int64_t n = 70, ld = 72;
  const auto before = random_array<double>(n * ld, 1), diagonal = random_array<double>(n, 2), x = random_array<double>(n, 3);
  auto a = before, want = before;
  LaneArray<double> y(n, 77), y0(n);

  Symmetric::multiply(n, a.data(), ld, diagonal.data(), x.data(), y.data());
  Symmetric::set_diagonal(n, diagonal.data(), a.data(), ld);
  Symmetric::mirror_upper(n, a.data(), ld);

  exact.multiply(n, want.data(), ld, diagonal.data(), x.data(), y0.data());
  exact.set_diagonal(n, diagonal.data(), want.data(), ld);
  exact.mirror_upper(n, want.data(), ld);
  EXPECT_TRUE(std::equal(a.begin(), a.end(), want.begin()));
  for (std::int64_t i = 0; i < n; ++i) EXPECT_NEAR(y[i], y0[i], 1e-13);
}

TEST(CudaSymmetric, RoundsTheLowerTriangleInItsOwnMemory) {
  const std::int64_t n = 70, ld = 72;
  const auto before = random_array<double>(n * ld, 1);
  auto a = before;

  kernels::cuda::Symmetric<HostQueue>::round_lower(n, a.data(), ld);

  const auto* rounded = reinterpret_cast<const float*>(a.data());
  for (std::int64_t i = 0; i < n; ++i) {
    for (std::int64_t j = 0; j <= i; ++j) ASSERT_EQ(rounded[2 * i * ld + j], static_cast<float>(before[j * ld + i])) << i << ", " << j;
    for (std::int64_t j = std::max<std::int64_t>(i, 1); j < n; ++j) ASSERT_EQ(a[i * ld + j], before[i * ld + j]) << i << ", " << j;
  }
}

}  // namespace
}  // namespace qs::test
