#include "engine/optimize/step_judge.h"

namespace qs {

double TangentModel::decrease(double eta) const {
  double sum = 0;
  for (const Problem& p : problems_) sum += p.loss - (p.loss - 2 * eta * p.a + eta * eta * p.b) / (1 + eta * eta * p.c);
  return sum / static_cast<double>(problems_.size());
}

double TangentModel::slope(double eta) const {
  double sum = 0;
  for (const Problem& p : problems_) {
    const double above = p.loss - 2 * eta * p.a + eta * eta * p.b, below = 1 + eta * eta * p.c;
    sum += ((-2 * p.a + 2 * eta * p.b) * below - above * 2 * eta * p.c) / (below * below);
  }
  return sum;
}

// The slope is negative at 0 for any direction that lowers the loss, and bisection keeps a negative slope on its left.
double TangentModel::minimum(double limit) const {
  if (!(slope(limit) > 0)) return limit;
  double left = 0, right = limit;
  constexpr int halvings = 40;
  for (int k = 0; k < halvings; ++k) {
    const double middle = (left + right) / 2;
    (slope(middle) > 0 ? right : left) = middle;
  }
  return right;
}

}  // namespace qs
