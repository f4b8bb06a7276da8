#include "engine/stages/pretrain_stage.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>

#include "engine/base/error.h"
#include "engine/sampling/weights.h"
#include "engine/stages/infidelity_judge.h"
#include "engine/stages/quantities.h"
#include "engine/stages/step_columns.h"
#include "engine/wavefunctions/chunked.h"

namespace qs {
namespace {

// exp(log psi - shift), 0 for psi = 0.
std::complex<double> scaled_psi(std::complex<double> log_psi, double shift) {
  if (!(log_psi.real() > -std::numeric_limits<double>::infinity())) return 0;
  return std::exp(log_psi - shift);
}

double largest_modulus(std::span<const std::complex<double>> log_psi) {
  double largest = -std::numeric_limits<double>::infinity();
  for (const auto& value : log_psi) largest = std::max(largest, value.real());
  return largest;
}

// k-th of n stratified draws: one uniform number in each interval [k/n, (k+1)/n) of the cumulative distribution.
std::vector<std::int64_t> stratified_draws(const std::vector<double>& probability, std::int64_t n, RandomKey key, std::uint32_t stream,
                                           std::int64_t step) {
  std::vector<std::int64_t> multiplicity(probability.size(), 0);
  std::size_t i = 0;
  double cumulative = probability[0];
  for (std::int64_t k = 0; k < n; ++k) {
    const RandomWords words = random_words(key, stream, static_cast<std::uint64_t>(step), static_cast<std::uint32_t>(k));
    const double u = (static_cast<double>(k) + uniform01(words.word[0], words.word[1])) / static_cast<double>(n);
    while (cumulative <= u && i + 1 < probability.size()) cumulative += probability[++i];
    ++multiplicity[i];
  }
  return multiplicity;
}

// Length of a natural-gradient step towards the target: A/<A> - 1 has norm tan(theta), theta = arccos |z| the angle between the states, so this
// factor makes a step of the rate lr turn psi by 2 lr theta along the geodesic (optimizers follow 2 eps), however far the target is. 1 near the
// target.
double geodesic_factor(double overlap_squared) {
  const double cosine = std::sqrt(std::min(overlap_squared, 1.0)), sine = std::sqrt(std::max(0.0, 1 - overlap_squared));
  return sine > 0 ? std::acos(cosine) * cosine / sine : 1;
}

}  // namespace

Overlaps exact_overlaps(const std::vector<std::complex<double>>& log_psi, const std::vector<Amplitudes>& targets) {
  Overlaps overlaps;
  std::size_t begin = 0;
  double squares = 0;
  for (const Amplitudes& target : targets) {
    const std::span<const std::complex<double>> rows(log_psi.data() + begin, target.size());
    const double shift = largest_modulus(rows);
    std::complex<double> product = 0;
    double norm = 0;
    for (std::size_t i = 0; i < target.size(); ++i) {
      const std::complex<double> psi = scaled_psi(rows[i], shift);
      product += std::conj(psi) * target[i];
      norm += std::norm(psi);
    }
    overlaps.modulus.push_back(std::abs(product) / std::sqrt(norm));
    squares += std::norm(product) / norm;
    begin += target.size();
  }
  const double problems = static_cast<double>(targets.size());
  for (const double z : overlaps.modulus) overlaps.mean += z / problems;
  overlaps.minimum = overlaps.modulus.empty() ? 0 : *std::min_element(overlaps.modulus.begin(), overlaps.modulus.end());
  overlaps.loss = targets.empty() ? 0 : 1 - squares / problems;
  return overlaps;
}

PretrainStage::PretrainStage(PretrainOptions options, StageContext context, TargetSet train, TargetSet hold_out)
    : options_(std::move(options)),
      context_(std::move(context)),
      train_(std::move(train)),
      hold_out_(std::move(hold_out)),
      record_(Evidence::exact, options_.steps, train_.problems().size()) {}

void PretrainStage::begin(RunState& state) {
  show(context_, train_.problems());
  optimizer_ = make_optimizer(options_.optimizer, context_.psi->layout().total);
  if (state.optimizer.updates > 0) optimizer_->restore(state.optimizer);
  record_.restore(state.buffers);
  proposal_.clear();
  for (int g = 0; g < train_.problems().size(); ++g) {
    const auto kept = state.buffers.find(fmt::format("proposal_{:03}", g));
    if (kept != state.buffers.end()) proposal_.push_back(kept->second);
  }
  const auto kept = state.buffers.find("overlaps");
  if (kept == state.buffers.end()) return;
  // Shown until the next measurement.
  train_overlaps_.modulus.assign(kept->second.begin() + 4, kept->second.end());
  train_overlaps_.mean = kept->second[0];
  train_overlaps_.minimum = kept->second[1];
  train_overlaps_.loss = kept->second[2];
  hold_out_overlaps_.mean = kept->second[3];
}

void PretrainStage::save(RunState& state) {
  state.optimizer = optimizer_->state();
  state.buffers.clear();
  record_.save(state.buffers);
  for (std::size_t g = 0; g < proposal_.size(); ++g) state.buffers[fmt::format("proposal_{:03}", g)] = proposal_[g];
  std::vector<double>& kept = state.buffers["overlaps"];
  kept = {train_overlaps_.mean, train_overlaps_.minimum, train_overlaps_.loss, hold_out_overlaps_.mean};
  kept.insert(kept.end(), train_overlaps_.modulus.begin(), train_overlaps_.modulus.end());
}

Overlaps PretrainStage::measure(const TargetSet& set) {
  show(context_, set.problems());
  const SampleSet full = make_exact_sum(set.problems(), context_.comm)->sample(*context_.psi);
  return exact_overlaps(gather_rows(context_.comm, full.log_psi), set.states);
}

StepOutcome PretrainStage::step(RunState& state) {
  context_.psi->set_parameters(state.parameters);
  const bool everything = options_.rows == 0;
  const bool measures = state.step % options_.evaluate_every == 0;
  if (measures && !hold_out_.empty()) {
    hold_out_overlaps_ = clock_.measure("overlap", [&] { return measure(hold_out_); });
    show(context_, train_.problems());
  }
  std::optional<SampleSet> full;
  if (everything || measures) {
    full = clock_.measure("overlap", [&] { return make_exact_sum(train_.problems(), context_.comm)->sample(*context_.psi); });
    train_overlaps_ = exact_overlaps(gather_rows(context_.comm, full->log_psi), train_.states);
    if (!std::isfinite(train_overlaps_.loss))
      throw NumericalError(fmt::format(
          "non-finite overlap in pretraining step {} (the wavefunction overflowed); lower optimizer.lr or raise optimizer.diag_shift", state.step));
    record_.observe(infidelity(), state.parameters);
    if (!everything) refresh_proposal(*full);
  }
  if (train_overlaps_.mean >= options_.stop_overlap && context_.early_stop == EarlyStop::allowed) {
    StepOutcome outcome = describe(state.step, {});
    outcome.finished = true;
    outcome.notes.push_back(fmt::format("mean overlap {:.7f} reached after {} steps", train_overlaps_.mean, state.step));
    return outcome;
  }
  const SampleSet samples = everything ? std::move(*full) : clock_.measure("draw", [&] { return drawn_rows(state.step); });
  const std::vector<std::complex<double>> target = target_rows(samples);
  std::optional<InfidelityJudge> judge;
  if (options_.optimizer.control == Control::adaptive)
    judge.emplace(everything ? Evidence::exact : Evidence::drawn, context_.comm, *context_.psi, state.parameters, samples, target);
  const StepReport report = clock_.measure("update", [&] {
    return optimizer_->update({*context_.psi, samples, context_.comm, &clock_, judge ? &*judge : nullptr}, residual(samples, target),
                              state.parameters);
  });
  return describe(state.step, report);
}

// ((|psi|^2 + |phi|^2)/2)^(power/2), normalised: half the rows where psi is large (its errors cost overlap), half where the target is (what psi
// misses). The noise of the gradient is least for q ~ |dpsi| |psi - phi|, which is flatter than |psi|^2: hence the power.
void PretrainStage::refresh_proposal(const SampleSet& full) {
  const auto weight = gather_rows(context_.comm, full.weight);
  proposal_.assign(train_.states.size(), {});
  std::size_t row = 0;
  for (std::size_t g = 0; g < proposal_.size(); ++g) {
    double sum = 0;
    for (const auto& amplitude : train_.states[g]) {
      sum += proposal_[g].emplace_back(std::pow((weight[row++] + std::norm(amplitude)) / 2, options_.power / 2));
    }
    for (double& probability : proposal_[g]) probability /= sum;
  }
}

SampleSet PretrainStage::drawn_rows(std::int64_t step) const {
  // Every rank draws the same list and keeps the rows of its own blocks.
  const Problems problems = train_.problems();
  ConfigurationBatch all(problems.modes(), 0);
  std::vector<double> count_over_probability;
  for (int g = 0; g < problems.size(); ++g) {
    const auto multiplicity = stratified_draws(proposal_[g], options_.rows, context_.key, static_cast<std::uint32_t>(g), step);
    for (std::size_t i = 0; i < multiplicity.size(); ++i) {
      if (multiplicity[i] == 0) continue;
      const Word state = problems[g].sector.state(static_cast<std::int64_t>(i));
      all.push_back(&state, g);
      count_over_probability.push_back(static_cast<double>(multiplicity[i]) / proposal_[g][i]);
    }
  }
  SampleSet samples{.rows = ConfigurationBatch(problems.modes(), 0),
                    .log_psi = {},
                    .weight = {},
                    .block_begin = {0},
                    .blocks = Blocks::of_grains(all.rows(), rows_per_grain, context_.comm.size(), context_.comm.rank()),
                    .problems = problems.size(),
                    .samples_per_chain = 1,
                    .markov = false,
                    .total_rows = all.rows()};
  for (int block = samples.blocks.first(); block < samples.blocks.last(); ++block) {
    for (std::int64_t i = samples.blocks.begin(block); i < samples.blocks.end(block); ++i) {
      samples.rows.push_back(all.row(i), all.problem[i]);
      samples.weight.push_back(count_over_probability[i]);
    }
    samples.block_begin.push_back(samples.rows.rows());
  }
  samples.log_psi = log_psi(*context_.psi, samples.rows);
  reweight_by_psi(context_.comm, samples);
  return samples;
}

LossPoint PretrainStage::infidelity() const {
  LossPoint loss;
  for (const double z : train_overlaps_.modulus) loss.mean.push_back(1 - z * z);
  loss.error.resize(loss.mean.size());
  return loss;
}

// phi at my rows.
std::vector<std::complex<double>> PretrainStage::target_rows(const SampleSet& samples) const {
  const Problems problems = train_.problems();
  std::vector<std::complex<double>> target;
  for (std::int64_t i = 0; i < samples.rows.rows(); ++i) {
    const int g = samples.rows.problem[i];
    target.push_back(train_.states[g][problems[g].sector.index(*samples.rows.row(i))]);
  }
  return target;
}

// eps_i = -f_g (A_i / <A>_g - 1), A = phi / psi; f = |z|^2 for the gradient of the loss, the geodesic factor for the natural gradient.
std::vector<std::complex<double>> PretrainStage::residual(const SampleSet& samples, const std::vector<std::complex<double>>& target) const {
  const auto all_log_psi = gather_rows(context_.comm, samples.log_psi);
  const auto all_problems = gather_rows(context_.comm, samples.rows.problem);
  const auto all_weights = gather_rows(context_.comm, samples.weight);
  std::vector<double> shift(samples.problems, -std::numeric_limits<double>::infinity());
  for (std::size_t i = 0; i < all_log_psi.size(); ++i) shift[all_problems[i]] = std::max(shift[all_problems[i]], all_log_psi[i].real());

  std::vector<std::complex<double>> ratio(samples.rows.rows());
  for (std::int64_t i = 0; i < samples.rows.rows(); ++i) {
    const int g = samples.rows.problem[i];
    const std::complex<double> psi = scaled_psi(samples.log_psi[i], shift[g]);
    ratio[i] = samples.weight[i] > 0 ? target[i] / psi : 0;
  }
  const auto all_ratios = gather_rows(context_.comm, ratio);
  std::vector<std::complex<double>> mean(samples.problems);
  std::vector<double> square(samples.problems, 0.0);
  for (std::size_t i = 0; i < all_ratios.size(); ++i) {
    mean[all_problems[i]] += all_weights[i] * all_ratios[i];
    square[all_problems[i]] += all_weights[i] * std::norm(all_ratios[i]);
  }
  const bool natural = is_natural(options_.optimizer.kind);
  for (std::int64_t i = 0; i < samples.rows.rows(); ++i) {
    const int g = samples.rows.problem[i];
    const double overlap_squared = std::norm(mean[g]) / square[g];
    const double factor = natural ? geodesic_factor(overlap_squared) : overlap_squared;
    ratio[i] = -factor * (ratio[i] / mean[g] - 1.0);
  }
  return ratio;
}

std::vector<std::string> PretrainStage::trace_columns() const {
  std::vector<std::string> columns = {"step", "loss", "overlap", "overlap_min", "overlap_hold_out"};
  for (const std::string& name : step_columns()) columns.push_back(name);
  for (int g = 0; g < train_.problems().size(); ++g) columns.push_back(fmt::format("overlap_{:02}", g));
  return columns;
}

StepOutcome PretrainStage::describe(std::int64_t step, const StepReport& report) const {
  StepOutcome outcome;
  outcome.trace_row = {static_cast<double>(step), train_overlaps_.loss, train_overlaps_.mean, train_overlaps_.minimum, hold_out_overlaps_.mean};
  for (const double value : step_values(report)) outcome.trace_row.push_back(value);
  outcome.trace_row.insert(outcome.trace_row.end(), train_overlaps_.modulus.begin(), train_overlaps_.modulus.end());
  outcome.shown = {{"overlap", fmt::format("{:.6f}", train_overlaps_.mean)}, {"lowest", fmt::format("{:.6f}", train_overlaps_.minimum)}};
  if (!hold_out_.empty()) outcome.shown.emplace_back("held out", fmt::format("{:.6f}", hold_out_overlaps_.mean));
  return outcome;
}

std::vector<std::string> PretrainStage::finish(RunState& state) {
  store_trace(state.trace, context_.group, state.outputs);
  context_.psi->set_parameters(state.parameters);
  train_overlaps_ = measure(train_);
  // The infidelity falls to the end, and steps on drawn rows scatter by more than their best, which is what is kept.
  const Loss loss{"infidelity", "1", std::numeric_limits<double>::infinity(), 1};
  const LossPoint reached = infidelity();
  const LastStep last{state.parameters, reached};
  const TrainingEnd end = end_training(record_, options_.keep, loss, last);
  store_training_end(end, record_, loss, last, context_.group, state.outputs);
  state.parameters = end.parameters;
  context_.psi->set_parameters(state.parameters);
  const auto store = [&](const TargetSet& set, const std::string& group) {
    if (set.empty()) return;
    const Overlaps overlaps = measure(set);
    state.outputs.set("stages/" + group + "/overlap", with(array(overlaps.modulus), quantity_attributes("overlap")));
    store_couplings(set.problems(), group, state.outputs);
  };
  store(train_, context_.group);
  store(hold_out_, context_.group + "/hold_out");
  return end.warnings;
}

}  // namespace qs
