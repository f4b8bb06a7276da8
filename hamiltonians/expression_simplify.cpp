// Collecting the products of an expression, and writing flips of spins with as few products as possible.
#include <algorithm>
#include <bit>
#include <map>

#include "hamiltonians/expression.h"
#include "hamiltonians/normal_form.h"

namespace qs {

namespace {

using Terms = std::map<Monomial, std::complex<double>>;

constexpr std::size_t kMaxFlips = 12;  // of a product that is rewritten: tables of 2^12 entries

Factors to_modes(const std::vector<SlotFactor>& factors) {
  Factors result;
  for (const SlotFactor& factor : factors) result.emplace_back(factor.factor, 2 * factor.slot + factor.spin);
  return result;
}

Product product_of(std::complex<double> coefficient, Conjugation conjugation, const Factors& factors) {
  Product product{coefficient, conjugation, {}};
  for (const auto& [factor, mode] : factors) product.factors.push_back({factor, mode / 2, mode % 2});
  return product;
}

// Monomials with the same diagonal letters and the same flipped modes differ in raising or lowering each of them. Bit k of the index is
// set iff flip k lowers.
struct FlipGroup {
  Monomial diagonal;
  std::vector<int> flips;
  std::vector<std::complex<double>> by_direction;
};

std::vector<FlipGroup> flip_groups(const Terms& terms) {
  std::map<std::pair<Monomial, std::vector<int>>, std::vector<std::complex<double>>> groups;
  for (const auto& [monomial, value] : terms) {
    Monomial diagonal;
    std::vector<int> flips;
    std::size_t direction = 0;
    for (const auto& [mode, letter] : monomial) {
      if (letter == Letter::diagonal) {
        diagonal.emplace_back(mode, letter);
        continue;
      }
      if (letter == Letter::lower && flips.size() < kMaxFlips) direction |= std::size_t{1} << flips.size();
      flips.push_back(mode);
    }
    if (flips.size() > kMaxFlips) return {};
    auto& table = groups[{diagonal, flips}];
    table.resize(std::size_t{1} << flips.size());
    table[direction] = value;
  }
  std::vector<FlipGroup> result;
  for (auto& [key, table] : groups) result.push_back({key.first, key.second, std::move(table)});
  return result;
}

std::ptrdiff_t nonzero(const std::vector<std::complex<double>>& values) {
  return std::count_if(values.begin(), values.end(), [](const std::complex<double>& value) { return value != 0.0; });
}

// f(p) = sum_T w_T prod_{k in T} p_k over directions p_k = +1 (raise), -1 (lower): the coefficients of products of X and Z X, because
// S+ + S- = X and S+ - S- = Z X.
std::vector<std::complex<double>> walsh(std::vector<std::complex<double>> f) {
  for (std::size_t step = 1; step < f.size(); step *= 2) {
    for (std::size_t index = 0; index < f.size(); ++index) {
      if (index & step) continue;
      const std::complex<double> up = f[index], down = f[index | step];
      f[index] = 0.5 * (up + down);
      f[index | step] = 0.5 * (up - down);
    }
  }
  return f;
}

Factors ladder_factors(const FlipGroup& group, std::size_t direction) {
  Monomial monomial = group.diagonal;
  for (std::size_t k = 0; k < group.flips.size(); ++k) monomial.emplace_back(group.flips[k], direction >> k & 1 ? Letter::lower : Letter::raise);
  std::sort(monomial.begin(), monomial.end());
  return factors_of(monomial, SectorKind::spin_half);
}

Factors pauli_factors(const FlipGroup& group, std::size_t subset) {
  Factors factors;
  for (const auto& [mode, letter] : group.diagonal) factors.emplace_back(Factor::pauli_z, mode);
  for (std::size_t k = 0; k < group.flips.size(); ++k) {
    if (subset >> k & 1) factors.emplace_back(Factor::pauli_z, group.flips[k]);
    factors.emplace_back(Factor::pauli_x, group.flips[k]);
  }
  std::stable_sort(factors.begin(), factors.end(), [](const auto& a, const auto& b) { return a.second < b.second; });
  return factors;
}

void append_shortest(std::vector<Product>& products, const Terms& terms, Conjugation conjugation) {
  for (const FlipGroup& group : flip_groups(terms)) {
    const auto weights = walsh(group.by_direction);
    const bool pauli = nonzero(weights) < nonzero(group.by_direction);  // a tie keeps S+ and S-: they name fewer connected states
    const auto& values = pauli ? weights : group.by_direction;
    for (std::size_t index = 0; index < values.size(); ++index) {
      if (values[index] == 0.0) continue;
      products.push_back(product_of(values[index], conjugation, pauli ? pauli_factors(group, index) : ladder_factors(group, index)));
    }
  }
}

}  // namespace

Expression simplified(const Expression& expression, SectorKind kind, TermForm form) {
  Expression result{{}, expression.slots};
  for (const Conjugation conjugation : {Conjugation::plain, Conjugation::conjugate}) {
    NormalForm sum;
    for (const Product& product : expression.products) {
      if (product.conjugation == conjugation) sum.add(product.coefficient, to_modes(product.factors));
    }
    const Terms terms = sum.collected();
    const std::size_t before = result.products.size();
    if (kind == SectorKind::spin_half && form == TermForm::shortest) append_shortest(result.products, terms, conjugation);
    if (result.products.size() > before) continue;
    for (const auto& [monomial, value] : terms) result.products.push_back(product_of(value, conjugation, factors_of(monomial, kind)));
  }
  return result;
}

bool symmetric(const Expression& expression, SectorKind kind) {
  QS_ASSERT(expression.slots == 2);
  NormalForm differences[2];  // of products with the number itself, and with its conjugate
  for (const Product& product : simplified(expression, kind, TermForm::ladder).products) {
    std::vector<SlotFactor> exchanged = product.factors;
    for (SlotFactor& factor : exchanged) factor.slot = 1 - factor.slot;
    NormalForm& difference = differences[product.conjugation == Conjugation::plain ? 0 : 1];
    difference.add(product.coefficient, to_modes(product.factors));
    difference.add(-product.coefficient, to_modes(exchanged));
  }
  return differences[0].collected().empty() && differences[1].collected().empty();
}

}  // namespace qs
