// The field's notation as data: "S.S", "c+_up c_up + h.c.", "0.5 (n - 1/2) (n - 1/2)" become sums of products of one-mode factors
// on slots. Slot k is the k-th site of the tuple that a term acts on; this file knows no lattice.
//
//   sum      [-] product {(+|-) product}, "+ h.c." = the adjoint of everything before it in the same sum
//   product  numbers, i, operators, parentheses, one after the other ('*' may stand between); "/ number" divides
//   operator a name of site_operators.cpp; S.S; S.(S x S); [a, b, c].(S x S); followed by (k): acts on the k-th site, from 1
// Without (k) the operators of a product act on the first, second, ... site; on a tuple of one site all act on that site.
#pragma once

#include <complex>
#include <string>
#include <utility>
#include <vector>

#include "engine/base/error.h"
#include "hamiltonians/operator.h"
#include "hamiltonians/sector.h"

namespace qs {

struct SlotFactor {
  Factor factor;
  int slot;  // from 0
  int spin;  // 1 = up; 0 = down or no spin
};

// Whose coefficient a product carries: the term's own, or its complex conjugate (products made by h.c.).
enum class Conjugation { plain, conjugate };

struct Product {
  std::complex<double> coefficient = 1;
  Conjugation conjugation = Conjugation::plain;
  std::vector<SlotFactor> factors;  // the last acts first; empty: a number
};

struct Expression {
  std::vector<Product> products;
  int slots = 0;  // sites of the tuple
};

// The message quotes the expression and the column (from 1); the caller adds the place of the text in its file.
class ExpressionError : public InputError {
 public:
  ExpressionError(const std::string& text, int column, const std::string& problem);
  int column() const { return column_; }

 private:
  int column_;
};

// `slots` is the number of sites in the tuples that the expression will act on. Throws ExpressionError for unknown words, operators of
// another kind of sector, and products that name fewer or more sites than the tuple has.
Expression parse_expression(const std::string& text, SectorKind kind, int slots);

Factor adjoint(Factor factor);

enum class TermForm {
  ladder,   // every change of a spin as S+ or S-, so that each product changes conserved numbers by one amount
  shortest  // X and Z X where that takes fewer products than S+ and S-
};
// Multiplies out and collects: equal products are summed, those that cancel are dropped. The order of the result is fixed.
Expression simplified(const Expression& expression, SectorKind kind, TermForm form);
// Whether an expression on two sites stays the same when they are exchanged, as S.S does and S x S does not.
bool symmetric(const Expression& expression, SectorKind kind);

}  // namespace qs
