// Sums of products while an expression is read: sites may still be counted from the left of the product they stand in.
#pragma once

#include <array>
#include <complex>
#include <vector>

#include "hamiltonians/expression.h"
#include "hamiltonians/site_operators.h"

namespace qs::expression {

struct OpenFactor {
  Factor factor;
  int spin;
  int written;   // the slot that the text names, from 0; -1: counted
  int position;  // counted from the left of the product
};

struct OpenProduct {
  std::complex<double> coefficient = 1;
  Conjugation conjugation = Conjugation::plain;
  std::vector<OpenFactor> factors;
  int width = 0;  // counted operators, those of spectators included: (n - 1/2) is one wide in both products
};

using Sum = std::vector<OpenProduct>;
using Vector = std::array<Sum, 3>;

Sum number(std::complex<double> value);
Sum on_site(const SiteOperator& one_site, int written);  // written = -1: the next site
Sum operator+(Sum a, const Sum& b);
// a b; the counted sites of b follow those of a. A conjugate product stays one unless both sides have some: then the adjoint of the whole
// is not what either h.c. meant, and all become plain.
Sum operator*(const Sum& a, const Sum& b);
Sum adjoint(const Sum& sum);
Sum dot(const Vector& a, const Vector& b);
Vector cross(const Vector& a, const Vector& b);

}  // namespace qs::expression
