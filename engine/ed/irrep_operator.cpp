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
  if (!symmetry.real() && symmetry.has_conjugator()) pair_up();
}

// A|r) = s_I(r) conj(chi(h) s_h(I r)) |r') with h I r = r'. Without A^2 = 1 there is no real form.
void IrrepBasis::pair_up() {
  partner_.resize(dimension());
  phase_.resize(dimension());
  parallel_for((dimension() + states_per_task - 1) / states_per_task, [&](std::int64_t task) {
    for (std::int64_t k = task * states_per_task; k < std::min(dimension(), (task + 1) * states_per_task); ++k) {
      Word image = 0;
      const double sign = symmetry_.conjugate(&representative_[k], &image);
      const Place place = find(image);
      partner_[k] = place.index;
      phase_[k] = sign * std::conj(place.phase);
    }
  });
  for (std::int64_t k = 0; k < dimension(); ++k) {
    const std::int64_t p = partner_[k];
    if (p >= 0 && partner_[p] == k && std::abs(phase_[p] - phase_[k]) < 1e-9) continue;
    partner_.clear();
    return;
  }
}

auto IrrepBasis::parts(std::int64_t b) const -> std::array<Part, 2> {
  const std::int64_t p = partner_[b];
  if (p == b) return {{{b, std::sqrt(phase_[b])}, {b, 0}}};
  const std::int64_t first = std::min(b, p), second = std::max(b, p);
  const Complex one = std::sqrt(0.5), i(0, std::sqrt(0.5));
  if (b == first) return {{{first, one}, {second, one * phase_[first]}}};
  return {{{first, i}, {second, -i * phase_[first]}}};
}

std::vector<Complex> IrrepBasis::from_real_form(const std::vector<double>& x) const {
  std::vector<Complex> result(x.size());
  for (std::int64_t b = 0; b < dimension(); ++b)
    for (const Part& part : parts(b)) result[part.index] += x[b] * part.coefficient;
  return result;
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

namespace {

template <class Scalar>
using Row = std::map<std::int32_t, Scalar>;

// (r|H|r') += <r|H|x> sqrt(n_r' / n_r) chi(h) s_h(x), h x = r': the conjugate of the column's formula.
template <class Scalar>
Row<Scalar> row_of(const TermTable& table, const IrrepBasis& basis, const std::vector<double>& couplings, std::int64_t index) {
  const Word r = basis.representative(index);
  Row<Scalar> row;
  row[static_cast<std::int32_t>(index)] = table.diagonal(&r, couplings.data());
  table.for_each_connected(r, couplings.data(), [&](Word x, auto element) {
    const IrrepBasis::Place place = basis.find(x);
    if (place.index < 0) return;
    const double scale = std::sqrt(basis.norm(place.index) / basis.norm(index));
    row[static_cast<std::int32_t>(place.index)] += number<Scalar>(Complex(element) * place.phase * scale);
  });
  return row;
}

// (a|H|b) = sum conj(u_ar) (r|H|s) u_bs over the parts of a and b; its imaginary part is zero.
Row<double> real_row_of(const TermTable& table, const IrrepBasis& basis, const std::vector<double>& couplings, std::int64_t a) {
  Row<double> row;
  row[static_cast<std::int32_t>(a)] = 0;
  for (const IrrepBasis::Part& left : basis.parts(a)) {
    if (left.coefficient == 0.0) continue;
    for (const auto& [s, element] : row_of<Complex>(table, basis, couplings, left.index)) {
      const std::int64_t other = basis.partner(s);
      for (const std::int64_t b : {std::int64_t{s}, other}) {
        for (const IrrepBasis::Part& right : basis.parts(b))
          if (right.index == s) row[static_cast<std::int32_t>(b)] += (std::conj(left.coefficient) * element * right.coefficient).real();
        if (other == s) break;
      }
    }
  }
  return row;
}

}  // namespace

template <class Scalar>
IrrepOperator<Scalar>::IrrepOperator(const TermTable& table, const IrrepBasis& basis, const std::vector<double>& couplings, Communicator& comm)
    : comm_(comm), dimension_(basis.dimension()), begin_{0} {
  for (int rank = 0; rank <= comm.size(); ++rank) first_row_.push_back(dimension_ * rank / comm.size());
  const std::int64_t first = first_row_[comm.rank()], rows = first_row_[comm.rank() + 1] - first;
  std::vector<Row<Scalar>> elements(rows);
  diagonal_.resize(rows);
  parallel_for((rows + rows_per_task - 1) / rows_per_task, [&](std::int64_t task) {
    for (std::int64_t row = task * rows_per_task; row < std::min(rows, (task + 1) * rows_per_task); ++row) {
      if constexpr (std::is_same_v<Scalar, double>) {
        elements[row] =
            basis.has_real_form() ? real_row_of(table, basis, couplings, first + row) : row_of<double>(table, basis, couplings, first + row);
      } else {
        elements[row] = row_of<Scalar>(table, basis, couplings, first + row);
      }
      diagonal_[row] = std::real(elements[row].at(static_cast<std::int32_t>(first + row)));
    }
  });
  for (Row<Scalar>& row : elements) {
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
