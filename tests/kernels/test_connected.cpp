// Connected configurations: the host's loops against the definition, and the bodies of the CUDA kernels on the host's queue against them.
#include <gtest/gtest.h>

#include <cmath>
#include <complex>
#include <limits>
#include <vector>

#include "kernels/cuda/connected.h"
#include "tests/kernels/host_queue.h"
#include "tests/kernels/random_operator.h"

namespace qs::test {
namespace {

using kernels::ConnectedTable;
using Complex = std::complex<double>;

constexpr double eps = std::numeric_limits<double>::epsilon();

const ConnectedTable& host() { return kernels::connected(Device::reference); }
const ConnectedTable& bodies() {
  static const ConnectedTable table = kernels::cuda::ConnectedConfigurations<HostQueue>::table();
  return table;
}

// <sigma|O|sigma ^ flip> from the formula, bit by bit.
Complex element(const kernels::OperatorTable& op, const double* coupling, const std::uint64_t* row, std::int64_t g) {
  const auto bit = [](const std::uint64_t* set, int mode) { return set[mode / 64] >> (mode % 64) & 1; };
  const auto sign = [&](const std::uint64_t* string) {
    int set = 0;
    for (int mode = 0; mode < 64 * op.words; ++mode) set += static_cast<int>(bit(row, mode) & bit(string, mode));
    return set % 2 == 0 ? 1 : -1;
  };
  if (g < op.exchanges) {
    const bool differ = bit(row, op.exchange_i[g]) != bit(row, op.exchange_j[g]);
    return differ ? op.exchange_value[g] * coupling[op.exchange_coupling[g]] * sign(op.exchange_string + g * op.words) : 0.0;
  }
  Complex sum = 0;
  for (std::int64_t t = op.group_begin[g - op.exchanges]; t < op.group_begin[g - op.exchanges + 1]; ++t) {
    bool match = true;
    for (int w = 0; w < op.words; ++w) match = match && (row[w] & op.mask[t * op.words + w]) == op.pattern[t * op.words + w];
    const Complex value(op.value[t], op.imaginary == nullptr ? 0 : op.imaginary[t]);
    if (match) sum += value * coupling[op.term_coupling[t]] * static_cast<double>(sign(op.string + t * op.words));
  }
  return sum;
}

class Connected : public testing::TestWithParam<Elements> {};

TEST_P(Connected, RowsOfTheHostAreThoseOfTheDefinition) {
  RandomOperator random(Device::reference, GetParam());
  const ConnectedRecord found = random.run(Device::reference, host(), random_log_psi);
  const kernels::OperatorTable op = random.op();
  const kernels::RowBlock rows = random.block();

  std::size_t k = 0;
  for (std::int64_t i = 0; i < rows.count; ++i) {
    EXPECT_EQ(found.begin[i], static_cast<std::int64_t>(k));
    Complex sum = 1.5;
    for (std::int64_t g = 0; g < op.groups && !std::isinf(rows.re[i]); ++g) {
      const Complex expected = element(op, op.coupling + rows.problem[i] * op.couplings, rows.bits + i * op.words, g);
      if (expected == 0.0) continue;
      ASSERT_LT(k, found.element.size());
      EXPECT_NEAR(found.element[k], expected.real(), 4 * eps);
      if (GetParam() == Elements::complex) {
        EXPECT_NEAR(found.imaginary[k], expected.imag(), 4 * eps);
      }
      EXPECT_EQ(found.row[k], i);
      EXPECT_EQ(found.problem[k], rows.problem[i]);
      for (int w = 0; w < op.words; ++w) EXPECT_EQ(found.bits[k * op.words + w], rows.bits[i * op.words + w] ^ op.flip[g * op.words + w]);
      const auto [re, im] = random_log_psi(k);
      if (!std::isinf(re)) sum += expected * std::exp(Complex(re - rows.re[i], im - rows.im[i]));
      ++k;
    }
    EXPECT_NEAR(std::abs(sum - Complex(found.re[i], found.im[i])), 0, 1e3 * eps);
  }
  EXPECT_EQ(k, found.element.size());
  EXPECT_GT(k, static_cast<std::size_t>(rows.count * op.groups / 4));
}

TEST_P(Connected, RowsOfTheDeviceAreThoseOfTheHost) {
  RandomOperator random(Device::reference, GetParam());
  const ConnectedRecord want = random.run(Device::reference, host(), random_log_psi), found = random.run(Device::reference, bodies(), random_log_psi);

  EXPECT_EQ(found.begin, want.begin);
  EXPECT_EQ(found.bits, want.bits);
  EXPECT_EQ(found.problem, want.problem);
  EXPECT_EQ(found.row, want.row);
  EXPECT_EQ(found.element, want.element);
  EXPECT_EQ(found.imaginary, want.imaginary);
  for (std::size_t i = 0; i < want.re.size(); ++i) {
    EXPECT_NEAR(found.re[i], want.re[i], 1e3 * eps);
    EXPECT_NEAR(found.im[i], want.im[i], 1e3 * eps);
  }
}

INSTANTIATE_TEST_SUITE_P(Operators, Connected, testing::Values(Elements::real, Elements::complex),
                         [](const auto& test) { return test.param == Elements::real ? "real" : "complex"; });

}  // namespace
}  // namespace qs::test
