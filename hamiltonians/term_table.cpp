#include "hamiltonians/term_table.h"

#include <algorithm>
#include <tuple>
#include <utility>

#include "engine/base/error.h"
#include "hamiltonians/term_compile.h"

namespace qs {

namespace {

// W > 0: the number of words, known at compile time (one and two words are the common sizes); W = 0: `words`.
template <int W>
bool matches(const Word* sigma, const Word* mask, const Word* pattern, int words) {
  Word difference = 0;
  for (int w = 0; w < (W > 0 ? W : words); ++w) difference |= (sigma[w] & mask[w]) ^ pattern[w];
  return difference == 0;
}

template <int W>
bool odd_overlap(const Word* sigma, const Word* string, int words) {
  Word folded = 0;  // parity(a) xor parity(b) = parity(a xor b)
  for (int w = 0; w < (W > 0 ? W : words); ++w) folded ^= sigma[w] & string[w];
  return std::popcount(folded) & 1;
}

template <int W>
bool differ(const Word* sigma, int i, int j) {
  if constexpr (W == 1) return ((sigma[0] >> i) ^ (sigma[0] >> j)) & 1u;
  return test_bit(sigma, i) != test_bit(sigma, j);
}

int count_bits(const std::vector<Word>& set) {
  int count = 0;
  for (const Word word : set) count += std::popcount(word);
  return count;
}

// Lowest two set modes.
std::pair<int, int> two_modes(const std::vector<Word>& set) {
  int found[2] = {0, 0};
  int count = 0;
  for (int mode = 0; mode < 64 * static_cast<int>(set.size()) && count < 2; ++mode) {
    if (test_bit(set.data(), mode)) found[count++] = mode;
  }
  return {found[0], found[1]};
}

// [bit i = 1, bit j = 0] + [bit i = 0, bit j = 1] with equal value, coupling and string, i and j being the flipped modes.
bool is_exchange(std::span<const CompiledTerm> group) {
  if (group.size() != 2 || count_bits(group[0].flip) != 2) return false;
  const CompiledTerm &a = group[0], &b = group[1];
  return a.mask == a.flip && b.mask == a.flip && count_bits(a.pattern) == 1 && count_bits(b.pattern) == 1 && a.value == b.value &&
         a.value.imag() == 0 && a.coupling == b.coupling && a.string == b.string;
}

void append(std::vector<Word>& array, const std::vector<Word>& words) { array.insert(array.end(), words.begin(), words.end()); }

}  // namespace

TermTable::TermTable(const Operator& op) : modes_(op.modes), words_(words_for(op.modes)), couplings_(static_cast<int>(op.couplings.size())) {
  const std::vector<CompiledTerm> terms = compile_terms(op);
  std::vector<const CompiledTerm*> diagonal, exchange;
  std::vector<std::span<const CompiledTerm>> others;
  for (std::size_t begin = 0; begin < terms.size();) {
    std::size_t end = begin + 1;
    while (end < terms.size() && terms[end].flip == terms[begin].flip) ++end;
    const std::span<const CompiledTerm> group(&terms[begin], end - begin);
    if (count_bits(group[0].flip) == 0) {
      for (const CompiledTerm& term : group) diagonal.push_back(&term);
    } else if (is_exchange(group)) {
      exchange.push_back(&group[0]);
    } else {
      others.push_back(group);
    }
    begin = end;
  }
  add_exchanges(std::move(exchange));
  for (const auto& group : others) add_group(group);
  if (std::all_of(imaginary_.begin(), imaginary_.end(), [](double value) { return value == 0; })) imaginary_.clear();
  for (const CompiledTerm* term : diagonal) {
    if (term->value.imag() != 0)
      throw InputError("operator '" + op.name + "' has an imaginary diagonal: it is not Hermitian; add the conjugate terms");
  }
  add_diagonal(std::move(diagonal));
}

void TermTable::add_exchanges(std::vector<const CompiledTerm*> firsts) {
  const auto run_key = [](const CompiledTerm* term) { return std::pair(term->coupling, count_bits(term->string) > 0); };
  std::stable_sort(firsts.begin(), firsts.end(), [&](const CompiledTerm* a, const CompiledTerm* b) { return run_key(a) < run_key(b); });
  for (std::size_t t = 0; t < firsts.size(); ++t) {
    const CompiledTerm& term = *firsts[t];
    const auto [i, j] = two_modes(term.flip);
    const std::int64_t position = static_cast<std::int64_t>(t);
    if (t == 0 || run_key(firsts[t - 1]) != run_key(&term)) {
      exchange_runs_.push_back({position, position, term.coupling, run_key(&term).second ? Sign::string : Sign::plain});
    }
    exchange_runs_.back().end = position + 1;
    exchange_i_.push_back(i);
    exchange_j_.push_back(j);
    exchange_value_.push_back(term.value.real());
    append(exchange_string_, term.string);
    append(flip_, term.flip);
  }
}

void TermTable::add_group(std::span<const CompiledTerm> group) {
  append(flip_, group[0].flip);
  for (const CompiledTerm& term : group) {
    value_.push_back(term.value.real());
    imaginary_.push_back(term.value.imag());
    coupling_.push_back(term.coupling);
    append(mask_, term.mask);
    append(pattern_, term.pattern);
    append(string_, term.string);
  }
  group_begin_.push_back(static_cast<std::int64_t>(value_.size()));
}

void TermTable::add_diagonal(std::vector<const CompiledTerm*> terms) {
  const auto shape = [](const CompiledTerm* term) {
    if (count_bits(term->string) == 0) return Shape::projector;
    return count_bits(term->mask) == 0 && count_bits(term->string) == 2 ? Shape::pair : Shape::general;
  };
  const auto run_key = [&](const CompiledTerm* term) { return std::tuple(term->coupling, shape(term), term->value.real()); };
  std::stable_sort(terms.begin(), terms.end(), [&](const CompiledTerm* a, const CompiledTerm* b) { return run_key(a) < run_key(b); });
  for (std::size_t t = 0; t < terms.size(); ++t) {
    const CompiledTerm& term = *terms[t];
    const std::int64_t position = static_cast<std::int64_t>(t);
    if (t == 0 || run_key(terms[t - 1]) != run_key(&term))
      diagonal_runs_.push_back({position, position, term.coupling, shape(&term), term.value.real()});
    diagonal_runs_.back().end = position + 1;
    const auto [i, j] = two_modes(term.string);
    diagonal_i_.push_back(i);
    diagonal_j_.push_back(j);
    append(diagonal_mask_, term.mask);
    append(diagonal_pattern_, term.pattern);
    append(diagonal_string_, term.string);
  }
}

template <int W>
double TermTable::diagonal_sum(const Word* sigma, const double* coupling) const {
  double total = 0;
  for (const DiagonalRun& run : diagonal_runs_) {
    const double c = coupling[run.coupling];
    if (c == 0) continue;
    std::int64_t sum = 0;
    if (run.shape == Shape::pair) {
      std::int64_t unequal = 0;
      for (std::int64_t t = run.begin; t < run.end; ++t) unequal += differ<W>(sigma, diagonal_i_[t], diagonal_j_[t]);
      sum = run.end - run.begin - 2 * unequal;
    } else {
      for (std::int64_t t = run.begin; t < run.end; ++t) {
        if (!matches<W>(sigma, &diagonal_mask_[t * words_], &diagonal_pattern_[t * words_], words_)) continue;
        sum += run.shape == Shape::general && odd_overlap<W>(sigma, &diagonal_string_[t * words_], words_) ? -1 : 1;
      }
    }
    total += run.value * c * static_cast<double>(sum);
  }
  return total;
}

template <int W, class Scalar>
Scalar TermTable::group_element(const Word* sigma, std::int64_t general, const double* coupling) const {
  Scalar element = 0;
  for (std::int64_t t = group_begin_[general]; t < group_begin_[general + 1]; ++t) {
    if (!matches<W>(sigma, &mask_[t * words_], &pattern_[t * words_], words_)) continue;
    const Scalar term = value<Scalar>(t) * coupling[coupling_[t]];
    element += odd_overlap<W>(sigma, &string_[t * words_], words_) ? -term : term;
  }
  return element;
}

template <int W, class Scalar>
int TermTable::connected_rows(const Word* sigma, const double* coupling, Word* bits, Scalar* elements) const {
  // Rows are written unconditionally and kept by advancing the count: half of the bonds are active, at random, and a branch per bond
  // would be mispredicted. The caller has room for every group.
  int count = 0;
  const int width = W > 0 ? W : words_;
  const auto write_row = [&](std::int64_t group, Scalar element) {
    const Word* mask = flip(group);
    for (int w = 0; w < width; ++w) bits[static_cast<std::size_t>(count) * width + w] = sigma[w] ^ mask[w];
    elements[count] = element;
  };
  for (const ExchangeRun& run : exchange_runs_) {
    const double c = coupling[run.coupling];
    if (c == 0) continue;
    for (std::int64_t g = run.begin; g < run.end; ++g) {
      const double element = exchange_value_[g] * c;
      const bool negative = run.sign == Sign::string && odd_overlap<W>(sigma, &exchange_string_[g * words_], words_);
      write_row(g, negative ? -element : element);
      count += differ<W>(sigma, exchange_i_[g], exchange_j_[g]);
    }
  }
  const std::int64_t first = exchanges();
  for (std::int64_t k = 0; first + k < groups(); ++k) {
    const Scalar element = group_element<W, Scalar>(sigma, k, coupling);
    write_row(first + k, element);
    count += element != 0.0;
  }
  return count;
}

double TermTable::diagonal(const Word* sigma, const double* coupling) const {
  if (words_ == 1) return diagonal_sum<1>(sigma, coupling);
  if (words_ == 2) return diagonal_sum<2>(sigma, coupling);
  return diagonal_sum<0>(sigma, coupling);
}

template <class Scalar>
Scalar TermTable::element(const Word* sigma, std::int64_t group, const double* coupling) const {
  QS_ASSERT((is_real() || !std::is_same_v<Scalar, double>));
  if (group >= exchanges()) return group_element<0, Scalar>(sigma, group - exchanges(), coupling);
  const auto run = std::upper_bound(exchange_runs_.begin(), exchange_runs_.end(), group,
                                    [](std::int64_t value, const ExchangeRun& candidate) { return value < candidate.end; });
  if (!differ<0>(sigma, exchange_i_[group], exchange_j_[group])) return 0;
  const double element = exchange_value_[group] * coupling[run->coupling];
  return odd_overlap<0>(sigma, &exchange_string_[group * words_], words_) ? -element : element;
}

TermTable::Groups TermTable::group_arrays() const {
  std::vector<std::int32_t> exchange_coupling;
  for (const ExchangeRun& run : exchange_runs_) exchange_coupling.insert(exchange_coupling.end(), run.end - run.begin, run.coupling);
  return {.flip = flip_,
          .exchange_i = exchange_i_,
          .exchange_j = exchange_j_,
          .exchange_coupling = std::move(exchange_coupling),
          .exchange_value = exchange_value_,
          .exchange_string = exchange_string_,
          .begin = group_begin_,
          .value = value_,
          .imaginary = imaginary_,
          .coupling = coupling_,
          .mask = mask_,
          .pattern = pattern_,
          .string = string_};
}

template <class Scalar>
int TermTable::connected(const Word* sigma, const double* coupling, std::vector<Word>& bits, std::vector<Scalar>& elements) const {
  QS_ASSERT((is_real() || !std::is_same_v<Scalar, double>));
  const std::size_t old_bits = bits.size(), old_elements = elements.size();
  bits.resize(old_bits + groups() * words_);
  elements.resize(old_elements + groups());
  Word* const out = bits.data() + old_bits;
  Scalar* const values = elements.data() + old_elements;
  const int count = words_ == 1   ? connected_rows<1, Scalar>(sigma, coupling, out, values)
                    : words_ == 2 ? connected_rows<2, Scalar>(sigma, coupling, out, values)
                                  : connected_rows<0, Scalar>(sigma, coupling, out, values);
  bits.resize(old_bits + static_cast<std::size_t>(count) * words_);
  elements.resize(old_elements + count);
  return count;
}

template double TermTable::element(const Word*, std::int64_t, const double*) const;
template std::complex<double> TermTable::element(const Word*, std::int64_t, const double*) const;
template int TermTable::connected(const Word*, const double*, std::vector<Word>&, std::vector<double>&) const;
template int TermTable::connected(const Word*, const double*, std::vector<Word>&, std::vector<std::complex<double>>&) const;

}  // namespace qs
