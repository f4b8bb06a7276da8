// The compiled form of an Operator: flat arrays, no virtual call, one meaning of the fermion sign for ED, sampling and devices.
//
// Terms with the same flip mask connect sigma to the same sigma' = sigma ^ flip and are stored together as one *group*, so equal
// connected configurations are merged at compile time. Rows are bras: element(sigma, g) = <sigma| O |sigma ^ flip_g>
//   = sum_{terms t in g, (sigma & mask_t) == pattern_t} value_t * coupling[id_t] * (-1)^popcount(sigma & string_t).
// The diagonal (flip = 0) is a group of its own, and real. Elements of the others are numbers of type double where the operator is real, and complex
// where it is not; asking for complex ones is always allowed.
//
// Groups that move one particle or exchange two spins, value * coupling * [bit i != bit j] * (-1)^popcount(sigma & string), make up
// nearly all of every lattice model. They come first, sorted by coupling, and cost one comparison of two bits.
#pragma once

#include <algorithm>
#include <complex>
#include <cstdint>
#include <span>
#include <type_traits>
#include <vector>

#include "engine/base/error.h"
#include "hamiltonians/operator.h"

namespace qs {

struct CompiledTerm;

class TermTable {
 public:
  TermTable() = default;
  explicit TermTable(const Operator& op);  // InputError if the diagonal is not real

  int modes() const { return modes_; }
  int words() const { return words_; }
  int couplings() const { return couplings_; }
  bool is_real() const { return imaginary_.empty(); }
  std::int64_t groups() const { return exchanges() + static_cast<std::int64_t>(group_begin_.size()) - 1; }  // off-diagonal groups only

  // <sigma|O|sigma>.
  double diagonal(const Word* sigma, const double* coupling) const;
  // <sigma|O|sigma ^ flip(g)>, zero if not connected.
  template <class Scalar = double>
  Scalar element(const Word* sigma, std::int64_t group, const double* coupling) const;
  const Word* flip(std::int64_t group) const { return flip_.data() + group * words_; }

  // The off-diagonal groups as they are stored, for devices with memory of their own. coupling of an exchange group: that of its run.
  struct Groups {
    std::span<const Word> flip;
    std::span<const std::int32_t> exchange_i, exchange_j;
    std::vector<std::int32_t> exchange_coupling;
    std::span<const double> exchange_value;
    std::span<const Word> exchange_string;
    std::span<const std::int64_t> begin;
    std::span<const double> value;
    std::span<const double> imaginary;  // of value; empty if the operator is real
    std::span<const std::int32_t> coupling;
    std::span<const Word> mask, pattern, string;
  };
  Groups group_arrays() const;

  // Appends every non-zero off-diagonal element of row sigma: bits (words() each) and element. Returns the count appended.
  template <class Scalar>
  int connected(const Word* sigma, const double* coupling, std::vector<Word>& bits, std::vector<Scalar>& elements) const;

  // One-word fast path for sectors with <= 64 modes (ED): calls f(sigma_prime, element) for every non-zero off-diagonal element. Elements are double
  // where that is enough, else complex: f takes `auto`, or `double` if the operator is known to be real.
  template <class F>
  void for_each_connected(Word sigma, const double* coupling, F&& f) const;

 private:
  // Exchange groups [begin, end) that share a coupling; with or without a Jordan-Wigner string.
  enum class Sign { plain, string };
  struct ExchangeRun {
    std::int64_t begin, end;
    std::int32_t coupling;
    Sign sign;
  };
  // Diagonal terms [begin, end) that share coupling, value and shape, so that their sum is value * coupling * an integer.
  // pair: (-1)^(bit i + bit j); projector: [sigma & mask == pattern]; general: projector times a string.
  enum class Shape { pair, projector, general };
  struct DiagonalRun {
    std::int64_t begin, end;
    std::int32_t coupling;
    Shape shape;
    double value;
  };

