#include "engine/ed/sector_operator.h"

#include <algorithm>
#include <array>
#include <bit>
#include <map>
#include <type_traits>

#include "engine/base/error.h"
#include "engine/base/parallel.h"
#include "hamiltonians/term_compile.h"
#include "hamiltonians/term_table.h"

namespace qs {
namespace {

constexpr std::int64_t task_highs = 16;  // high parts per task of a thread

double sign_of(Word bits) { return std::popcount(bits) & 1 ? -1.0 : 1.0; }

template <class Scalar>
Scalar number(std::complex<double> value) {
  if constexpr (std::is_same_v<Scalar, double>) {
    QS_ASSERT(value.imag() == 0);
    return value.real();
  } else {
    return value;
  }
}

}  // namespace

// <low| term |low ^ flip> = value (-1)^popcount(low & string) where (low & mask) == pattern.
template <class Scalar>
struct SectorOperatorOf<Scalar>::LowTerm {
  Word mask, pattern, flip, string;
  Scalar value;
};

template <class Scalar>
SectorOperatorOf<Scalar>::SectorOperatorOf(const Operator& op, const Sector& sector, const std::vector<double>& couplings, Communicator& comm)
    : comm_(comm), basis_(sector) {
  QS_ASSERT(op.modes == sector.modes() && couplings.size() == op.couplings.size());
  const Word low = basis_.low_mask();
  const int shift = basis_.low_modes();
  std::map<std::array<Word, 4>, std::vector<LowTerm>> by_high;  // ordered: the order of summation is part of the result's bits
  for (const CompiledTerm& term : compile_terms(op)) {
    if (term.flip[0] == 0) continue;
    const Scalar value = number<Scalar>(term.value) * couplings[term.coupling];
    if (value == 0.0) continue;
    by_high[{term.flip[0] >> shift, term.mask[0] >> shift, term.pattern[0] >> shift, term.string[0] >> shift}].push_back(
        {term.mask[0] & low, term.pattern[0] & low, term.flip[0] & low, term.string[0] & low, value});
  }
  for (const auto& [key, terms] : by_high) {
    HighGroup& group = groups_.emplace_back(HighGroup{key[1], key[2], key[0], key[3], {}});
    for (int c = 0; c < basis_.classes(); ++c) group.low.push_back(make_low_matrix(terms, c));
  }

  // Ranks own runs of high parts with about equal numbers of states.
  for (int rank = 0; rank <= comm.size(); ++rank) {
    std::int64_t h = rank == 0 ? 0 : first_high_.back();
    while (h < basis_.highs() && (rank == comm.size() || basis_.offset(h) < dimension() / comm.size() * rank)) ++h;
    first_high_.push_back(h);
  }
  check_sector();
  set_diagonal(op, couplings);
}

// A small matrix whose partners do not exist is harmless as long as no high part selects it (a particle too many below needs one above).
template <class Scalar>
void SectorOperatorOf<Scalar>::check_sector() const {
  for (std::int64_t h = 0; h < basis_.highs(); ++h) {
    for (const HighGroup& group : groups_) {
      const int column_class = group.low[basis_.class_of(h)].column_class;
      if ((basis_.high(h) & group.mask) != group.pattern || column_class == -1) continue;
      const std::int64_t partner = basis_.find_high(basis_.high(h) ^ group.flip);
      if (partner < 0 || column_class != basis_.class_of(partner)) {
        throw InputError("the operator leaves the sector (it does not conserve what the sector fixes); leave that number free");
      }
    }
  }
}

template <class Scalar>
void SectorOperatorOf<Scalar>::set_diagonal(const Operator& op, const std::vector<double>& couplings) {
  const std::int64_t first = first_high_[comm_.rank()], last = first_high_[comm_.rank() + 1];
  diagonal_.resize(basis_.offset(last) - basis_.offset(first));
  const TermTable table(op);
  parallel_for(last - first, [&](std::int64_t k) {
    const std::int64_t h = first + k;
    double* out = diagonal_.data() + basis_.offset(h) - basis_.offset(first);
    for (const Word part : basis_.low(basis_.class_of(h))) {
      const Word state = basis_.high(h) << basis_.low_modes() | part;
      *out++ = table.diagonal(&state, couplings.data());
    }
  });
}

template <class Scalar>
auto SectorOperatorOf<Scalar>::make_low_matrix(const std::vector<LowTerm>& terms, int row_class) const -> LowMatrix {
  LowMatrix matrix;
  const std::vector<Word>& lows = basis_.low(row_class);
  for (std::size_t row = 0; row < lows.size(); ++row) {
    std::map<std::int32_t, Scalar> elements;
    for (const LowTerm& term : terms) {
      if ((lows[row] & term.mask) != term.pattern) continue;
      const Word partner = lows[row] ^ term.flip;
      const int c = basis_.low_class(partner);
      if (c < 0 || (matrix.column_class >= 0 && c != matrix.column_class)) {
        matrix.column_class = leaves_sector;
        return matrix;
      }
      matrix.column_class = c;
      elements[basis_.low_rank(partner)] += term.value * sign_of(lows[row] & term.string);
    }
    std::erase_if(elements, [](const auto& element) { return element.second == 0.0; });
    if (elements.empty()) continue;
    matrix.row.push_back(static_cast<std::int32_t>(row));
    matrix.begin.push_back(static_cast<std::int32_t>(matrix.column.size()));
    for (const auto& [column, value] : elements) {
      matrix.column.push_back(column);
      matrix.value.push_back(value);
    }
  }
  if (matrix.row.empty()) return matrix;
  matrix.begin.push_back(static_cast<std::int32_t>(matrix.column.size()));
  matrix.form = LowMatrix::Form::sparse;
  const bool one_value = std::all_of(matrix.value.begin(), matrix.value.end(), [&](Scalar value) { return value == matrix.value.front(); });
  if (one_value && matrix.column_class == row_class && matrix.row.size() == lows.size() && matrix.row == matrix.column) {
    matrix = {LowMatrix::Form::identity, row_class, matrix.value.front(), {}, {}, {}, {}};
  }
  return matrix;
}

// y: the run of rows with high part h.
template <class Scalar>
void SectorOperatorOf<Scalar>::apply_high(std::int64_t h, const Scalar* x, Scalar* y) const {
  const Word high = basis_.high(h);
  const int c = basis_.class_of(h);
  const std::int64_t count = basis_.offset(h + 1) - basis_.offset(h);
  const double* diagonal = diagonal_.data() + basis_.offset(h) - basis_.offset(first_high_[comm_.rank()]);
  for (std::int64_t a = 0; a < count; ++a) y[a] = diagonal[a] * x[basis_.offset(h) + a];
  for (const HighGroup& group : groups_) {
    if ((high & group.mask) != group.pattern) continue;
    const LowMatrix& matrix = group.low[c];
    if (matrix.form == LowMatrix::Form::empty) continue;
    const std::int64_t partner = basis_.find_high(high ^ group.flip);
    QS_ASSERT(partner >= 0);
    const Scalar* from = x + basis_.offset(partner);
    const double sign = sign_of(high & group.string);
    if (matrix.form == LowMatrix::Form::identity) {
      const Scalar scale = sign * matrix.scale;
      for (std::int64_t a = 0; a < count; ++a) y[a] += scale * from[a];
      continue;
    }
    for (std::size_t r = 0; r < matrix.row.size(); ++r) {
      Scalar sum = 0;
      for (std::int32_t k = matrix.begin[r]; k < matrix.begin[r + 1]; ++k) sum += matrix.value[k] * from[matrix.column[k]];
      y[matrix.row[r]] += sign * sum;
    }
  }
}

template <class Scalar>
void SectorOperatorOf<Scalar>::apply(const Scalar* x, Scalar* y) const {
  const std::int64_t first = first_high_[comm_.rank()], last = first_high_[comm_.rank() + 1];
  std::vector<Scalar> mine(comm_.size() > 1 ? diagonal_.size() : 0);
  Scalar* out = comm_.size() > 1 ? mine.data() : y;
  parallel_for((last - first + task_highs - 1) / task_highs, [&](std::int64_t task) {
    const std::int64_t end = std::min(last, first + (task + 1) * task_highs);
    for (std::int64_t h = first + task * task_highs; h < end; ++h) apply_high(h, x, out + basis_.offset(h) - basis_.offset(first));
  });
  if (comm_.size() > 1) {
    std::vector<std::size_t> counts;
    for (int rank = 0; rank < comm_.size(); ++rank) {
      counts.push_back((basis_.offset(first_high_[rank + 1]) - basis_.offset(first_high_[rank])) * sizeof(Scalar));
    }
    comm_.all_gather_bytes(mine.data(), counts, y);
  }
  ++applications_;
}

template <class Scalar>
std::vector<double> SectorOperatorOf<Scalar>::smallest_diagonal(int count) const {
  std::vector<double> mine(std::min<std::int64_t>(count, static_cast<std::int64_t>(diagonal_.size())));
  std::partial_sort_copy(diagonal_.begin(), diagonal_.end(), mine.begin(), mine.end());
  std::vector<double> all = comm_.all_gather<double>(mine);
  std::sort(all.begin(), all.end());
  all.resize(std::min<std::size_t>(all.size(), count));
  return all;
}

template class SectorOperatorOf<double>;
template class SectorOperatorOf<std::complex<double>>;

}  // namespace qs
