// Operations on Jacobian rows: hand values for the host's loops, and the bodies of the CUDA kernels on the host's queue against them.
#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <vector>

#include "kernels/cuda/rows.h"
#include "tests/kernels/host_queue.h"
#include "tests/kernels/lane_array.h"

namespace qs::test {
namespace {

using kernels::RowTable;
using kernels::RowView;

constexpr double eps = std::numeric_limits<double>::epsilon();

template <class Real>
class JacobianRows : public testing::Test {
 protected:
  const RowTable<Real>& host() const { return kernels::jacobian_rows<Real>(Device::reference); }
  const RowTable<Real>& bodies() const {
    static const RowTable<Real> table = kernels::cuda::JacobianRows<Real, HostQueue>::table();
    return table;
  }
};
using Reals = testing::Types<float, double>;
TYPED_TEST_SUITE(JacobianRows, Reals);

TYPED_TEST(JacobianRows, OfAHandExample) {
  const TypeParam nan = std::numeric_limits<TypeParam>::quiet_NaN();
  for (const RowTable<TypeParam>* table : {&this->host(), &this->bodies()}) {
    LaneArray<TypeParam> a{1, 2, -7, nan, nan, -7, 3, 5, -7};  // three rows of two values, the middle one not to be read
    const std::int64_t index[] = {2, 0};
    const double weight[] = {10, 1, 0, 2}, u[] = {4, -1};
    double sums[] = {100, 100, -1, 0, 0, -1}, products[] = {77, 77}, squares = 77, of_columns[] = {1, 0};

    table->add_weighted_rows({a.data(), 3, index, 2, 2}, 2, weight, sums, 3);
    table->multiply_rows({a.data(), 3, index, 2, 2}, u, products);
    table->sum_of_squares(2, a.data() + 6, &squares);
    table->add_squared_rows({a.data(), 3, index, 2, 2}, of_columns);

    EXPECT_EQ(std::vector<double>(sums, sums + 6), (std::vector<double>{131, 152, -1, 2, 4, -1}));
    EXPECT_EQ(products[0], 7);
    EXPECT_EQ(products[1], 2);
    EXPECT_EQ(squares, 34);
    EXPECT_EQ(of_columns[0], 11);
    EXPECT_EQ(of_columns[1], 29);

    const double factor[] = {2, 0}, mean[] = {1, 3}, scale[] = {5, 7};
    const std::int64_t both[] = {0, 1};
    table->centre_rows({a.data(), 3, both, 2, 2}, factor, mean, scale);
    EXPECT_EQ(std::vector<TypeParam>(a.begin(), a.end()), (std::vector<TypeParam>{0, -14, -7, 0, 0, -7, 3, 5, -7}))
        << "factor 0 clears what is no number";
  }
}

// Columns: none, one, one more than the partial sums of a row, many; rows in turn and chosen.
TYPED_TEST(JacobianRows, OfTheDeviceAreThoseOfTheHost) {
  for (const std::int64_t columns : {0, 1, 33, 3001}) {
    const std::int64_t rows = 7, stride = columns + 3, chosen[] = {6, 0, 3};
    const auto a = random_array<TypeParam>(rows * stride, 1);
    const auto u = random_array<double>(columns, 2), weight = random_array<double>(2 * rows, 3), before = random_array<double>(2 * stride, 4);
    for (const std::int64_t* index : {static_cast<const std::int64_t*>(nullptr), chosen}) {
      const std::int64_t count = index == nullptr ? rows : 3;
      const RowView<const TypeParam> view{a.data(), stride, index, count, columns};
      LaneArray<double> want_sums = before, sums = before, want_squares = before, squares = before, want(count), found(count);
      LaneArray<TypeParam> want_rows = a, centred = a;

      this->host().add_weighted_rows(view, 2, weight.data(), want_sums.data(), stride);
      this->bodies().add_weighted_rows(view, 2, weight.data(), sums.data(), stride);
      this->host().multiply_rows(view, u.data(), want.data());
      this->bodies().multiply_rows(view, u.data(), found.data());
      this->host().centre_rows({want_rows.data(), stride, index, count, columns}, weight.data(), u.data(), before.data());
      this->bodies().centre_rows({centred.data(), stride, index, count, columns}, weight.data(), u.data(), before.data());
      this->host().add_squared_rows(view, want_squares.data());
      this->bodies().add_squared_rows(view, squares.data());

      EXPECT_TRUE(sums.guards_intact() && squares.guards_intact() && found.guards_intact() && centred.guards_intact());
      for (std::int64_t k = 0; k < sums.size(); ++k) ASSERT_NEAR(sums[k], want_sums[k], (count + 2) * eps * (count + 1));
      for (std::int64_t k = 0; k < squares.size(); ++k) ASSERT_NEAR(squares[k], want_squares[k], (count + 2) * eps * (count + 1));
      for (std::int64_t j = 0; j < count; ++j) ASSERT_NEAR(found[j], want[j], static_cast<double>(columns + 2) * eps * static_cast<double>(columns));
      for (std::int64_t k = 0; k < a.size(); ++k) ASSERT_NEAR(centred[k], want_rows[k], 4 * std::numeric_limits<TypeParam>::epsilon());
    }
  }
}

// Less than a piece, several and a rest, more than the pieces that are summed side by side.
TYPED_TEST(JacobianRows, HaveTheSameSumOfSquares) {
  for (const std::int64_t n : {0, 5, 1024, 5000, 8192 * 1024 + 77}) {
    const auto a = random_array<TypeParam>(n, 1);
    double want = 0, found = -1;

    this->host().sum_of_squares(n, a.data(), &want);
    this->bodies().sum_of_squares(n, a.data(), &found);

    ASSERT_NEAR(found, want, eps * static_cast<double>(n) * std::max(want, 1.0) / 8) << n;
    ASSERT_NEAR(want, static_cast<double>(n) / 3, 5 * std::sqrt(static_cast<double>(n))) << "squares of uniform numbers in [-1, 1]";
  }
}

}  // namespace
}  // namespace qs::test
