// Operators are data: a symbolic sum of terms with *named* couplings. Hamiltonians and observables alike; no device, no matrix.
#pragma once

#include <complex>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "hamiltonians/configuration.h"

namespace qs {

// Elementary factors, applied right to left to a ket (the last factor acts first). Fermionic modes follow Jordan-Wigner order.
enum class Factor { sz, s_plus, s_minus, sx, pauli_x, pauli_z, number, create, annihilate };

// The names in a product of couplings: J, Delta of "J*Delta".
std::vector<std::string> names_in(const std::string& coupling);

struct SymbolicTerm {
  std::complex<double> coefficient = 0;         // multiplies the coupling's value
  int coupling = 0;                             // index into Operator::couplings
  std::vector<std::pair<Factor, int>> factors;  // (factor, mode)
};

struct Operator {
  std::string name;        // "heisenberg", "density_density", ...
  std::string convention;  // "S.S", "Pauli", "t" or "-"
  int modes = 0;
  std::vector<std::string> couplings;  // names; "1" for a fixed unit coefficient; '*' multiplies ("J*Delta")
  std::vector<SymbolicTerm> terms;

  int coupling_index(const std::string& name);  // adds the name if new
  void add(std::complex<double> coefficient, const std::string& coupling, std::vector<std::pair<Factor, int>> factors);
  // One value per entry of `couplings`, from the values of the named couplings.
  std::vector<double> coupling_values(const std::map<std::string, double>& named) const;
  // The same operator with its couplings multiplied in; the only one left is "1".
  Operator at(const std::map<std::string, double>& named) const;
};

}  // namespace qs
