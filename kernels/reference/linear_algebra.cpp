// The specification of dense linear algebra: plain loops, one rounding per operation, no blocking.
#include <algorithm>
#include <cmath>
#include <numeric>
#include <vector>

#include "kernels/reference/install.h"

namespace qs::kernels::reference {
namespace {

template <class Real>
void gemm(Transpose ta, Transpose tb, std::int64_t m, std::int64_t n, std::int64_t k, Real alpha, const Real* a, std::int64_t lda, const Real* b,
          std::int64_t ldb, Real beta, Real* c, std::int64_t ldc) {
  for (std::int64_t i = 0; i < m; ++i) {
    for (std::int64_t j = 0; j < n; ++j) {
      Real sum = 0;
      for (std::int64_t l = 0; l < k; ++l) {
        const Real left = ta == Transpose::no ? a[i * lda + l] : a[l * lda + i];
        const Real right = tb == Transpose::no ? b[l * ldb + j] : b[j * ldb + l];
        sum += left * right;
      }
      Real& out = c[i * ldc + j];
      out = beta == Real{0} ? alpha * sum : alpha * sum + beta * out;  // as in BLAS, beta = 0 ignores what c held (even NaN)
    }
  }
}

// Strips of any length suit plain loops; a few of them in the matrices of the tests.
constexpr std::int64_t strip_rows = 16;

// Wide arithmetic throughout: the best that either choice may give.
template <class Real>
void add_tile(const GramFactor<Real>& a, std::int64_t strip, const GramTile& tile) {
  const auto element = [&](std::int64_t vector, std::int64_t l) {
    return static_cast<double>(a.of == GramOf::rows ? a.values[vector * a.leading + l] : a.values[l * a.leading + vector]);
  };
  const std::int64_t top = tile.left * strip, bottom = std::min(top + strip, a.n), first = tile.right * strip, last = std::min(first + strip, a.n);
  for (std::int64_t i = top; i < bottom; ++i) {
    for (std::int64_t j = first; j < last; ++j) {
      double sum = 0;
      for (std::int64_t l = 0; l < a.k; ++l) sum += element(i, l) * element(j, l);
      tile.c[(i - top) * tile.ldc + j - first] += sum;
    }
  }
}

template <class Real>
void gram_tiles(Arithmetic, GramFactor<Real> a, std::int64_t strip, const GramTile* tiles, std::int64_t count) {
  for (std::int64_t t = 0; t < count; ++t) add_tile(a, strip, tiles[t]);
}

// L_jj = sqrt(A_jj - sum_l L_jl^2), L_ij = (A_ij - sum_l L_il L_jl) / L_jj.
template <class Real>
std::int64_t cholesky(std::int64_t n, Real* a, std::int64_t lda) {
  for (std::int64_t j = 0; j < n; ++j) {
    Real pivot = a[j * lda + j];
    for (std::int64_t l = 0; l < j; ++l) pivot -= a[j * lda + l] * a[j * lda + l];
    if (!(pivot > 0) || !std::isfinite(pivot)) return j + 1;
    a[j * lda + j] = std::sqrt(pivot);
    for (std::int64_t i = j + 1; i < n; ++i) {
      Real value = a[i * lda + j];
      for (std::int64_t l = 0; l < j; ++l) value -= a[i * lda + l] * a[j * lda + l];
      a[i * lda + j] = value / a[j * lda + j];
    }
  }
  return 0;
}

template <class Real>
void cholesky_solve(std::int64_t n, const Real* factor, std::int64_t lda, Real* b) {
  for (std::int64_t i = 0; i < n; ++i) {
    for (std::int64_t l = 0; l < i; ++l) b[i] -= factor[i * lda + l] * b[l];
    b[i] /= factor[i * lda + i];
  }
  for (std::int64_t i = n - 1; i >= 0; --i) {
    for (std::int64_t l = i + 1; l < n; ++l) b[i] -= factor[l * lda + i] * b[l];
    b[i] /= factor[i * lda + i];
  }
}

// One Jacobi rotation that zeroes A_pq (Golub and Van Loan, section 8.5); `vectors` holds eigenvectors in its rows.
void rotate(std::int64_t n, std::vector<double>& a, std::vector<double>& vectors, std::int64_t p, std::int64_t q) {
  const double apq = a[p * n + q];
  if (apq == 0) return;
  const double tau = (a[q * n + q] - a[p * n + p]) / (2 * apq);
  const double t = (tau >= 0 ? 1 : -1) / (std::abs(tau) + std::sqrt(1 + tau * tau));
  const double c = 1 / std::sqrt(1 + t * t), s = t * c;
  for (std::int64_t k = 0; k < n; ++k) {
    const double kp = a[k * n + p], kq = a[k * n + q];
    a[k * n + p] = c * kp - s * kq;
    a[k * n + q] = s * kp + c * kq;
  }
  for (std::int64_t k = 0; k < n; ++k) {
    const double pk = a[p * n + k], qk = a[q * n + k];
    a[p * n + k] = c * pk - s * qk;
    a[q * n + k] = s * pk + c * qk;
    const double vp = vectors[p * n + k], vq = vectors[q * n + k];
    vectors[p * n + k] = c * vp - s * vq;
    vectors[q * n + k] = s * vp + c * vq;
  }
}

// Cyclic Jacobi. Converges quadratically; info = n if 60 sweeps did not suffice (or the matrix is not finite).
std::int64_t eigen(std::int64_t n, double* matrix, std::int64_t lda, double* values) {
  std::vector<double> a(n * n), vectors(n * n, 0.0);
  double scale = 0;
  for (std::int64_t i = 0; i < n; ++i) {
    for (std::int64_t j = 0; j < n; ++j) {
      a[i * n + j] = j <= i ? matrix[i * lda + j] : matrix[j * lda + i];
      scale += a[i * n + j] * a[i * n + j];
    }
    vectors[i * n + i] = 1;
  }
  bool converged = false;
  for (int sweep = 0; sweep < 60 && !converged; ++sweep) {
    double off = 0;
    for (std::int64_t p = 0; p < n; ++p) {
      for (std::int64_t q = p + 1; q < n; ++q) off += a[p * n + q] * a[p * n + q];
    }
    converged = off <= 1e-32 * scale;
    for (std::int64_t p = 0; p < n && !converged; ++p) {
      for (std::int64_t q = p + 1; q < n; ++q) rotate(n, a, vectors, p, q);
    }
  }
  if (!converged) return n;
  std::vector<std::int64_t> order(n);
  std::iota(order.begin(), order.end(), std::int64_t{0});
  std::stable_sort(order.begin(), order.end(), [&](std::int64_t i, std::int64_t j) { return a[i * n + i] < a[j * n + j]; });
  for (std::int64_t i = 0; i < n; ++i) {
    values[i] = a[order[i] * n + order[i]];
    for (std::int64_t k = 0; k < n; ++k) matrix[i * lda + k] = vectors[order[i] * n + k];
  }
  return 0;
}

void set_diagonal(std::int64_t n, const double* diagonal, double* a, std::int64_t lda) {
  for (std::int64_t i = 0; i < n; ++i) a[i * lda + i] = diagonal[i];
}

// Calls body(i, j) for j <= i. Block by block: a column of a large matrix touches as many pages as it has rows.
template <class Body>
void for_lower(std::int64_t n, const Body& body) {
  constexpr std::int64_t block = 64;
  for (std::int64_t i0 = 0; i0 < n; i0 += block) {
    for (std::int64_t j0 = 0; j0 <= i0; j0 += block) {
      for (std::int64_t i = i0; i < std::min(i0 + block, n); ++i) {
        for (std::int64_t j = j0; j < std::min(j0 + block, i + 1); ++j) body(i, j);
      }
    }
  }
}

void round_lower(std::int64_t n, double* a, std::int64_t lda) {
  auto* rounded = reinterpret_cast<float*>(a);
  for_lower(n, [=](std::int64_t i, std::int64_t j) { rounded[2 * i * lda + j] = static_cast<float>(a[j * lda + i]); });
}

void mirror_upper(std::int64_t n, double* a, std::int64_t lda) {
  for_lower(n, [=](std::int64_t i, std::int64_t j) { a[i * lda + j] = a[j * lda + i]; });
}

// Along the rows, each element for both of its places.
void multiply(std::int64_t n, const double* a, std::int64_t lda, const double* diagonal, const double* x, double* y) {
  std::fill_n(y, n, 0.0);
  for (std::int64_t i = 0; i < n; ++i) {
    double sum = diagonal[i] * x[i];
    for (std::int64_t j = i + 1; j < n; ++j) {
      sum += a[i * lda + j] * x[j];
      y[j] += a[i * lda + j] * x[i];
    }
    y[i] += sum;
  }
}

}  // namespace

template <class Real>
void install_matrices(MatrixTable<Real>& table) {
  table = {gemm<Real>, strip_rows, gram_tiles<Real>, cholesky<Real>, cholesky_solve<Real>};
}
template void install_matrices(MatrixTable<float>&);
template void install_matrices(MatrixTable<double>&);

void install_symmetric(SymmetricTable& table) { table = {round_lower, eigen, set_diagonal, mirror_upper, multiply}; }

}  // namespace qs::kernels::reference
