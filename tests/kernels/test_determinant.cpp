// Slater determinants: values by hand, antisymmetry, gradients that are inverses, singular matrices, and every definition against the float64
// reference.
#include "tests/kernels/network_devices.h"

namespace qs::test {
namespace {

using kernels::DeterminantShape;

template <class T>
using Determinants = NetworkTest<T>;
TYPED_TEST_SUITE(Determinants, AllImplementations, ImplementationName);

// Arguments and results of one call; re starts at 0.
template <class Real>
struct Case {
  Case(int tokens, int orbitals, int rows)
      : shape{tokens, orbitals, rows},
        spins(std::int64_t(tokens) * rows, Real(-1)),
        values(std::int64_t(tokens) * orbitals * rows),
        factors(std::int64_t(orbitals) * (orbitals + 2) * rows),
        re(rows),
        im(rows),
        w(rows, Real(1)),
        gradient(values.size(), Real(7)) {}

  Real& orbital(int t, int k, int b) { return values[(std::int64_t(t) * shape.orbitals + k) * shape.rows + b]; }
  double derivative(int t, int k, int b) const { return gradient[(std::int64_t(t) * shape.orbitals + k) * shape.rows + b]; }
  void occupy(int t, int b) { spins[std::int64_t(t) * shape.rows + b] = Real(1); }
  bool occupied(int t, int b) const { return spins[std::int64_t(t) * shape.rows + b] > 0; }
  int particles(int b) const {
    int n = 0;
    for (int t = 0; t < shape.tokens; ++t) n += occupied(t, b) ? 1 : 0;
    return n;
  }
  void run(const kernels::NetworkTable<Real>& device) {
    device.log_determinant(shape, spins.data(), values.data(), factors.data(), re.data(), im.data());
    device.log_determinant_backward(shape, factors.data(), w.data(), gradient.data());
    EXPECT_TRUE(factors.guards_intact() && re.guards_intact() && im.guards_intact() && gradient.guards_intact());
  }

