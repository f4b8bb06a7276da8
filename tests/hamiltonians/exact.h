// Oracles that share no code with TermTable: operators as sparse matrices made of Kronecker products of one-mode matrices. The basis
// index is the packed state itself (mode 0 = lowest bit), so factor order needs no bookkeeping.
#pragma once

#include <Eigen/Dense>
#include <Eigen/Sparse>
#include <complex>
#include <initializer_list>
#include <utility>
#include <vector>

#include "hamiltonians/registry.h"

namespace qs::test {

using Sparse = Eigen::SparseMatrix<double>;
using ComplexSparse = Eigen::SparseMatrix<std::complex<double>>;

// 2^modes x 2^modes matrix of one factor; fermions carry sigma_z-like strings (+1 empty, -1 occupied) on the modes below.
Sparse factor_matrix(Factor factor, int mode, int modes);
// The product in the order written: the last factor acts first.
Sparse product_matrix(const std::vector<std::pair<Factor, int>>& factors, int modes);
// Sum of coefficient * coupling * product over the symbolic terms.
ComplexSparse complex_operator_matrix(const Operator& op, const std::vector<double>& couplings);
Sparse operator_matrix(const Operator& op, const std::vector<double>& couplings);  // of an operator whose matrix is real

// Matrices of a TermTable: on the full space of 2^modes states and on a sector.
Sparse table_matrix(const TermTable& table, const std::vector<double>& couplings);
Sparse table_matrix(const TermTable& table, const std::vector<double>& couplings, const Sector& sector);
ComplexSparse complex_table_matrix(const TermTable& table, const std::vector<double>& couplings);
ComplexSparse complex_table_matrix(const TermTable& table, const std::vector<double>& couplings, const Sector& sector);

double difference(const Sparse& a, const Sparse& b);  // largest absolute entry of a - b
double difference(const ComplexSparse& a, const ComplexSparse& b);

// Lowest eigenvalue: dense up to dimension 600, Lanczos (Spectra) above.
double lowest_eigenvalue(const Sparse& matrix);
Eigen::VectorXd lowest_eigenvector(const Sparse& matrix);  // dense solver
// Ground energy of problem g of a family in its sector.
double ground_energy(const ProblemFamily& family, int g = 0);

// Short hands for the systems of the tests.
LatticeOptions periodic(const std::string& kind, std::vector<int> size);
SystemOptions spins(LatticeOptions lattice, const std::string& model, std::map<std::string, double> couplings, int up);
SystemOptions spinless(LatticeOptions lattice, std::map<std::string, double> couplings, int particles);
SystemOptions spinful(LatticeOptions lattice, std::map<std::string, double> couplings, int up, int down);

}  // namespace qs::test
