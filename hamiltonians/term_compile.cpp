#include "hamiltonians/term_compile.h"

#include <algorithm>
#include <cmath>
#include <optional>
#include <tuple>

namespace qs {

namespace {

using Words = std::vector<Word>;

bool odd_overlap(const Words& a, const Words& b) {
  int count = 0;
  for (std::size_t w = 0; w < a.size(); ++w) count += std::popcount(a[w] & b[w]);
  return count & 1;
}

CompiledTerm identity(int words) {
  const Words none(words, 0);
  return {none, none, none, none, 0, 1.0};
}

// During multiplication the conditions and strings refer to the *ket*: A|k> = value (-1)^(k & string) [k & mask == pattern] |k ^ flip>.
// A bit is 1 for up or occupied, so sigma_z = -(-1)^bit.
CompiledTerm elementary(Factor factor, int mode, int words) {
  CompiledTerm term = identity(words);
  const int w = mode >> 6;
  const Word bit = Word{1} << (mode & 63);
  const auto jordan_wigner = [&] {
    for (int v = 0; v < w; ++v) term.string[v] = ~Word{0};
    term.string[w] = bit - 1;
  };
  const auto require = [&](Word value) {
    term.mask[w] = bit;
    term.pattern[w] = value;
  };
  switch (factor) {
    case Factor::sz:
      term.string[w] = bit;
      term.value = -0.5;
      break;
    case Factor::pauli_z:
      term.string[w] = bit;
      term.value = -1;
      break;
    case Factor::sx:
      term.flip[w] = bit;
      term.value = 0.5;
      break;
    case Factor::pauli_x:
      term.flip[w] = bit;
      break;
    case Factor::number:
      require(bit);
      break;
    case Factor::s_plus:
      term.flip[w] = bit;
      require(0);
      break;
    case Factor::s_minus:
      term.flip[w] = bit;
      require(bit);
      break;
    case Factor::create:
      term.flip[w] = bit;
      require(0);
      jordan_wigner();
      break;
    case Factor::annihilate:
      term.flip[w] = bit;
      require(bit);
      jordan_wigner();
      break;
  }
  return term;
}

// a b with b acting first; a sees the ket k ^ flip_b. Empty if the conditions contradict each other.
std::optional<CompiledTerm> multiply(const CompiledTerm& a, const CompiledTerm& b) {
  CompiledTerm product = b;
  product.value *= odd_overlap(b.flip, a.string) ? -a.value : a.value;
  for (std::size_t w = 0; w < b.flip.size(); ++w) {
    const Word pattern = a.pattern[w] ^ (b.flip[w] & a.mask[w]);
    if ((pattern ^ b.pattern[w]) & a.mask[w] & b.mask[w]) return std::nullopt;
    product.mask[w] |= a.mask[w];
    product.pattern[w] |= pattern;
    product.flip[w] ^= a.flip[w];
    product.string[w] ^= a.string[w];
  }
  return product;
}

// Conditions on the ket sigma ^ flip become conditions on the bra sigma; string bits fixed by the pattern become part of the sign.
CompiledTerm as_bra(CompiledTerm term) {
  if (odd_overlap(term.flip, term.string)) term.value = -term.value;
  for (std::size_t w = 0; w < term.flip.size(); ++w) term.pattern[w] ^= term.flip[w] & term.mask[w];
  if (odd_overlap(term.pattern, term.string)) term.value = -term.value;
  for (std::size_t w = 0; w < term.flip.size(); ++w) term.string[w] &= ~term.mask[w];
  return term;
}

auto key(const CompiledTerm& term) { return std::tie(term.flip, term.coupling, term.string, term.mask, term.pattern); }

}  // namespace

std::vector<CompiledTerm> compile_terms(const Operator& op) {
  const int words = words_for(op.modes);
  std::vector<CompiledTerm> terms;
  for (const SymbolicTerm& symbolic : op.terms) {
    std::optional<CompiledTerm> product = identity(words);
    for (auto factor = symbolic.factors.rbegin(); factor != symbolic.factors.rend() && product; ++factor) {
      product = multiply(elementary(factor->first, factor->second, words), *product);
    }
    if (!product) continue;
    product->value *= symbolic.coefficient;
    product->coupling = symbolic.coupling;
    terms.push_back(as_bra(std::move(*product)));
  }
  std::stable_sort(terms.begin(), terms.end(), [](const CompiledTerm& a, const CompiledTerm& b) { return key(a) < key(b); });

  std::vector<CompiledTerm> merged;
  std::vector<double> magnitude;  // sum of |value|: what is left after a cancellation is rounding if it is far below this
  for (CompiledTerm& term : terms) {
    if (!merged.empty() && key(merged.back()) == key(term)) {
      merged.back().value += term.value;
      magnitude.back() += std::abs(term.value);
    } else {
      magnitude.push_back(std::abs(term.value));
      merged.push_back(std::move(term));
    }
  }
  std::vector<CompiledTerm> kept;
  for (std::size_t t = 0; t < merged.size(); ++t) {
    const auto left = [&](double part) { return std::abs(part) > 1e-14 * magnitude[t] ? part : 0.0; };
    merged[t].value = {left(merged[t].value.real()), left(merged[t].value.imag())};
    if (merged[t].value != 0.0) kept.push_back(std::move(merged[t]));
  }
  return kept;
}

bool is_real(const Operator& op) {
  const std::vector<CompiledTerm> terms = compile_terms(op);
  return std::all_of(terms.begin(), terms.end(), [](const CompiledTerm& term) { return term.value.imag() == 0; });
}

}  // namespace qs
