// Bodies of Slater determinants: one lane factorises the matrix of its configuration, so neighbouring lanes read neighbouring values.
#pragma once

#include <cmath>

#include "kernels/api/network.h"
#include "kernels/cuda/host_device.h"

namespace qs::kernels::cuda {

// Of every configuration: P M = L U [K][K] with unit L, the token of each row of P M (-1: a row of the identity) [K], and a column of scratch [K].
struct DeterminantFactors {
  int K, rows;
  double* values;

  QS_HOST_DEVICE double& lu(int j, int k, std::int64_t b) const { return values[(static_cast<std::int64_t>(j) * K + k) * rows + b]; }
  QS_HOST_DEVICE double& token(int j, std::int64_t b) const { return values[(static_cast<std::int64_t>(K) * K + j) * rows + b]; }
  QS_HOST_DEVICE double& column(int k, std::int64_t b) const { return values[(static_cast<std::int64_t>(K) * (K + 1) + k) * rows + b]; }

  QS_HOST_DEVICE void swap_rows(int i, int j, std::int64_t b) const {
    for (int k = 0; k < K; ++k) {
      const double kept = lu(i, k, b);
      lu(i, k, b) = lu(j, k, b);
      lu(j, k, b) = kept;
    }
    const double kept = token(i, b);
    token(i, b) = token(j, b);
    token(j, b) = kept;
  }
};

// re[b] += ln|det M|, im[b] = 0 or pi, by Gaussian elimination with row pivots. k = b
template <class Real>
struct LogDeterminant {
  DeterminantFactors f;
  int tokens;
  const Real* spins;
  const Real* orbitals;
  double* re;
  double* im;

  QS_HOST_DEVICE void gather(std::int64_t b) const {
    int n = 0;
    for (int t = 0; t < tokens && n < f.K; ++t) {
      if (spins[static_cast<std::int64_t>(t) * f.rows + b] > 0) f.token(n++, b) = t;
    }
    for (int j = n; j < f.K; ++j) f.token(j, b) = -1;
    for (int j = 0; j < f.K; ++j) {
      const std::int64_t t = static_cast<std::int64_t>(f.token(j, b));
      for (int k = 0; k < f.K; ++k) {
        if (j < n && k < n) {
          f.lu(j, k, b) = static_cast<double>(orbitals[at(t, k, b, f.K, f.rows)]);
        } else {
          f.lu(j, k, b) = j == k ? 1.0 : 0.0;
        }
      }
    }
  }

  QS_HOST_DEVICE void operator()(std::int64_t b) const {
    gather(b);
    double logarithm = 0;
    bool negative = false;
    for (int k = 0; k < f.K; ++k) {
      int pivot = k;
      for (int j = k + 1; j < f.K; ++j) {
        if (std::abs(f.lu(j, k, b)) > std::abs(f.lu(pivot, k, b))) pivot = j;
      }
      if (pivot != k) {
        f.swap_rows(k, pivot, b);
        negative = !negative;
      }
      const double diagonal = f.lu(k, k, b);
      negative = negative != (diagonal < 0);
      logarithm += std::log(std::abs(diagonal));
      for (int j = k + 1; j < f.K && diagonal != 0; ++j) {
        const double factor = f.lu(j, k, b) /= diagonal;
        for (int c = k + 1; c < f.K; ++c) f.lu(j, c, b) -= factor * f.lu(k, c, b);
      }
    }
    re[b] += logarithm;
    im[b] = negative ? 3.14159265358979323846 : 0.0;
  }
};

// Column j of (P M)^-1 = U^-1 L^-1 e_j belongs to token t_j: dorbitals[t_j][k] = w (M^-1)[k][j]; 0 elsewhere and where det M = 0. k = b
template <class Real>
struct LogDeterminantBackward {
  DeterminantFactors f;
  int tokens;
  const Real* w;
  Real* dorbitals;

  QS_HOST_DEVICE void solve_column(int j, std::int64_t b) const {
    for (int i = 0; i < f.K; ++i) {
      double y = i == j ? 1.0 : 0.0;
      for (int m = j; m < i; ++m) y -= f.lu(i, m, b) * f.column(m, b);
      f.column(i, b) = y;
    }
    for (int k = f.K - 1; k >= 0; --k) {
      double z = f.column(k, b);
      for (int m = k + 1; m < f.K; ++m) z -= f.lu(k, m, b) * f.column(m, b);
      f.column(k, b) = z / f.lu(k, k, b);
    }
  }

  QS_HOST_DEVICE void operator()(std::int64_t b) const {
    for (std::int64_t k = 0; k < static_cast<std::int64_t>(tokens) * f.K; ++k) dorbitals[k * f.rows + b] = 0;
    int n = 0;
    for (int j = 0; j < f.K; ++j) {
      if (f.lu(j, j, b) == 0) return;
      if (f.token(j, b) >= 0) ++n;
    }
    for (int j = 0; j < f.K; ++j) {
      const std::int64_t t = static_cast<std::int64_t>(f.token(j, b));
      if (t < 0) continue;
      solve_column(j, b);
      for (int k = 0; k < n; ++k) dorbitals[at(t, k, b, f.K, f.rows)] = static_cast<Real>(static_cast<double>(w[b]) * f.column(k, b));
    }
  }
};

}  // namespace qs::kernels::cuda
