#include "engine/ed/irrep_operator.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <type_traits>

#include "engine/base/error.h"
#include "engine/base/parallel.h"

namespace qs {
namespace {

using Complex = std::complex<double>;
constexpr std::int64_t states_per_task = 4096, rows_per_task = 256;

template <class Scalar>
Scalar number(Complex value) {
  if constexpr (std::is_same_v<Scalar, double>) {
    return value.real();
  } else {
    return value;
  }
}

// n_r if no element makes r smaller, else 0.
double norm_of(const SymmetrySector& symmetry, Word r) {
  double norm = 0;
  for (std::int64_t h = 0; h < symmetry.order(); ++h) {
    Word image = 0;
    const double sign = symmetry.apply(h, &r, &image);
    if (image < r) return 0;
    if (image == r) norm += sign * symmetry.elements()[h].character.real();
  }
  return norm < 0.5 ? 0 : norm;
}

}  // namespace

IrrepBasis::IrrepBasis(const Sector& sector, const SymmetrySector& symmetry) : symmetry_(symmetry) {
  QS_ASSERT(symmetry.dimension() == 1);
  const std::int64_t tasks = (sector.dimension() + states_per_task - 1) / states_per_task;
  std::vector<std::vector<std::pair<Word, double>>> found(tasks);
  parallel_for(tasks, [&](std::int64_t task) {
    const std::int64_t end = std::min(sector.dimension(), (task + 1) * states_per_task);
    for (std::int64_t i = task * states_per_task; i < end; ++i) {
      const Word state = sector.state(i);
      if (const double norm = norm_of(symmetry, state); norm > 0) found[task].emplace_back(state, norm);
    }
  });
  for (const auto& some : found) {
    for (const auto& [state, norm] : some) {
      representative_.push_back(state);
      norm_.push_back(norm);
    }
  }
  QS_ASSERT(dimension() < (std::int64_t{1} << 31));
}

auto IrrepBasis::find(Word x) const -> Place {
  Word smallest = ~Word{0};
  Complex phase = 0;
  for (std::int64_t h = 0; h < symmetry_.order(); ++h) {
    Word image = 0;
    const double sign = symmetry_.apply(h, &x, &image);
    if (h > 0 && image >= smallest) continue;
    smallest = image;
    phase = sign * symmetry_.elements()[h].character;
  }
  const auto place = std::lower_bound(representative_.begin(), representative_.end(), smallest);
  if (place == representative_.end() || *place != smallest) return {-1, 0};
  return {place - representative_.begin(), phase};
}

template <class Scalar>
std::vector<Scalar> IrrepBasis::unfolded(const Sector& sector, const std::vector<Scalar>& x) const {
  std::vector<Scalar> all(sector.dimension());
  const std::int64_t tasks = (dimension() + states_per_task - 1) / states_per_task;
  // Orbits are disjoint, so tasks write to different places. psi(h r) = c_r sqrt(n_r / |G|) conj(chi(h)) s_h(r).
  parallel_for(tasks, [&](std::int64_t task) {
    const std::int64_t end = std::min(dimension(), (task + 1) * states_per_task);
    for (std::int64_t k = task * states_per_task; k < end; ++k) {
      const Scalar amplitude = x[k] * std::sqrt(norm_[k] / double(symmetry_.order()));
      for (std::int64_t h = 0; h < symmetry_.order(); ++h) {
        Word image = 0;
        const double sign = symmetry_.apply(h, &representative_[k], &image);
        all[sector.index(image)] = amplitude * number<Scalar>(sign * std::conj(symmetry_.elements()[h].character));
      }
    }
  });
  return all;
}

// (r|H|r') += <r|H|x> sqrt(n_r' / n_r) chi(h) s_h(x), h x = r': the conjugate of the column's formula.
template <class Scalar>
IrrepOperator<Scalar>::IrrepOperator(const TermTable& table, const IrrepBasis& basis, const std::vector<double>& couplings, Communicator& comm)
    : comm_(comm), dimension_(basis.dimension()), begin_{0} {
  for (int rank = 0; rank <= comm.size(); ++rank) first_row_.push_back(dimension_ * rank / comm.size());
  const std::int64_t first = first_row_[comm.rank()], rows = first_row_[comm.rank() + 1] - first;
  std::vector<std::map<std::int32_t, Scalar>> elements(rows);
  diagonal_.resize(rows);
  parallel_for((rows + rows_per_task - 1) / rows_per_task, [&](std::int64_t task) {
    for (std::int64_t row = task * rows_per_task; row < std::min(rows, (task + 1) * rows_per_task); ++row) {
      const Word r = basis.representative(first + row);
      elements[row][static_cast<std::int32_t>(first + row)] = table.diagonal(&r, couplings.data());
      table.for_each_connected(r, couplings.data(), [&](Word x, auto element) {
        const IrrepBasis::Place place = basis.find(x);
        if (place.index < 0) return;
        const double scale = std::sqrt(basis.norm(place.index) / basis.norm(first + row));
        elements[row][static_cast<std::int32_t>(place.index)] += number<Scalar>(Complex(element) * place.phase * scale);
      });
      diagonal_[row] = std::real(elements[row].at(static_cast<std::int32_t>(first + row)));
    }
  });
  for (std::map<std::int32_t, Scalar>& row : elements) {
    for (const auto& [column, value] : row) {
      column_.push_back(column);
      value_.push_back(value);
    }
    begin_.push_back(static_cast<std::int64_t>(column_.size()));
    row.clear();
  }
}

template <class Scalar>
void IrrepOperator<Scalar>::apply(const Scalar* x, Scalar* y) const {
  const std::int64_t first = first_row_[comm_.rank()], rows = first_row_[comm_.rank() + 1] - first;
  std::vector<Scalar> mine(rows);
  parallel_for((rows + rows_per_task - 1) / rows_per_task, [&](std::int64_t task) {
    for (std::int64_t row = task * rows_per_task; row < std::min(rows, (task + 1) * rows_per_task); ++row) {
      Scalar sum = 0;
      for (std::int64_t k = begin_[row]; k < begin_[row + 1]; ++k) sum += value_[k] * x[column_[k]];
      mine[row] = sum;
    }
  });
  std::vector<std::size_t> counts;
  for (int rank = 0; rank < comm_.size(); ++rank) counts.push_back((first_row_[rank + 1] - first_row_[rank]) * sizeof(Scalar));
  comm_.all_gather_bytes(mine.data(), counts, y);
  ++applications_;
}

template <class Scalar>
std::vector<double> IrrepOperator<Scalar>::smallest_diagonal(int count) const {
  std::vector<double> all = comm_.all_gather<double>(diagonal_);
  std::sort(all.begin(), all.end());
  all.resize(std::min<std::size_t>(all.size(), count));
  return all;
}

template std::vector<double> IrrepBasis::unfolded(const Sector&, const std::vector<double>&) const;
template std::vector<Complex> IrrepBasis::unfolded(const Sector&, const std::vector<Complex>&) const;
template class IrrepOperator<double>;
template class IrrepOperator<Complex>;

}  // namespace qs
