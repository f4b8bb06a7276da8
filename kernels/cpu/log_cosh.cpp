// In float64 whatever Real is: the head costs 1 to 4 % of a network and its sum carries the accuracy of log psi.
#include "kernels/cpu/install.h"
#include "kernels/cpu/vector_math.h"

namespace qs::kernels::QS_ISA {
namespace {

constexpr double ln_2 = 0.69314718055994530942;
constexpr int L = lanes<double>;

// One register of float64 from as many values of Real, and back.
inline Vec<double> widen(const double* p) { return load(p); }
inline void narrow(double* p, Vec<double> v) { store<double>(p, v); }
typedef float HalfRegister __attribute__((vector_size(vector_bytes / 2), may_alias));
inline Vec<double> widen(const float* p) { return __builtin_convertvector(*reinterpret_cast<const HalfRegister*>(p), Vec<double>); }
inline void narrow(float* p, Vec<double> v) { *reinterpret_cast<HalfRegister*>(p) = __builtin_convertvector(v, HalfRegister); }

// x with the sign bit of `sign` flipped into it: x where sign is clear (+0 included), -x where it is set (-0 included).
inline Vec<double> times_sign(Vec<double> x, Vec<double> sign) {
  const IntVec<double> sign_bit = IntVec<double>{} + INT64_MIN;
  return (Vec<double>)((IntVec<double>)x ^ ((IntVec<double>)sign & sign_bit));
}

// log cosh u = y + log1p(exp(-2y)) - ln 2, y = +-u with the sign bit of Re y clear, real u
inline Vec<double> log_cosh(Vec<double> u) {
  const Vec<double> y = times_sign(u, u);
  return y + vector_log(1.0 + vector_exp(-2.0 * y)) - ln_2;
}

// The same for u = p + i q: w = exp(-2y) = r (cos 2q' - i sin 2q'); log(1 + w) = log|1 + w| + i atan2(Im w, 1 + Re w)
inline void log_cosh(Vec<double> p, Vec<double> q, Vec<double>& re, Vec<double>& im) {
  const Vec<double> y = times_sign(p, p), phase = times_sign(q, p);
  const Vec<double> r = vector_exp(-2.0 * y);
  const Vec<double> one_plus = 1.0 + r * vector_cos(2.0 * phase);
  const Vec<double> imaginary = -r * vector_sin(2.0 * phase);
  re = y + 0.5 * vector_log(one_plus * one_plus + imaginary * imaginary) - ln_2;
  im = phase + vector_atan2(imaginary, one_plus);
}

inline void deliver(double* out, Vec<double> sum, Write write) { store<double>(out, write == Write::accumulate ? load(out) + sum : sum); }

template <class Real>
void log_cosh_sum(int width, int rows, const Real* re, const Real* im, double* re_out, double* im_out, Write write) {
  for (int b = 0; b < rows; b += L) {
    Vec<double> re_sum{}, im_sum{};
    for (int j = 0; j < width; ++j) {
      const std::int64_t k = static_cast<std::int64_t>(j) * rows + b;
      if (im == nullptr) {
        re_sum += log_cosh(widen(re + k));
        continue;
      }
      Vec<double> re_term, im_term;
      log_cosh(widen(re + k), widen(im + k), re_term, im_term);
      re_sum += re_term;
      im_sum += im_term;
    }
    deliver(re_out + b, re_sum, write);
    if (im != nullptr) deliver(im_out + b, im_sum, write);
  }
}

// tanh u = a + i b at u = p + i q with r = exp(-2|p|): a = sign(p) (1 - r^2) / n, b = 2 r sin 2q / n, n = 1 + 2 r cos 2q + r^2;
// dre = wre a + wim b, dim = -wre b + wim a. Real u: a = sign(p) (1 - r) / (1 + r).
template <class Real>
void log_cosh_backward(int width, int rows, const Real* re, const Real* im, const Real* wre, const Real* wim, Real* dre, Real* dim) {
  for (int j = 0; j < width; ++j) {
    for (int b = 0; b < rows; b += L) {
      const std::int64_t k = static_cast<std::int64_t>(j) * rows + b;
      const Vec<double> p = widen(re + k), r = vector_exp(-2.0 * times_sign(p, p)), w = widen(wre + b);
      if (im == nullptr) {
        narrow(dre + k, w * times_sign((1.0 - r) / (1.0 + r), p));
        continue;
      }
      const Vec<double> q = widen(im + k), v = widen(wim + b);
      const Vec<double> norm = 1.0 / (1.0 + 2.0 * r * vector_cos(2.0 * q) + r * r);
      const Vec<double> tanh_re = times_sign((1.0 - r * r) * norm, p), tanh_im = 2.0 * r * vector_sin(2.0 * q) * norm;
      narrow(dre + k, w * tanh_re + v * tanh_im);
      narrow(dim + k, v * tanh_re - w * tanh_im);
    }
  }
}

}  // namespace

template <class Real>
void install_log_cosh(NetworkTable<Real>& table) {
  table.log_cosh_sum = log_cosh_sum<Real>;
  table.log_cosh_backward = log_cosh_backward<Real>;
}
template void install_log_cosh(NetworkTable<float>&);
template void install_log_cosh(NetworkTable<double>&);

}  // namespace qs::kernels::QS_ISA
