#include "complex_exact.h"

namespace qs::test {

Dense on_spin(const Eigen::Matrix2cd& one, int site, int sites) {
  const Eigen::Index dimension = Eigen::Index{1} << sites, bit = Eigen::Index{1} << site;
  Dense result = Dense::Zero(dimension, dimension);
  for (Eigen::Index column = 0; column < dimension; ++column) {
    const int from = (column & bit) != 0;
    result(column & ~bit, column) = one(0, from);
    result(column | bit, column) = one(1, from);
  }
  return result;
}

Dense pauli(char axis, int site, int sites) {
  const std::complex<double> i(0, 1);
  Eigen::Matrix2cd m;  // rows and columns: down, up
  if (axis == 'X') m << 0, 1, 1, 0;
  if (axis == 'Y') m << 0, i, -i, 0;
  if (axis == 'Z') m << -1, 0, 0, 1;
  return on_spin(m, site, sites);
}

Dense annihilator(int mode, int modes) {
  const Eigen::Index dimension = Eigen::Index{1} << modes, bit = Eigen::Index{1} << mode;
  Dense result = Dense::Zero(dimension, dimension);
  for (Eigen::Index column = 0; column < dimension; ++column) {
    if ((column & bit) == 0) continue;
    const int below = __builtin_popcountll(static_cast<unsigned long long>(column & (bit - 1)));
    result(column ^ bit, column) = below % 2 == 0 ? 1 : -1;
  }
  return result;
}

Dense expression_matrix(const Expression& expression, SectorKind kind) {
  const int modes = (kind == SectorKind::spinful_fermions ? 2 : 1) * expression.slots;
  Dense result = Dense::Zero(Eigen::Index{1} << modes, Eigen::Index{1} << modes);
  for (const Product& product : expression.products) {
    std::vector<std::pair<Factor, int>> factors;
    for (const SlotFactor& factor : product.factors) factors.emplace_back(factor.factor, factor.spin * expression.slots + factor.slot);
    result += product.coefficient * Dense(product_matrix(factors, modes).cast<std::complex<double>>());
  }
  return result;
}

Dense dense_operator(const Operator& op, const std::map<std::string, double>& named) {
  const std::vector<double> values = op.coupling_values(named);
  Dense result = Dense::Zero(Eigen::Index{1} << op.modes, Eigen::Index{1} << op.modes);
  for (const SymbolicTerm& term : op.terms) {
    result += term.coefficient * values.at(term.coupling) * Dense(product_matrix(term.factors, op.modes).cast<std::complex<double>>());
  }
  return result;
}

double difference(const Dense& a, const Dense& b) { return (a - b).cwiseAbs().maxCoeff(); }

}  // namespace qs::test
