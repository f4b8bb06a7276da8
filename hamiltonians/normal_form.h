// Every sum of products has one expansion in letters: per mode the identity, a diagonal letter (Z of a spin, n of a fermion), a raising
// or a lowering one, modes ascending. Two operators are equal iff their expansions are; adjoint, reality and conserved numbers can be
// read off. No matrix, no state.
#pragma once

#include <complex>
#include <map>
#include <utility>
#include <vector>

#include "hamiltonians/operator.h"
#include "hamiltonians/sector.h"

namespace qs {

enum class Letter { diagonal, raise, lower };
using Monomial = std::vector<std::pair<int, Letter>>;  // (mode, letter), ascending modes, the identity left out
using Factors = std::vector<std::pair<Factor, int>>;   // as in SymbolicTerm

class NormalForm {
 public:
  // Adds coefficient * product. Throws InputError if the product of this many Sx, X needs more than 2^16 monomials.
  void add(std::complex<double> coefficient, const Factors& factors);
  // The sum, without monomials that cancelled up to rounding (1e-14 of what was added).
  std::map<Monomial, std::complex<double>> collected() const;

 private:
  struct Weight {
    std::complex<double> value = 0;
    double magnitude = 0;  // sum of |added|
  };
  std::map<Monomial, Weight> weights_;
};

// The monomial as a product of factors.
Factors factors_of(const Monomial& monomial, SectorKind kind);
// The adjoint monomial and the sign it carries (-1 if reversing the order of the fermions is an odd permutation).
std::pair<Monomial, double> adjoint(const Monomial& monomial, SectorKind kind);
// Raised minus lowered modes among [first, last).
int change_of_ones(const Monomial& monomial, int first, int last);

}  // namespace qs
