// Sums and products of operators whose only coupling is "1".
#pragma once

#include "hamiltonians/operator.h"

namespace qs {

void add_scaled(Operator& sum, std::complex<double> coefficient, const Operator& part);
Operator product(const Operator& left, const Operator& right);  // `right` acts first
Operator adjoint(const Operator& op);
// (A B + B A) / 2 for Hermitian A, B: their product's Hermitian part, whatever they commute with.
void add_symmetrised(Operator& sum, double coefficient, const Operator& a, const Operator& b);

}  // namespace qs
