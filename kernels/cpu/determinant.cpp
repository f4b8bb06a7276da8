// One matrix per lane. Lanes choose different pivots, so rows do not move by index: row k meets every row below it in turn and, lane by lane, keeps
// the one with the larger entry. That costs as many blends as the elimination has products and leaves no lane behind.
#include "kernels/cpu/install.h"
#include "kernels/cpu/vector_math.h"

namespace qs::kernels::QS_ISA {
namespace {

constexpr int L = lanes<double>;
constexpr double pi = 3.14159265358979323846;

inline Vec<double> magnitude(Vec<double> x) { return (Vec<double>)((IntVec<double>)x & (IntVec<double>{} + INT64_MAX)); }

// L configurations of `factors`: P M = L U [K][K] with unit L, the token of every row of P M (-1: a row of the identity) [K], a column of scratch
// [K].
struct LaneFactors {
  int K, rows;
  double* values;  // of the first lane

  double* lu(int j, int k) const { return values + (static_cast<std::int64_t>(j) * K + k) * rows; }
  double* token(int j) const { return lu(K, j); }
  double* column(int k) const { return lu(K + 1, k); }
};

template <class Real>
void gather(const LaneFactors& f, int tokens, const Real* spins, const Real* orbitals) {
  const std::int64_t rows = f.rows;
  for (int l = 0; l < L; ++l) {
    int n = 0;
    for (int t = 0; t < tokens && n < f.K; ++t) {
      if (spins[t * rows + l] <= 0) continue;
      for (int k = 0; k < f.K; ++k) f.lu(n, k)[l] = static_cast<double>(orbitals[(static_cast<std::int64_t>(t) * f.K + k) * rows + l]);
      f.token(n)[l] = t;
      ++n;
    }
    for (int j = 0; j < f.K; ++j) {
      for (int k = j < n ? n : 0; k < f.K; ++k) f.lu(j, k)[l] = j == k ? 1.0 : 0.0;
      if (j >= n) f.token(j)[l] = -1;
    }
  }
}

inline void blend(double* a, double* b, IntVec<double> swap) {
  const Vec<double> x = load(a), y = load(b);
  store<double>(a, swap ? y : x);
  store<double>(b, swap ? x : y);
}

// Brings the largest entry of column k into row k; returns `sign` times that of the exchanges.
inline Vec<double> choose_pivot(const LaneFactors& f, int k, Vec<double> sign) {
  for (int j = k + 1; j < f.K; ++j) {
    const IntVec<double> swap = magnitude(load(f.lu(j, k))) > magnitude(load(f.lu(k, k)));
    for (int c = 0; c < f.K; ++c) blend(f.lu(k, c), f.lu(j, c), swap);
    blend(f.token(k), f.token(j), swap);
    sign = swap ? -sign : sign;
  }
  return sign;
}

inline void eliminate_below(const LaneFactors& f, int k) {
  const Vec<double> pivot = load(f.lu(k, k));
  const Vec<double> inverse = pivot != 0.0 ? 1.0 / pivot : Vec<double>{};  // an empty column has nothing to eliminate
  for (int j = k + 1; j < f.K; ++j) {
    const Vec<double> factor = load(f.lu(j, k)) * inverse;
    store<double>(f.lu(j, k), factor);
    for (int c = k + 1; c < f.K; ++c) store<double>(f.lu(j, c), load(f.lu(j, c)) - factor * load(f.lu(k, c)));
  }
}

template <class Real>
void log_determinant(DeterminantShape s, const Real* spins, const Real* orbitals, double* factors, double* re, double* im) {
  for (int b = 0; b < s.rows; b += L) {
    const LaneFactors f{s.orbitals, s.rows, factors + b};
    gather(f, s.tokens, spins + b, orbitals + b);
    Vec<double> sign = splat(1.0), logarithm{};
    for (int k = 0; k < f.K; ++k) {
      sign = choose_pivot(f, k, sign);
      eliminate_below(f, k);
      const Vec<double> pivot = load(f.lu(k, k));
      sign = pivot < 0.0 ? -sign : sign;
      logarithm += vector_log(magnitude(pivot));
    }
    store<double>(re + b, load(re + b) + logarithm);
    store<double>(im + b, sign > 0.0 ? Vec<double>{} : splat(pi));
  }
}

// Column j of (P M)^-1 = U^-1 L^-1 e_j.
inline void solve_column(const LaneFactors& f, int j) {
  for (int i = j; i < f.K; ++i) {
    Vec<double> y = splat(i == j ? 1.0 : 0.0);
    for (int m = j; m < i; ++m) y -= load(f.lu(i, m)) * load(f.column(m));
    store<double>(f.column(i), y);
  }
  for (int k = f.K - 1; k >= 0; --k) {
    Vec<double> z = k >= j ? load(f.column(k)) : Vec<double>{};
    for (int m = k + 1; m < f.K; ++m) z -= load(f.lu(k, m)) * load(f.column(m));
    store<double>(f.column(k), z / load(f.lu(k, k)));
  }
}

// Lanes of which a diagonal element is 0 have no inverse: their gradient is 0, as that of psi = 0 is everywhere.
inline IntVec<double> regular_lanes(const LaneFactors& f) {
  IntVec<double> regular = load(f.lu(0, 0)) != 0.0;
  for (int k = 1; k < f.K; ++k) regular &= load(f.lu(k, k)) != 0.0;
  return regular;
}

template <class Real>
void log_determinant_backward(DeterminantShape s, double* factors, const Real* w, Real* dorbitals) {
  const std::int64_t rows = s.rows;
  for (std::int64_t i = 0; i < static_cast<std::int64_t>(s.tokens) * s.orbitals * rows; i += lanes<Real>) store<Real>(dorbitals + i, Vec<Real>{});
  for (int b = 0; b < s.rows; b += L) {
    const LaneFactors f{s.orbitals, s.rows, factors + b};
    const IntVec<double> regular = regular_lanes(f);
    for (int j = 0; j < f.K; ++j) {
      solve_column(f, j);
      for (int l = 0; l < L; ++l) {
        const int t = static_cast<int>(f.token(j)[l]);
        if (t < 0 || !regular[l]) continue;
        Real* out = dorbitals + static_cast<std::int64_t>(t) * f.K * rows + b + l;
        for (int k = 0; k < f.K; ++k) out[k * rows] = static_cast<Real>(static_cast<double>(w[b + l]) * f.column(k)[l]);
      }
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

}  // namespace qs::kernels::QS_ISA
