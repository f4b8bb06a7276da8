#include "engine/stages/energy_judge.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>

#include "engine/base/error.h"
#include "engine/energy/local_energy.h"
#include "engine/stages/measure.h"
#include "engine/stages/trial.h"
#include "engine/wavefunctions/chunked.h"

namespace qs {
namespace {

using Complex = std::complex<double>;
constexpr double not_a_number = std::numeric_limits<double>::quiet_NaN();

double mean_energy(const Problems& problems, const std::vector<Estimate>& energy) {
  double sum = 0;
  for (int g = 0; g < problems.size(); ++g) sum += problems.energy_weight(g) * energy[g].mean.real();
  return sum / problems.size();
}

class ExactEnergyJudge final : public StepJudge {
 public:
  explicit ExactEnergyJudge(const EnergyStep& step)
      : step_(step), rows_(all_rows(step.comm, step.samples)), log_psi_(gather_rows(step.comm, step.samples.log_psi)) {}

  Evidence evidence() const override { return Evidence::exact; }
  double loss() const override { return mean_energy(step_.problems, step_.energy); }
  double tolerance() const override { return loss_tolerance(step_.psi.precision(), loss()); }

  std::optional<TangentModel> model(std::span<const double> image) override {
    std::vector<Complex> delta = relative_change(rows_, image);  // |u_i| D_i with the phase of u_i, of all rows
    for (std::size_t i = 0; i < delta.size(); ++i) delta[i] *= amplitude(i);
    std::vector<Complex> mine;
    on_all(step_.comm, [&] { mine = apply_hamiltonian_exact(step_.problems, step_.samples, delta); });
    const std::vector<Complex> h_delta = gather_rows(step_.comm, mine), local = gather_rows(step_.comm, step_.local);
    std::vector<TangentModel::Problem> problems(rows_.problems);
    for (int g = 0; g < rows_.problems; ++g) problems[g].loss = step_.problems.energy_weight(g) * step_.energy[g].mean.real();
    for (std::size_t i = 0; i < delta.size(); ++i) {
      if (!(rows_.weight[i] > 0)) continue;
      TangentModel::Problem& p = problems[rows_.problem[i]];
      const double weight = step_.problems.energy_weight(rows_.problem[i]);
      const Complex residual = (local[i] - step_.energy[rows_.problem[i]].mean) * amplitude(i);  // (H - E) u
      p.a += weight * (std::conj(residual) * delta[i]).real();
      p.b += weight * (std::conj(delta[i]) * h_delta[i]).real();
      p.c += std::norm(delta[i]);
    }
    return TangentModel(std::move(problems));
  }

  Achieved achieved(std::span<const double> parameters) override {
    const AtParameters there(step_.psi, parameters, step_.parameters);
    try {
      const SampleSet samples = step_.sampler.sample(step_.psi);
      const auto local = sampled_energies(step_.comm, step_.problems, step_.psi, samples);
      return {.decrease = loss() - mean_energy(step_.problems, estimate(step_.comm, samples, local, "local energy"))};
    } catch (const NumericalError&) {  // on every rank alike
      return {.decrease = not_a_number};
    }
  }

  double distance(std::span<const double> parameters) override {
    const AtParameters there(step_.psi, parameters, step_.parameters);
    return path_length(rows_, log_ratios(gather_rows(step_.comm, log_psi(step_.psi, step_.samples.rows)), log_psi_));
  }

 private:
  Complex amplitude(std::size_t i) const { return rows_.weight[i] > 0 ? std::polar(std::sqrt(rows_.weight[i]), log_psi_[i].imag()) : 0; }

  EnergyStep step_;
  AllRows rows_;
  std::vector<Complex> log_psi_;
};

// Whole chains, evenly spread over the ranks, in the order of the samples: enough to see whether a step goes down, few enough to be cheap.
class SampledEnergyJudge final : public StepJudge {
 public:
  explicit SampledEnergyJudge(const EnergyStep& step) : step_(step), subset_(chosen_chains()) {
    rows_ = all_rows(step.comm, subset_);
    std::vector<double> sum(rows_.problems);
    for (std::size_t i = 0; i < rows_.weight.size(); ++i) sum[rows_.problem[i]] += rows_.weight[i];
    for (std::size_t i = 0; i < rows_.weight.size(); ++i) rows_.weight[i] /= sum[rows_.problem[i]];
    log_psi_ = gather_rows(step.comm, subset_.log_psi);
    energy_ = gather_rows(step.comm, local_);
  }

  Evidence evidence() const override { return Evidence::sampled; }
  double loss() const override { return mean_energy(step_.problems, step_.energy); }
  double tolerance() const override { return loss_tolerance(step_.psi.precision(), loss()); }
  std::optional<TangentModel> model(std::span<const double>) override { return std::nullopt; }

  Achieved achieved(std::span<const double> parameters) override {
    const AtParameters there(step_.psi, parameters, step_.parameters);
    SampleSet moved = subset_;
    std::vector<Complex> local;
    on_all(step_.comm, [&] {
      moved.log_psi = log_psi(step_.psi, subset_.rows);
      local = local_energies(step_.problems, step_.psi, moved);
    });
    return compare(log_ratios(gather_rows(step_.comm, moved.log_psi), log_psi_), gather_rows(step_.comm, local));
  }

