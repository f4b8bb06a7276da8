#include "hamiltonians/expression_sum.h"

#include <algorithm>

namespace qs::expression {

namespace {

bool has_conjugates(const Sum& sum) {
  return std::any_of(sum.begin(), sum.end(), [](const OpenProduct& product) { return product.conjugation == Conjugation::conjugate; });
}

OpenProduct joined(const OpenProduct& a, const OpenProduct& b) {
  OpenProduct product = a;
  product.coefficient *= b.coefficient;
  if (b.conjugation == Conjugation::conjugate) product.conjugation = Conjugation::conjugate;
  for (OpenFactor factor : b.factors) {
    factor.position += a.width;
    product.factors.push_back(factor);
  }
  product.width += b.width;
  return product;
}

}  // namespace

Sum number(std::complex<double> value) { return {{value, Conjugation::plain, {}, 0}}; }

Sum on_site(const SiteOperator& one_site, int written) {
  Sum sum;
  for (const SiteProduct& product : one_site) {
    sum.push_back({product.coefficient, Conjugation::plain, {}, written < 0 ? 1 : 0});
    for (const auto& [factor, spin] : product.factors) sum.back().factors.push_back({factor, spin, written, 0});
  }
  return sum;
}

Sum operator+(Sum a, const Sum& b) {
  a.insert(a.end(), b.begin(), b.end());
  return a;
}

Sum operator*(const Sum& a, const Sum& b) {
  const bool both = has_conjugates(a) && has_conjugates(b);
  Sum product;
  for (const OpenProduct& left : a) {
    for (const OpenProduct& right : b) {
      product.push_back(joined(left, right));
      if (both) product.back().conjugation = Conjugation::plain;
    }
  }
  return product;
}

Sum adjoint(const Sum& sum) {
  Sum result = sum;
  for (OpenProduct& product : result) {
    product.coefficient = std::conj(product.coefficient);
    product.conjugation = product.conjugation == Conjugation::plain ? Conjugation::conjugate : Conjugation::plain;
    std::reverse(product.factors.begin(), product.factors.end());
    for (OpenFactor& factor : product.factors) factor.factor = qs::adjoint(factor.factor);
  }
  return result;
}

Sum dot(const Vector& a, const Vector& b) { return a[0] * b[0] + a[1] * b[1] + a[2] * b[2]; }

Vector cross(const Vector& a, const Vector& b) {
  Vector result;
  for (int axis = 0; axis < 3; ++axis) {
    const int next = (axis + 1) % 3, last = (axis + 2) % 3;
    result[axis] = a[next] * b[last] + number(-1) * (a[last] * b[next]);
  }
  return result;
}

}  // namespace qs::expression
