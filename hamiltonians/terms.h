// A Hamiltonian (or observable) written by the user: a list of terms, each an expression, where it acts, its number and its coupling.
//   H = sum_terms coupling * sum_places value_p * expression(sites of p)
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "hamiltonians/expression.h"
#include "hamiltonians/lattice.h"
#include "hamiltonians/operator.h"
#include "hamiltonians/sector.h"
#include "hamiltonians/sign_rule.h"
#include "hamiltonians/term_coefficients.h"
#include "hamiltonians/term_patterns.h"

namespace qs {

struct TermSpec {
  std::string name;        // in messages, and the key of a random field; empty: the expression
  std::string expression;  // see expression.h
  Where where;
  Coefficient coefficient;
  std::string coupling;  // a named number, or a product "J*Delta"; empty: 1
};

struct TermOptions {
  std::string name = "terms";
  std::string convention = "-";
  // Angle per axis in radians: c_{x + L} = exp(i twist) c_x, and S-_{x + L} = exp(i twist) S-_x.
  std::array<double, 3> twist = {};
  SignRule sign_rule = SignRule::none;  // marshall: rotates every S+, S-, X, Y of one sublattice (spins only)
  BondSets bonds = {};
};

// What is wrong with one term; the caller knows where the term stands in its file.
class TermError : public InputError {
 public:
  TermError(int term, int column, const std::string& message) : InputError(message), term_(term), column_(column) {}
  int term() const { return term_; }      // index into the list
  int column() const { return column_; }  // within the expression, from 1; 0: the problem is not in the expression

 private:
  int term_, column_;
};

std::string name_of(const TermSpec& term);

// Throws TermError for expressions, places and numbers that make no sense. Places with the value 0 get no products. Hops across antiperiodic
// seams carry -1 per fermion. A random field whose seed varies gets one coupling per place, "name@p" (times the term's own).
Operator build_terms(const Lattice& lattice, SectorKind kind, const std::vector<TermSpec>& terms, const TermOptions& options);
// Values of the couplings "name@p" for one seed; empty for a term without a random field of varying seed.
std::map<std::string, double> disorder_values(const TermSpec& term, const std::vector<Placement>& places, std::uint64_t seed);

}  // namespace qs
