#include "exact.h"

#include <Spectra/MatOp/SparseSymMatProd.h>
#include <Spectra/SymEigsSolver.h>

#include <algorithm>
#include <stdexcept>

namespace qs::test {

namespace {

Eigen::Matrix2d one_mode(Factor factor) {
  Eigen::Matrix2d m = Eigen::Matrix2d::Zero();  // index 0 = down or empty, 1 = up or occupied
  switch (factor) {
    case Factor::sz:
      m << -0.5, 0, 0, 0.5;
      break;
    case Factor::pauli_z:
      m << -1, 0, 0, 1;
      break;
    case Factor::sx:
      m << 0, 0.5, 0.5, 0;
      break;
    case Factor::pauli_x:
      m << 0, 1, 1, 0;
      break;
    case Factor::number:
      m << 0, 0, 0, 1;
      break;
    case Factor::s_plus:
    case Factor::create:
      m << 0, 0, 1, 0;
      break;
    case Factor::s_minus:
    case Factor::annihilate:
      m << 0, 1, 0, 0;
      break;
  }
  return m;
}

Sparse kronecker(const Sparse& high, const Eigen::Matrix2d& low) {
  std::vector<Eigen::Triplet<double>> entries;
  for (int column = 0; column < high.outerSize(); ++column) {
    for (Sparse::InnerIterator it(high, column); it; ++it) {
      for (int a = 0; a < 2; ++a) {
        for (int b = 0; b < 2; ++b) {
          if (low(a, b) != 0) entries.emplace_back(2 * static_cast<int>(it.row()) + a, 2 * column + b, it.value() * low(a, b));
        }
      }
    }
  }
  Sparse result(2 * high.rows(), 2 * high.cols());
  result.setFromTriplets(entries.begin(), entries.end());
  return result;
}

template <class Scalar, class Row>
Eigen::SparseMatrix<Scalar> from_rows(Eigen::Index dimension, Row&& row) {
  std::vector<Eigen::Triplet<Scalar>> entries;
  for (Eigen::Index i = 0; i < dimension; ++i) row(i, entries);
  Eigen::SparseMatrix<Scalar> result(dimension, dimension);
  result.setFromTriplets(entries.begin(), entries.end());
  return result;
}

template <class Scalar>
Eigen::SparseMatrix<Scalar> full_matrix(const TermTable& table, const std::vector<double>& couplings) {
  return from_rows<Scalar>(Eigen::Index{1} << table.modes(), [&](Eigen::Index i, auto& entries) {
    const Word sigma = static_cast<Word>(i);
    entries.emplace_back(static_cast<int>(i), static_cast<int>(i), table.diagonal(&sigma, couplings.data()));
    std::vector<Word> bits;
    std::vector<Scalar> elements;
    const int count = table.connected(&sigma, couplings.data(), bits, elements);
    for (int k = 0; k < count; ++k) entries.emplace_back(static_cast<int>(i), static_cast<int>(bits[k]), elements[k]);
  });
}

template <class Scalar>
Eigen::SparseMatrix<Scalar> sector_matrix(const TermTable& table, const std::vector<double>& couplings, const Sector& sector) {
  return from_rows<Scalar>(sector.dimension(), [&](Eigen::Index i, auto& entries) {
    const Word sigma = sector.state(i);
    entries.emplace_back(static_cast<int>(i), static_cast<int>(i), table.diagonal(&sigma, couplings.data()));
    const auto add = [&](Word other, Scalar element) {
      if (!sector.contains(&other)) throw std::logic_error("the operator leaves the sector");
      entries.emplace_back(static_cast<int>(i), static_cast<int>(sector.index(other)), element);
    };
    table.for_each_connected(sigma, couplings.data(), add);
  });
}

template <class Matrix>
double largest_entry(const Matrix& matrix) {
  double largest = 0;
  for (int column = 0; column < matrix.outerSize(); ++column) {
    for (typename Matrix::InnerIterator it(matrix, column); it; ++it) largest = std::max(largest, std::abs(it.value()));
  }
  return largest;
}

}  // namespace

Sparse factor_matrix(Factor factor, int mode, int modes) {
  const bool fermionic = factor == Factor::create || factor == Factor::annihilate;
  const Eigen::Matrix2d unit = Eigen::Matrix2d::Identity();
  Eigen::Matrix2d string = unit;
  if (fermionic) string(1, 1) = -1;
  Sparse result(1, 1);
  result.insert(0, 0) = 1;
  for (int m = modes - 1; m >= 0; --m) result = kronecker(result, m > mode ? unit : m < mode ? string : one_mode(factor));
  return result;
}

Sparse product_matrix(const std::vector<std::pair<Factor, int>>& factors, int modes) {
  Sparse result(Eigen::Index{1} << modes, Eigen::Index{1} << modes);
  result.setIdentity();
  for (const auto& [factor, mode] : factors) result = Sparse(result * factor_matrix(factor, mode, modes));
  return result;
}

Sparse operator_matrix(const Operator& op, const std::vector<double>& couplings) {
  Sparse result(Eigen::Index{1} << op.modes, Eigen::Index{1} << op.modes);
  for (const SymbolicTerm& term : op.terms) {
    if (term.coefficient.imag() != 0) throw std::logic_error("the operator is complex");
    result += term.coefficient.real() * couplings.at(term.coupling) * product_matrix(term.factors, op.modes);
  }
  return result;
}

ComplexSparse complex_operator_matrix(const Operator& op, const std::vector<double>& couplings) {
  ComplexSparse result(Eigen::Index{1} << op.modes, Eigen::Index{1} << op.modes);
  for (const SymbolicTerm& term : op.terms) {
    const ComplexSparse product = product_matrix(term.factors, op.modes).cast<std::complex<double>>();
    result += term.coefficient * couplings.at(term.coupling) * product;
  }
  return result;
}

Sparse table_matrix(const TermTable& table, const std::vector<double>& couplings) { return full_matrix<double>(table, couplings); }

Sparse table_matrix(const TermTable& table, const std::vector<double>& couplings, const Sector& sector) {
  return sector_matrix<double>(table, couplings, sector);
}

ComplexSparse complex_table_matrix(const TermTable& table, const std::vector<double>& couplings) {
  return full_matrix<std::complex<double>>(table, couplings);
}

ComplexSparse complex_table_matrix(const TermTable& table, const std::vector<double>& couplings, const Sector& sector) {
  return sector_matrix<std::complex<double>>(table, couplings, sector);
}

double difference(const Sparse& a, const Sparse& b) { return largest_entry(Sparse(a - b)); }
double difference(const ComplexSparse& a, const ComplexSparse& b) { return largest_entry(ComplexSparse(a - b)); }

double lowest_eigenvalue(const Sparse& matrix) {
  if (matrix.rows() <= 600) return Eigen::SelfAdjointEigenSolver<Eigen::MatrixXd>(Eigen::MatrixXd(matrix), Eigen::EigenvaluesOnly).eigenvalues()[0];
  Spectra::SparseSymMatProd<double> product(matrix);
  Spectra::SymEigsSolver<Spectra::SparseSymMatProd<double>> solver(product, 2, 40);
  solver.init();
  solver.compute(Spectra::SortRule::SmallestAlge, 500, 1e-12);
  if (solver.info() != Spectra::CompInfo::Successful) throw std::runtime_error("Lanczos did not converge");
  return solver.eigenvalues().minCoeff();
}

Eigen::VectorXd lowest_eigenvector(const Sparse& matrix) {
  return Eigen::SelfAdjointEigenSolver<Eigen::MatrixXd>(Eigen::MatrixXd(matrix)).eigenvectors().col(0);
}

double ground_energy(const ProblemFamily& family, int g) {
  const Problem& problem = family.problems.at(g);
  return lowest_eigenvalue(table_matrix(family.table, problem.couplings, problem.sector));
}

LatticeOptions periodic(const std::string& kind, std::vector<int> size) {
  const std::size_t axes = size.size();
  return {kind, std::move(size), std::vector<Boundary>(axes, Boundary::periodic)};
}

namespace {

SystemOptions system_of(LatticeOptions lattice, SectorOptions sector, const std::string& model, std::map<std::string, double> couplings) {
  SystemOptions options;
  options.lattice = std::move(lattice);
  options.sector = sector;
  options.model = model;
  options.couplings = std::move(couplings);
  return options;
}

}  // namespace

SystemOptions spins(LatticeOptions lattice, const std::string& model, std::map<std::string, double> couplings, int up) {
  return system_of(std::move(lattice), {SectorKind::spin_half, 0, up, -1}, model, std::move(couplings));
}

SystemOptions spinless(LatticeOptions lattice, std::map<std::string, double> couplings, int particles) {
  return system_of(std::move(lattice), {SectorKind::spinless_fermions, 0, particles, -1}, "tv", std::move(couplings));
}

SystemOptions spinful(LatticeOptions lattice, std::map<std::string, double> couplings, int up, int down) {
  return system_of(std::move(lattice), {SectorKind::spinful_fermions, 0, up, down}, "hubbard", std::move(couplings));
}

}  // namespace qs::test