  double distance(std::span<const double> parameters) override {
    const AtParameters there(step_.psi, parameters, step_.parameters);
    return path_length(rows_, log_ratios(gather_rows(step_.comm, log_psi(step_.psi, subset_.rows)), log_psi_));
  }

 private:
  static constexpr std::int64_t least_samples = 64, share = 16;

  SampleSet chosen_chains() {
    const SampleSet& samples = step_.samples;
    const std::int64_t n = samples.samples_per_chain, chains = samples.total_rows / samples.problems / n;
    const std::int64_t wanted = std::min(chains, (std::max(least_samples, chains * n / share) + n - 1) / n), stride = chains / wanted;
    const std::int64_t first_chain = first_row(step_.comm, samples) / n;
    SampleSet subset{.rows = ConfigurationBatch(samples.rows.modes, 0),
                     .log_psi = {},
                     .weight = {},
                     .block_begin = {},
                     .blocks = samples.blocks,
                     .problems = samples.problems,
                     .samples_per_chain = n,
                     .markov = true,
                     .total_rows = 0};
    for (std::int64_t i = 0; i < samples.rows.rows(); ++i) {
      if ((first_chain + i / n) % chains % stride != 0) continue;
      subset.rows.push_back(samples.rows.row(i), samples.rows.problem[i]);
      subset.log_psi.push_back(samples.log_psi[i]);
      subset.weight.push_back(samples.weight[i]);
      local_.push_back(step_.local[i]);
    }
    return subset;
  }

  // E' = sum w r E'_loc / sum w r with r = |psi'/psi|^2. The difference of the energies has the error of the mean of
  // z = (E_loc - E) - r / <r> (E'_loc - E'), row by row of the same chains.
  Achieved compare(const std::vector<Complex>& log_ratio, const std::vector<Complex>& after) const {
    Achieved total{.decrease = 0, .error = 0, .effective = 1};
    for (int g = 0; g < rows_.problems; ++g) {
      const Achieved one = compare_problem(g, log_ratio, after);
      const double weight = step_.problems.energy_weight(g);
      total.decrease += weight * one.decrease / rows_.problems;
      total.error = std::hypot(total.error, weight * one.error / rows_.problems);
      total.effective = std::min(total.effective, one.effective);
    }
    return total;
  }

  Achieved compare_problem(int g, const std::vector<Complex>& log_ratio, const std::vector<Complex>& after) const {
    std::vector<std::size_t> rows;
    double largest = -std::numeric_limits<double>::infinity();
    for (std::size_t i = 0; i < rows_.weight.size(); ++i) {
      if (rows_.problem[i] != g) continue;
      rows.push_back(i);
      if (!(rows_.weight[i] > 0)) continue;  // psi = 0: the ratio has no value
      if (!std::isfinite(std::norm(log_ratio[i])) || !std::isfinite(std::norm(after[i]))) return {.decrease = not_a_number};
      largest = std::max(largest, log_ratio[i].real());
    }
    double count = 0;  // of rows with weight
    std::vector<double> r(rows.size());
    double sum = 0, before_mean = 0, after_mean = 0, weight_sum = 0, weight_squares = 0;
    for (std::size_t k = 0; k < rows.size(); ++k) {
      const double w = rows_.weight[rows[k]];
      if (!(w > 0)) continue;
      ++count;
      r[k] = std::exp(2 * (log_ratio[rows[k]].real() - largest));
      sum += w * r[k];
      before_mean += w * energy_[rows[k]].real();
      after_mean += w * r[k] * after[rows[k]].real();
      weight_sum += r[k];
      weight_squares += r[k] * r[k];
    }
    after_mean /= sum;
    std::vector<Complex> z(rows.size());
    const double all = static_cast<double>(rows.size());
    for (std::size_t k = 0; k < rows.size(); ++k) {
      const double w = all * rows_.weight[rows[k]];
      if (w > 0) z[k] = w * ((energy_[rows[k]].real() - before_mean) - r[k] / sum * (after[rows[k]].real() - after_mean));
    }
    const std::vector<double> equal(rows.size(), 1 / all);
    const Estimate difference =
        estimate_chains(z, equal, static_cast<std::int64_t>(rows.size()) / subset_.samples_per_chain, subset_.samples_per_chain);
    return {.decrease = before_mean - after_mean, .error = difference.error, .effective = weight_sum * weight_sum / (weight_squares * count)};
  }

  EnergyStep step_;
  std::vector<Complex> local_;  // of my chosen rows
  SampleSet subset_;
  AllRows rows_;
  std::vector<Complex> log_psi_, energy_;
};

}  // namespace

std::unique_ptr<StepJudge> make_energy_judge(const EnergyStep& step) {
  if (step.samples.markov) return std::make_unique<SampledEnergyJudge>(step);
  return std::make_unique<ExactEnergyJudge>(step);
}

}  // namespace qs