  std::int64_t exchanges() const { return static_cast<std::int64_t>(exchange_value_.size()); }
  void add_exchanges(std::vector<const CompiledTerm*> firsts);
  void add_group(std::span<const CompiledTerm> group);
  void add_diagonal(std::vector<const CompiledTerm*> terms);
  template <class Scalar>
  Scalar value(std::int64_t term) const;
  template <int W, class Scalar>
  Scalar group_element(const Word* sigma, std::int64_t general, const double* coupling) const;
  template <class Scalar, class F>
  void for_each_general(Word sigma, const double* coupling, F& f) const;
  template <int W>
  double diagonal_sum(const Word* sigma, const double* coupling) const;
  template <int W, class Scalar>
  int connected_rows(const Word* sigma, const double* coupling, Word* bits, Scalar* elements) const;

  int modes_ = 0, words_ = 1, couplings_ = 0;
  std::vector<Word> flip_;  // [groups, words]; exchange groups first

  std::vector<ExchangeRun> exchange_runs_;
  std::vector<std::int32_t> exchange_i_, exchange_j_;  // [exchanges]
  std::vector<double> exchange_value_;                 // [exchanges]
  std::vector<Word> exchange_string_;                  // [exchanges, words]

  std::vector<std::int64_t> group_begin_{0};   // terms of the k-th other group are [group_begin_[k], group_begin_[k+1])
  std::vector<double> value_;                  // [terms]
  std::vector<double> imaginary_;              // [terms], empty if the operator is real
  std::vector<std::int32_t> coupling_;         // [terms]
  std::vector<Word> mask_, pattern_, string_;  // [terms, words]

  std::vector<DiagonalRun> diagonal_runs_;
  std::vector<std::int32_t> diagonal_i_, diagonal_j_;                     // [diagonal terms]; used by the shape `pair`
  std::vector<Word> diagonal_mask_, diagonal_pattern_, diagonal_string_;  // [diagonal terms, words]
};

template <class F>
void TermTable::for_each_connected(Word sigma, const double* coupling, F&& f) const {
  for (const ExchangeRun& run : exchange_runs_) {
    const double c = coupling[run.coupling];
    if (c == 0) continue;
    // Half of the bonds are active, at random: a branch per bond would be mispredicted. Collect 64 comparisons, then visit the ones.
    for (std::int64_t begin = run.begin; begin < run.end; begin += 64) {
      const int count = static_cast<int>(std::min<std::int64_t>(64, run.end - begin));
      Word active = 0;
      for (int k = 0; k < count; ++k) active |= (((sigma >> exchange_i_[begin + k]) ^ (sigma >> exchange_j_[begin + k])) & 1u) << k;
      for (; active != 0; active &= active - 1) {
        const std::int64_t g = begin + std::countr_zero(active);
        const double element = exchange_value_[g] * c;
        const bool negative = run.sign == Sign::string && (std::popcount(sigma & exchange_string_[g]) & 1);
        f(sigma ^ flip_[g], negative ? -element : element);
      }
    }
  }
  if constexpr (std::is_invocable_v<F, Word, std::complex<double>>) {
    if (!is_real()) return for_each_general<std::complex<double>>(sigma, coupling, f);
  }
  QS_ASSERT(is_real());
  for_each_general<double>(sigma, coupling, f);
}

template <class Scalar, class F>
void TermTable::for_each_general(Word sigma, const double* coupling, F& f) const {
  const std::int64_t first = exchanges();
  for (std::int64_t k = 0; k + 1 < static_cast<std::int64_t>(group_begin_.size()); ++k) {
    Scalar element = 0;
    for (std::int64_t t = group_begin_[k]; t < group_begin_[k + 1]; ++t) {
      if ((sigma & mask_[t]) != pattern_[t]) continue;
      const Scalar term = value<Scalar>(t) * coupling[coupling_[t]];
      element += (std::popcount(sigma & string_[t]) & 1) ? -term : term;
    }
    if (element != 0.0) f(sigma ^ flip_[first + k], element);
  }
}

template <class Scalar>
Scalar TermTable::value(std::int64_t term) const {
  if constexpr (std::is_same_v<Scalar, double>) {
    return value_[term];
  } else {
    return {value_[term], is_real() ? 0.0 : imaginary_[term]};
  }
}

}  // namespace qs
