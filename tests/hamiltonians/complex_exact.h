// Dense complex oracles: textbook matrices of spins and Jordan-Wigner matrices of fermions, written without the vocabulary of expressions.
#pragma once

#include <Eigen/Dense>
#include <complex>
#include <vector>

#include "exact.h"
#include "hamiltonians/expression.h"

namespace qs::test {

using Dense = Eigen::MatrixXcd;

// Matrix of a one-spin operator (index 0 = down) on spin `site` of `sites`; spin 0 = lowest bit.
Dense on_spin(const Eigen::Matrix2cd& one, int site, int sites);
Dense pauli(char axis, int site, int sites);  // 'X', 'Y', 'Z'
Dense annihilator(int mode, int modes);

// Products on modes spin * slots + slot.
Dense expression_matrix(const Expression& expression, SectorKind kind);
Dense dense_operator(const Operator& op, const std::map<std::string, double>& named);

double difference(const Dense& a, const Dense& b);  // largest |entry| of a - b

}  // namespace qs::test
