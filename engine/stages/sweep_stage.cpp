#include "engine/stages/sweep_stage.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <utility>

#include "engine/base/error.h"
#include "engine/sampling/weights.h"
#include "engine/stages/quantities.h"
#include "engine/stages/sampling_report.h"
#include "engine/stages/thermalise.h"
#include "engine/stages/trial.h"
#include "engine/statistics/jackknife.h"
#include "engine/wavefunctions/chunked.h"

namespace qs {
namespace {

using Complex = std::complex<double>;

constexpr double mixed = 1.05;            // R-hat of an anchor's chains
constexpr std::int64_t most_blocks = 64;  // of the jackknife

// Of all ranks.
struct Rows {
  std::vector<double> weight;  // sums to 1
  std::int64_t per_block;      // rows of a block of whole chains; 0: an exact sum, which has no error
};

Rows rows_of(Communicator& comm, const SampleSet& samples) {
  Rows rows{gather_rows(comm, samples.weight), 0};
  const auto all = static_cast<std::int64_t>(rows.weight.size());
  const std::int64_t chains = all / samples.samples_per_chain;
  if (samples.markov) rows.per_block = (chains + most_blocks - 1) / most_blocks * samples.samples_per_chain;
  return rows;
}

struct WithError {
  double value, error;
};

// Of sums of w (1, Re x, Im x, |x|^2).
WithError of_moments(const Rows& rows, const std::vector<Complex>& x, const OfSums& estimator) {
  const auto all = static_cast<std::int64_t>(x.size());
  const std::int64_t size = rows.per_block > 0 ? rows.per_block : all;
  BlockSums blocks;
  for (std::int64_t i = 0; i < all; ++i) {
    if (i % size == 0) blocks.emplace_back(4);
    const double w = rows.weight[i];
    if (!(w > 0)) continue;  // psi = 0: x has no value
    std::vector<double>& sum = blocks.back();
    sum[0] += w;
    sum[1] += w * x[i].real();
    sum[2] += w * x[i].imag();
    sum[3] += w * std::norm(x[i]);
  }
  const double error = rows.per_block > 0 ? std::sqrt(jackknife_variance(blocks, estimator)) : 0;  // of one chain nobody knows it
  return {estimator(total_of(blocks)), error};
}

double spread(std::span<const double> sum) { return sum[3] / sum[0] - (sum[1] * sum[1] + sum[2] * sum[2]) / (sum[0] * sum[0]); }
double fidelity(std::span<const double> sum) { return (sum[1] * sum[1] + sum[2] * sum[2]) / (sum[0] * sum[3]); }

double effective_share(const std::vector<double>& weight) {
  double squares = 0;
  for (const double w : weight) squares += w * w;
  return 1 / (squares * static_cast<double>(weight.size()));
}

}  // namespace

SweepStage::SweepStage(SweepOptions options, StageContext context, ProblemFamily shifted, double shift)
    : options_(std::move(options)),
      context_(std::move(context)),
      shifted_(std::move(shifted)),
      shift_(shift),
      one_(context_.family),
      points_(one_.size()) {}

void SweepStage::begin(RunState& state) {
  const auto kept = state.buffers.find("points");
  if (kept == state.buffers.end()) return;
  const double* value = kept->second.data();
  reach_ = static_cast<int>(*value++);
  attempted_ = static_cast<int>(*value++);
  for (Point& p : points_)
    for (double Point::*field : fields) p.*field = *value++;
}

void SweepStage::save(RunState& state) {
  std::vector<double>& kept = state.buffers["points"];
  kept = {static_cast<double>(reach_), static_cast<double>(attempted_)};
  for (const Point& p : points_)
    for (double Point::*field : fields) kept.push_back(p.*field);
}

const ProblemFamily& SweepStage::only(const ProblemFamily& family, int problem) {
  one_.problems = {family.problems[problem]};
  one_.varied_values = {family.varied_values[problem]};
  show(context_, one_);
  return one_;
}

std::vector<Complex> SweepStage::log_psi_of(const ProblemFamily& family, int problem, const ConfigurationBatch& rows) {
  only(family, problem);
  std::vector<Complex> values;
  on_all(context_.comm, [&] { values = log_psi(*context_.psi, rows); });
  return values;
}

int SweepStage::covered() const {
  return static_cast<int>(std::count_if(points_.begin(), points_.end(), [](const Point& p) { return p.effective > 0; }));
}

// As far to the right of the first uncovered point as the last anchor reached; if that one did not come back to it, the point itself.
int SweepStage::next_anchor() {
  const auto open = std::find_if(points_.begin(), points_.end(), [](const Point& p) { return p.effective == 0; });
  const int first = static_cast<int>(open - points_.begin()), last = static_cast<int>(points_.size()) - 1;
  const bool again = std::exchange(attempted_, first) == first;
  return again ? first : std::min(first + reach_, last);
}

bool SweepStage::visit(int point, int anchor, const SampleSet& samples) {
  if (point != anchor && !samples.markov) return false;
  Communicator& comm = context_.comm;
  SampleSet here = samples;
  if (point != anchor) {
    here.log_psi = log_psi_of(context_.family, point, samples.rows);
    std::vector<double> log_weight;
    for (std::size_t i = 0; i < here.log_psi.size(); ++i)
      log_weight.push_back(samples.weight[i] > 0 ? 2 * (here.log_psi[i].real() - samples.log_psi[i].real()) : 0);
    reweight(comm, log_weight, here);
  }
  const Rows rows = rows_of(comm, here);
  const double effective = point == anchor ? 1 : effective_share(rows.weight);
  if (point != anchor && (effective < options_.least_effective || effective <= points_[point].effective)) return false;

  Point result{.effective = effective, .anchor = static_cast<double>(anchor)};
  const ProblemFamily& family = only(context_.family, point);
  const auto local = clock_.measure("local_energy", [&] { return sampled_energies(comm, family, *context_.psi, here); });
  const Estimate energy = estimate(comm, here, local, "local energy")[0];
  result.energy = energy.mean.real();
  result.error = energy.error;
  result.variance = energy.variance;
  result.rhat = energy.rhat.value_or(1);
  clock_.measure("ratios", [&] {
    const std::vector<Complex> down = log_psi_of(shifted_, 2 * point, here.rows), up = log_psi_of(shifted_, 2 * point + 1, here.rows);
    std::vector<Complex> derivative = log_ratios(up, down);
    for (Complex& each : derivative) each /= 2 * shift_;
    const WithError chi = of_moments(rows, gather_rows(comm, derivative), spread);
    result.susceptibility = chi.value;
    result.susceptibility_error = chi.error;
    if (point + 1 == context_.family.size()) return;
    std::vector<Complex> ratio = log_ratios(log_psi_of(context_.family, point + 1, here.rows), here.log_psi);
    for (Complex& each : ratio) each = std::exp(each);
    const WithError overlap = of_moments(rows, gather_rows(comm, ratio), fidelity);
    result.fidelity = overlap.value;
    result.fidelity_error = overlap.error;
  });
  points_[point] = result;
  return true;
}

StepOutcome SweepStage::step(RunState& state) {
  context_.psi->set_parameters(state.parameters);
  const int anchor = next_anchor(), count = context_.family.size();
  RandomKey key = context_.key;
  key.seed += static_cast<std::uint64_t>(anchor) << 32;  // chains of their own
  const ProblemFamily at_anchor = only(context_.family, anchor);
  const auto sampler = make_sampler(options_.sampler, at_anchor, context_.comm, key);
  StepOutcome outcome;
  const Thermalisation start =
      clock_.measure("thermalise", [&] { return thermalise(*sampler, options_.sampler, at_anchor, context_.comm, *context_.psi); });
  outcome.warnings = start.warnings();
  const SampleSet samples = clock_.measure("sample", [&] { return sampler->sample(*context_.psi); });
  for (std::string& warning : movement_warnings(sampler->acceptance_counts(context_.comm), at_anchor, options_.sampler.metropolis.chains))
    outcome.warnings.push_back(std::move(warning));

  const int before = covered();
  int right = anchor, left = anchor - 1;
  while (right < count && visit(right, anchor, samples)) ++right;
  while (left >= 0 && visit(left, anchor, samples)) --left;
  reach_ = right - anchor - 1;
  if (samples.markov && points_[anchor].rhat > mixed)
    outcome.warnings.push_back(
        fmt::format("{}the chains have not mixed (R-hat {:.3f}), and every point with their samples shares the doubt; raise "
                    "sampler.samples or sweep_size",
                    Problems(at_anchor).prefix(0), points_[anchor].rhat));
  outcome.trace_row = {static_cast<double>(state.step), static_cast<double>(anchor), static_cast<double>(covered() - before)};
  outcome.shown = {{"points", fmt::format("{} of {}", covered(), count)}, {"anchor", context_.family.problems[anchor].label}};
  outcome.finished = covered() == count;
  if (outcome.finished) describe_end(outcome);
  return outcome;
}

void SweepStage::describe_end(StepOutcome& outcome) const {
  const auto peak =
      std::max_element(points_.begin(), points_.end(), [](const Point& a, const Point& b) { return a.susceptibility < b.susceptibility; });
  std::vector<double> anchors;
  for (const Point& p : points_) anchors.push_back(p.anchor);
  std::sort(anchors.begin(), anchors.end());
  const auto different = std::unique(anchors.begin(), anchors.end()) - anchors.begin();
  outcome.notes.push_back(fmt::format("{} points from the samples of {}; fidelity susceptibility up to {} at {}", points_.size(), different,
                                      format_with_error(peak->susceptibility, peak->susceptibility_error),
                                      context_.family.problems[peak - points_.begin()].label));
}

std::vector<std::string> SweepStage::finish(RunState& state) {
  store_trace(state.trace, context_.group, state.outputs);
  store_couplings(context_.family, context_.group, state.outputs);
  const std::string group = "stages/" + context_.group + "/";
  const auto put = [&](const std::string& path, auto&& value) {
    std::vector<double> values;
    for (std::size_t p = 0; p < points_.size(); ++p) values.push_back(value(points_[p], context_.family.problems[p]));
    store_values(state.outputs, group + path, std::move(values), {static_cast<std::int64_t>(points_.size())},
                 quantity_attributes(path.substr(path.find('/') + 1), context_.family.hamiltonian.convention));
  };
  put("energy/mean", [](const Point& p, const Problem&) { return p.energy; });
  put("energy/error", [](const Point& p, const Problem&) { return p.error; });
  put("energy/variance", [](const Point& p, const Problem&) { return p.variance; });
  put("energy/rhat", [](const Point& p, const Problem&) { return p.rhat; });
  put("energy/vscore", [](const Point& p, const Problem& of) {
    return v_score(p.variance, p.energy, of.sector.degrees_of_freedom(), of.infinite_temperature_energy);
  });
  put("sweep/effective", [](const Point& p, const Problem&) { return p.effective; });
  put("sweep/anchor", [](const Point& p, const Problem&) { return p.anchor; });
  put("sweep/susceptibility", [](const Point& p, const Problem&) { return p.susceptibility; });
  put("sweep/susceptibility_error", [](const Point& p, const Problem&) { return p.susceptibility_error; });
  put("sweep/fidelity", [](const Point& p, const Problem&) { return p.fidelity; });
  put("sweep/fidelity_error", [](const Point& p, const Problem&) { return p.fidelity_error; });
  return {};
}

}  // namespace qs
