#include "engine/stages/infidelity_judge.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>

#include "engine/wavefunctions/chunked.h"

namespace qs {

using Complex = std::complex<double>;

InfidelityJudge::InfidelityJudge(Evidence evidence, Communicator& comm, Wavefunction& psi, const std::vector<double>& parameters,
                                 const SampleSet& samples, const std::vector<Complex>& target)
    : evidence_(evidence),
      comm_(comm),
      psi_(psi),
      parameters_(parameters),
      samples_(samples),
      rows_(all_rows(comm, samples)),
      log_psi_(gather_rows(comm, samples.log_psi)),
      ratio_(gather_rows(comm, target)),
      overlap_(samples.problems) {
  std::vector<double> largest(rows_.problems, -std::numeric_limits<double>::infinity()), norm(rows_.problems);
  for (std::size_t i = 0; i < ratio_.size(); ++i) largest[rows_.problem[i]] = std::max(largest[rows_.problem[i]], log_psi_[i].real());
  for (std::size_t i = 0; i < ratio_.size(); ++i) {
    const bool counts = rows_.weight[i] > 0;
    ratio_[i] = counts ? ratio_[i] / std::exp(log_psi_[i] - largest[rows_.problem[i]]) : 0;
    norm[rows_.problem[i]] += rows_.weight[i] * std::norm(ratio_[i]);
  }
  for (std::size_t i = 0; i < ratio_.size(); ++i) {
    ratio_[i] /= std::sqrt(norm[rows_.problem[i]]);
    overlap_[rows_.problem[i]] += rows_.weight[i] * ratio_[i];
  }
}

double InfidelityJudge::loss() const {
  double sum = 0;
  for (const Complex& z : overlap_) sum += 1 - std::norm(z);
  return sum / rows_.problems;
}

// Of 1, what the infidelity is a difference from.
double InfidelityJudge::tolerance() const { return loss_tolerance(psi_.precision(), 1); }

std::optional<TangentModel> InfidelityJudge::model(std::span<const double> image) {
  const std::vector<Complex> change = relative_change(rows_, image);
  std::vector<TangentModel::Problem> problems(rows_.problems);
  std::vector<Complex> moved(rows_.problems);  // <delta|phi>
  for (std::size_t i = 0; i < change.size(); ++i) {
    moved[rows_.problem[i]] += rows_.weight[i] * std::conj(change[i]) * ratio_[i];
    problems[rows_.problem[i]].c += rows_.weight[i] * std::norm(change[i]);
  }
  for (int g = 0; g < rows_.problems; ++g) {
    problems[g].loss = 1 - std::norm(overlap_[g]);
    problems[g].a = -(std::conj(overlap_[g]) * moved[g]).real();
    problems[g].b = problems[g].c - std::norm(moved[g]);
  }
  return TangentModel(std::move(problems));
}

std::vector<Complex> InfidelityJudge::log_ratios_at(std::span<const double> parameters) {
  const AtParameters there(psi_, parameters, parameters_);
  return log_ratios(gather_rows(comm_, log_psi(psi_, samples_.rows)), log_psi_);
}

Achieved InfidelityJudge::achieved(std::span<const double> parameters) {
  const std::vector<Complex> log_ratio = log_ratios_at(parameters);
  std::vector<double> largest(rows_.problems, -std::numeric_limits<double>::infinity()), norm(rows_.problems);
  for (std::size_t i = 0; i < log_ratio.size(); ++i) {
    if (rows_.weight[i] > 0) largest[rows_.problem[i]] = std::max(largest[rows_.problem[i]], log_ratio[i].real());
  }
  std::vector<Complex> product(rows_.problems);
  for (std::size_t i = 0; i < log_ratio.size(); ++i) {
    if (!(rows_.weight[i] > 0)) continue;
    const Complex r = std::exp(log_ratio[i] - largest[rows_.problem[i]]);  // NaN, if psi is not finite there, spreads to the loss
    product[rows_.problem[i]] += rows_.weight[i] * std::conj(r) * ratio_[i];
    norm[rows_.problem[i]] += rows_.weight[i] * std::norm(r);
  }
  double after = 0;
  for (int g = 0; g < rows_.problems; ++g) after += (1 - std::norm(product[g]) / norm[g]) / rows_.problems;
  return {.decrease = loss() - after};
}

double InfidelityJudge::distance(std::span<const double> parameters) { return path_length(rows_, log_ratios_at(parameters)); }

}  // namespace qs
