#include "engine/energy/second_order.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "engine/base/error.h"
#include "engine/energy/distinct_rows.h"
#include "engine/wavefunctions/chunked.h"
#include "engine/wavefunctions/log_psi.h"

namespace qs {
namespace {

using Complex = std::complex<double>;

// Elements listed at a time, and amplitudes kept from one window of samples to the next.
constexpr std::int64_t most_elements = std::int64_t{1} << 20, most_amplitudes = std::int64_t{1} << 20;

std::int64_t elements_of_row(const TermTable& op) { return (op.groups() + 1) * (op.groups() + 1); }

// Rows of K: the element of row k with itself first, then those with its neighbours.
struct Rows {
  std::vector<std::int64_t> begin{0};
  std::vector<std::int32_t> column;
  std::vector<Complex> element;

  std::int64_t count() const { return static_cast<std::int64_t>(begin.size()) - 1; }
  std::int32_t itself(std::int64_t k) const { return column[begin[k]]; }
  void add(std::int32_t number, Complex value) {
    column.push_back(number);
    element.push_back(value);
  }
  void clear() {
    begin.resize(1);
    column.clear();
    element.clear();
  }
};

// mantissa exp(exponent) = K psi at a state; `around` exp(2 exponent) = sum of |psi|^2 over its neighbours.
struct Applied {
  Complex mantissa = 0;
  double exponent = 0, around = 0;
};

class Window {
 public:
  Window(const ProblemFamily& family, std::span<const EnergyScale> scales, const Wavefunction& psi)
      : family_(family), scales_(scales), psi_(psi), middle_(family.modes()), outer_(family.modes()) {}

  // Adds the values of rows [first, last).
  void add(const SampleSet& samples, std::int64_t first, std::int64_t last, SecondOrder& out);

 private:
  void list(const Word* row, std::int32_t problem, DistinctRows& columns, Rows& rows);
  void evaluate(SecondOrder& out);
  Applied apply(std::int64_t state) const;
  double onto_zeros(std::int64_t sample) const;

  const ProblemFamily& family_;
  std::span<const EnergyScale> scales_;
  const Wavefunction& psi_;
  DistinctRows middle_, outer_;  // columns of the samples' rows, and of theirs
  Rows sample_rows_, middle_rows_;
  std::vector<Complex> log_psi_;  // [outer]
  std::vector<Applied> applied_;  // [middle]
  std::vector<Word> bits_;
  std::vector<Complex> elements_;
};

void Window::list(const Word* row, std::int32_t problem, DistinctRows& columns, Rows& rows) {
  const double* couplings = family_.problems[problem].couplings.data();
  const auto [energy, scale] = scales_[problem];
  bits_.clear();
  elements_.clear();
  const int count = family_.table.connected(row, couplings, bits_, elements_);
  rows.add(columns.number(row, problem), (family_.table.diagonal(row, couplings) - energy) / scale);
  for (int k = 0; k < count; ++k) rows.add(columns.number(bits_.data() + k * columns.rows().words, problem), elements_[k] / scale);
  rows.begin.push_back(static_cast<std::int64_t>(rows.column.size()));
}

// log psi of the outer states that have come new.
void Window::evaluate(SecondOrder& out) {
  const ConfigurationBatch& all = outer_.rows();
  const auto known = static_cast<std::int64_t>(log_psi_.size());
  ConfigurationBatch fresh(all.modes, 0);
  fresh.bits.assign(all.bits.begin() + known * all.words, all.bits.end());
  fresh.problem.assign(all.problem.begin() + known, all.problem.end());
  log_psi_.resize(all.rows());
  log_psi(psi_, fresh, std::span(log_psi_).subspan(known));
  out.evaluations += fresh.rows();
}

Applied Window::apply(std::int64_t state) const {
  const std::int64_t begin = middle_rows_.begin[state], end = middle_rows_.begin[state + 1];
  double largest = -std::numeric_limits<double>::infinity();
  for (std::int64_t k = begin; k < end; ++k) largest = std::max(largest, log_psi_[middle_rows_.column[k]].real());
  Applied sum;
  if (is_zero(largest)) return sum;
  sum.exponent = largest;
  for (std::int64_t k = begin; k < end; ++k) {
    const Complex log_psi = log_psi_[middle_rows_.column[k]];
    if (is_zero(log_psi)) continue;
    const Complex amplitude = std::exp(log_psi - largest);
    sum.mantissa += middle_rows_.element[k] * amplitude;
    if (k > begin) sum.around += std::norm(amplitude);
  }
  return sum;
}

double Window::onto_zeros(std::int64_t sample) const {
  double sum = 0;
  for (std::int64_t k = sample_rows_.begin[sample] + 1; k < sample_rows_.begin[sample + 1]; ++k) {
    const std::int32_t state = sample_rows_.column[k];
    if (!is_zero(log_psi_[middle_rows_.itself(state)])) continue;
    sum += std::norm(applied_[state].mantissa) / applied_[state].around;  // the sample is a neighbour with psi != 0
  }
  return sum;
}

void Window::add(const SampleSet& samples, std::int64_t first, std::int64_t last, SecondOrder& out) {
  middle_.clear();
  sample_rows_.clear();
  middle_rows_.clear();
  if (outer_.rows().rows() > most_amplitudes) {
    outer_.clear();
    log_psi_.clear();
  }
  for (std::int64_t i = first; i < last; ++i) list(samples.rows.row(i), samples.rows.problem[i], middle_, sample_rows_);
  const ConfigurationBatch& middle = middle_.rows();
  for (std::int64_t m = 0; m < middle.rows(); ++m) list(middle.row(m), middle.problem[m], outer_, middle_rows_);
  evaluate(out);
  applied_.clear();
  for (std::int64_t m = 0; m < middle.rows(); ++m) applied_.push_back(apply(m));
  for (std::int64_t i = first; i < last; ++i) {
    const std::int64_t row = i - first;
    const auto ratio = [&](std::int32_t state) {
      const Applied& value = applied_[state];
      return value.mantissa * std::exp(value.exponent - samples.log_psi[i]);
    };
    out.first.push_back(ratio(sample_rows_.itself(row)));
    Complex sum = 0;
    for (std::int64_t k = sample_rows_.begin[row]; k < sample_rows_.begin[row + 1]; ++k)
      sum += sample_rows_.element[k] * ratio(sample_rows_.column[k]);
    out.second.push_back(sum);
    out.onto_zeros.push_back(onto_zeros(row));
  }
}

}  // namespace

SecondOrder second_order(const ProblemFamily& family, std::span<const EnergyScale> scales, const Wavefunction& psi, const SampleSet& samples) {
  QS_ASSERT(samples.markov && static_cast<int>(scales.size()) == family.size());
  SecondOrder out;
  Window window(family, scales, psi);
  const std::int64_t rows = samples.rows.rows(), together = std::max<std::int64_t>(1, most_elements / elements_of_row(family.table));
  for (std::int64_t first = 0; first < rows; first += together) window.add(samples, first, std::min(rows, first + together), out);
  return out;
}

std::int64_t second_order_memory(const TermTable& op) {
  const std::int64_t elements = std::max(most_elements, elements_of_row(op));
  const std::int64_t listed = sizeof(Complex) + sizeof(std::int32_t);
  const std::int64_t kept = op.words() * static_cast<std::int64_t>(sizeof(Word)) + sizeof(std::int32_t) + sizeof(Complex) + 4 * sizeof(std::int32_t);
  return elements * listed + (most_amplitudes + elements) * kept;
}

}  // namespace qs
