// Dense matrices from the symbolic operator: factors act one at a time on kets, fermion signs counted mode by mode. Shares no code with the
// term table that the local energies use.
#pragma once

#include <Eigen/Dense>
#include <complex>
#include <optional>
#include <stdexcept>
#include <utility>

#include "hamiltonians/problem.h"

namespace qs::testing_matrix {

struct Ket {
  Word state;
  std::complex<double> amplitude;
};

inline std::optional<Ket> apply(Factor factor, int mode, Ket ket) {
  const Word bit = Word{1} << mode;
  const bool set = ket.state & bit;
  const double sign = std::popcount(ket.state & (bit - 1)) % 2 ? -1 : 1;  // Jordan-Wigner string of the modes below
  switch (factor) {
    case Factor::sz:
      return Ket{ket.state, ket.amplitude * (set ? 0.5 : -0.5)};
    case Factor::pauli_z:
      return Ket{ket.state, ket.amplitude * (set ? 1.0 : -1.0)};
    case Factor::sx:
      return Ket{ket.state ^ bit, ket.amplitude * 0.5};
    case Factor::pauli_x:
      return Ket{ket.state ^ bit, ket.amplitude};
    case Factor::number:
      return set ? std::optional<Ket>(ket) : std::nullopt;
    case Factor::s_plus:
      return set ? std::nullopt : std::optional<Ket>({ket.state ^ bit, ket.amplitude});
    case Factor::s_minus:
      return set ? std::optional<Ket>({ket.state ^ bit, ket.amplitude}) : std::nullopt;
    case Factor::create:
      return set ? std::nullopt : std::optional<Ket>({ket.state ^ bit, ket.amplitude * sign});
    case Factor::annihilate:
      return set ? std::optional<Ket>({ket.state ^ bit, ket.amplitude * sign}) : std::nullopt;
  }
  return std::nullopt;
}

// matrix(i, j) = <i| O |j> in the order of the sector.
inline Eigen::MatrixXcd complex_symbolic_matrix(const Operator& op, const std::vector<double>& couplings, const Sector& sector) {
  const auto dimension = static_cast<Eigen::Index>(sector.dimension());
  Eigen::MatrixXcd matrix = Eigen::MatrixXcd::Zero(dimension, dimension);
  for (Eigen::Index j = 0; j < dimension; ++j) {
    for (const SymbolicTerm& term : op.terms) {
      std::optional<Ket> ket = Ket{sector.state(j), term.coefficient * couplings[term.coupling]};
      for (auto factor = term.factors.rbegin(); factor != term.factors.rend() && ket; ++factor) ket = apply(factor->first, factor->second, *ket);
      if (ket && sector.contains(&ket->state)) matrix(static_cast<Eigen::Index>(sector.index(ket->state)), j) += ket->amplitude;
    }
  }
  return matrix;
}

// Of an operator whose matrix is real.
inline Eigen::MatrixXd symbolic_matrix(const Operator& op, const std::vector<double>& couplings, const Sector& sector) {
  const Eigen::MatrixXcd matrix = complex_symbolic_matrix(op, couplings, sector);
  if (!matrix.imag().isZero(0)) throw std::logic_error("the operator is complex");
  return matrix.real();
}

}  // namespace qs::testing_matrix
