#include "hamiltonians/observables/operator_algebra.h"

#include "hamiltonians/expression.h"

namespace qs {

void add_scaled(Operator& sum, std::complex<double> coefficient, const Operator& part) {
  for (const SymbolicTerm& term : part.terms) sum.add(coefficient * term.coefficient, "1", term.factors);
}

Operator product(const Operator& left, const Operator& right) {
  Operator result{left.name, left.convention, left.modes, {}, {}};
  for (const SymbolicTerm& a : left.terms) {
    for (const SymbolicTerm& b : right.terms) {
      auto factors = a.factors;
      factors.insert(factors.end(), b.factors.begin(), b.factors.end());
      result.add(a.coefficient * b.coefficient, "1", std::move(factors));
    }
  }
  return result;
}

Operator adjoint(const Operator& op) {
  Operator result{op.name, op.convention, op.modes, {}, {}};
  for (const SymbolicTerm& term : op.terms) {
    std::vector<std::pair<Factor, int>> factors;
    for (auto factor = term.factors.rbegin(); factor != term.factors.rend(); ++factor) factors.emplace_back(adjoint(factor->first), factor->second);
    result.add(std::conj(term.coefficient), "1", std::move(factors));
  }
  return result;
}

void add_symmetrised(Operator& sum, double coefficient, const Operator& a, const Operator& b) {
  add_scaled(sum, 0.5 * coefficient, product(a, b));
  add_scaled(sum, 0.5 * coefficient, product(b, a));
}

}  // namespace qs
