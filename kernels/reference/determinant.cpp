#include <algorithm>
#include <cmath>
#include <utility>
#include <vector>

#include "kernels/reference/install.h"

namespace qs::kernels::reference {
namespace {

// The matrix of one configuration: P M = L U with unit L, and the token of every row of P M (-1: a row of the identity).
struct Factors {
  int K;
  std::vector<double> lu;
  std::vector<int> token;

  explicit Factors(int orbitals) : K(orbitals), lu(static_cast<std::size_t>(orbitals) * orbitals), token(orbitals, -1) {}
  double& at(int j, int k) { return lu[static_cast<std::size_t>(j) * K + k]; }

  // Where configuration b of `rows` keeps its K (K + 2) values; the last K are for other definitions.
  void write(double* values, int rows, int b) const {
    for (std::size_t i = 0; i < lu.size(); ++i) values[i * rows + b] = lu[i];
    for (int j = 0; j < K; ++j) values[(lu.size() + j) * rows + b] = token[j];
  }
  void read(const double* values, int rows, int b) {
    for (std::size_t i = 0; i < lu.size(); ++i) lu[i] = values[i * rows + b];
    for (int j = 0; j < K; ++j) token[j] = static_cast<int>(values[(lu.size() + j) * rows + b]);
  }
};

template <class Real>
Factors gather(DeterminantShape s, const Real* spins, const Real* orbitals, int b) {
  Factors f(s.orbitals);
  int n = 0;
  for (int t = 0; t < s.tokens && n < s.orbitals; ++t) {
    if (spins[static_cast<std::int64_t>(t) * s.rows + b] > 0) f.token[n++] = t;
  }
  for (int j = 0; j < s.orbitals; ++j) f.at(j, j) = 1;
  for (int j = 0; j < n; ++j) {
    for (int k = 0; k < n; ++k) f.at(j, k) = static_cast<double>(orbitals[(static_cast<std::int64_t>(f.token[j]) * s.orbitals + k) * s.rows + b]);
  }
  return f;
}

// Gaussian elimination with row pivots, in place; returns the sign of the permutation.
int eliminate(Factors& f) {
  int sign = 1;
  for (int k = 0; k < f.K; ++k) {
    int pivot = k;
    for (int j = k + 1; j < f.K; ++j) {
      if (std::abs(f.at(j, k)) > std::abs(f.at(pivot, k))) pivot = j;
    }
    if (pivot != k) {
      for (int c = 0; c < f.K; ++c) std::swap(f.at(k, c), f.at(pivot, c));
      std::swap(f.token[k], f.token[pivot]);
      sign = -sign;
    }
    if (f.at(k, k) == 0) continue;
    for (int j = k + 1; j < f.K; ++j) {
      const double factor = f.at(j, k) /= f.at(k, k);
      for (int c = k + 1; c < f.K; ++c) f.at(j, c) -= factor * f.at(k, c);
    }
  }
  return sign;
}

template <class Real>
void log_determinant(DeterminantShape s, const Real* spins, const Real* orbitals, double* factors, double* re, double* im) {
  for (int b = 0; b < s.rows; ++b) {
    Factors f = gather(s, spins, orbitals, b);
    int sign = eliminate(f);
    double logarithm = 0;
    for (int k = 0; k < s.orbitals; ++k) {
      if (f.at(k, k) < 0) sign = -sign;
      logarithm += std::log(std::abs(f.at(k, k)));
    }
    re[b] += logarithm;
    im[b] = sign > 0 ? 0.0 : M_PI;
    f.write(factors, s.rows, b);
  }
}

// Column j of (P M)^-1: L y = e_j, U z = y.
std::vector<double> inverse_column(Factors& f, int j) {
  std::vector<double> z(static_cast<std::size_t>(f.K), 0.0);
  z[j] = 1;
  for (int i = j + 1; i < f.K; ++i) {
    for (int m = j; m < i; ++m) z[i] -= f.at(i, m) * z[m];
  }
  for (int k = f.K - 1; k >= 0; --k) {
    for (int m = k + 1; m < f.K; ++m) z[k] -= f.at(k, m) * z[m];
    z[k] /= f.at(k, k);
  }
  return z;
}

// d ln|det M| / dM[j][k] = (M^-1)[k][j]; a configuration with psi = 0 is never sampled: its gradient is 0.
template <class Real>
void log_determinant_backward(DeterminantShape s, double* factors, const Real* w, Real* dorbitals) {
  std::fill_n(dorbitals, static_cast<std::int64_t>(s.tokens) * s.orbitals * s.rows, Real(0));
  Factors f(s.orbitals);
  for (int b = 0; b < s.rows; ++b) {
    f.read(factors, s.rows, b);
    bool singular = false;
    for (int k = 0; k < s.orbitals; ++k) singular = singular || f.at(k, k) == 0;
    if (singular) continue;
    const int n = static_cast<int>(std::count_if(f.token.begin(), f.token.end(), [](int t) { return t >= 0; }));
    for (int j = 0; j < s.orbitals; ++j) {
      if (f.token[j] < 0) continue;
      const std::vector<double> z = inverse_column(f, j);
      Real* out = dorbitals + static_cast<std::int64_t>(f.token[j]) * s.orbitals * s.rows + b;
      for (int k = 0; k < n; ++k) out[static_cast<std::int64_t>(k) * s.rows] = static_cast<Real>(static_cast<double>(w[b]) * z[k]);
    }
  }
}

}  // namespace

template <class Real>
void install_determinant(NetworkTable<Real>& table) {
  table.log_determinant = log_determinant<Real>;
  table.log_determinant_backward = log_determinant_backward<Real>;
}
template void install_determinant(NetworkTable<float>&);
template void install_determinant(NetworkTable<double>&);

}  // namespace qs::kernels::reference