  DeterminantShape shape;
  LaneArray<Real> spins, values;
  LaneArray<double> factors, re, im;
  LaneArray<Real> w, gradient;
};

// Every row its own random orbitals, configuration and particle number (0 to `orbitals`).
template <class Real>
Case<Real> random_case(int tokens, int orbitals, int rows) {
  Case<Real> c(tokens, orbitals, rows);
  c.values = random_array<Real>(c.values.size(), 1);
  c.w = random_array<Real>(rows, 2);
  for (int b = 0; b < rows; ++b) {
    for (int j = 0; j < b % (orbitals + 1); ++j) c.occupy((5 * j + b) % tokens, b);  // 5 and the number of tokens have no common divisor
  }
  return c;
}

// M = ((2, 3), (5, 1)) of tokens 1 and 3: det = -13, M^-1 = ((-1, 3), (5, -2)) / 13.
TYPED_TEST(Determinants, OfTwoParticlesByHand) {
  using Real = typename TypeParam::Real;
  Case<Real> c(4, 2, 16);
  for (int b = 0; b < 16; ++b) {
    c.occupy(1, b);
    c.occupy(3, b);
    for (const int t : {0, 2}) c.orbital(t, 0, b) = c.orbital(t, 1, b) = Real(100);
    c.orbital(1, 0, b) = Real(2);
    c.orbital(1, 1, b) = Real(3);
    c.orbital(3, 0, b) = Real(5);
    c.orbital(3, 1, b) = Real(1);
    c.re[b] = 10;
    c.w[b] = Real(26);
  }
  c.run(this->device());
  for (int b = 0; b < 16; ++b) {
    EXPECT_NEAR(c.re[b], 10 + std::log(13.0), 1e-14);
    EXPECT_EQ(c.im[b], M_PI);
    const double expected[4][2] = {{0, 0}, {-2, 10}, {0, 0}, {6, -4}};
    for (int t = 0; t < 4; ++t) {
      for (int k = 0; k < 2; ++k) EXPECT_NEAR(c.derivative(t, k, b), expected[t][k], 20 * this->eps) << t << " " << k;
    }
  }
}

// Exchanging the orbitals of two occupied tokens changes the sign and nothing else.
TYPED_TEST(Determinants, ChangeSignWhenTwoParticlesAreExchanged) {
  using Real = typename TypeParam::Real;
  Case<Real> c = random_case<Real>(7, 4, 32);
  c.run(this->device());
  Case<Real> exchanged = random_case<Real>(7, 4, 32);
  for (int b = 0; b < 32; ++b) {
    std::vector<int> tokens;
    for (int t = 0; t < 7; ++t) {
      if (c.occupied(t, b)) tokens.push_back(t);
    }
    for (int k = 0; k < 4 && tokens.size() >= 2; ++k) std::swap(exchanged.orbital(tokens[0], k, b), exchanged.orbital(tokens[1], k, b));
  }
  exchanged.run(this->device());
  for (int b = 0; b < 32; ++b) {
    EXPECT_NEAR(exchanged.re[b], c.re[b], 1e-12);
    EXPECT_EQ(exchanged.im[b] != c.im[b], c.particles(b) >= 2) << b;
  }
}

// sum_k M[i][k] (M^-1)[k][j] = delta_ij. Random matrices of order 5: the condition of the worst row bounds the error.
TYPED_TEST(Determinants, HaveTheInverseMatrixAsTheirGradient) {
  using Real = typename TypeParam::Real;
  Case<Real> c = random_case<Real>(8, 5, 48);
  c.run(this->device());
  for (int b = 0; b < 48; ++b) {
    const int n = c.particles(b);
    for (int i = 0; i < 8; ++i) {
      for (int j = 0; j < 8; ++j) {
        double sum = 0, scale = 1;
        for (int k = 0; k < 5; ++k) {
          if (k >= n || !c.occupied(j, b)) {
            ASSERT_EQ(c.derivative(j, k, b), 0) << "of an empty token or orbital";
          }
          sum += c.orbital(i, k, b) * c.derivative(j, k, b);
          scale += std::abs(c.derivative(j, k, b));
        }
        if (!c.occupied(i, b) || !c.occupied(j, b)) continue;
        EXPECT_NEAR(sum, i == j ? c.w[b] : 0.0, 40 * this->eps * scale) << b << ": " << i << " " << j;
      }
    }
  }
}

// No particle: the empty determinant is 1. Two equal rows: psi = 0, its gradient 0, and the other lanes are not disturbed.
TYPED_TEST(Determinants, OfNoParticleIsOneAndOfEqualRowsIsZero) {
  using Real = typename TypeParam::Real;
  Case<Real> c = random_case<Real>(7, 3, 16), undisturbed = random_case<Real>(7, 3, 16);
  const int singular = 3;  // three particles
  for (int t = 0; t < 7; ++t) {
    for (int k = 0; k < 3; ++k) c.orbital(t, k, singular) = Real(k + 1);
  }
  c.run(this->device());
  undisturbed.run(this->device());
  EXPECT_EQ(c.re[0], 0);
  EXPECT_EQ(c.im[0], 0);
  EXPECT_EQ(c.re[singular], -INFINITY);
  for (int b = 0; b < 16; ++b) {
    if (b != singular) {
      EXPECT_EQ(c.re[b], undisturbed.re[b]);
    }
    for (int t = 0; t < 7; ++t) {
      for (int k = 0; k < 3; ++k) EXPECT_EQ(c.derivative(t, k, b), b == singular ? 0.0 : undisturbed.derivative(t, k, b));
    }
  }
}

// Elimination with pivots: n^2 roundings, magnified by the condition of the matrix, of which the gradient's size is a measure.
TYPED_TEST(Determinants, AgreeWithTheReference) {
  using Real = typename TypeParam::Real;
  for (const int orbitals : {1, 2, 5, 8, 13}) {
    Case<Real> c = random_case<Real>(16, orbitals, 48);
    Case<double> exact(16, orbitals, 48);
    exact.spins = widened(c.spins);
    exact.values = widened(c.values);
    exact.w = widened(c.w);
    c.run(this->device());
    exact.run(this->exact());
    for (int b = 0; b < 48; ++b) {
      double size = 1;
      for (int t = 0; t < 16; ++t) {
        for (int k = 0; k < orbitals; ++k) size = std::max(size, std::abs(exact.derivative(t, k, b) / exact.w[b]));
      }
      const double bound = 8.0 * orbitals * orbitals * std::numeric_limits<double>::epsilon() * size;
      EXPECT_NEAR(c.re[b], exact.re[b], bound);
      EXPECT_EQ(c.im[b], exact.im[b]);
      for (int t = 0; t < 16; ++t) {
        for (int k = 0; k < orbitals; ++k) EXPECT_NEAR(c.derivative(t, k, b), exact.derivative(t, k, b), (bound + this->eps) * size);
      }
    }
  }
}

}  // namespace
}  // namespace qs::test
