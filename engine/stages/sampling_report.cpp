#include "engine/stages/sampling_report.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <utility>

namespace qs {
namespace {

constexpr double least_acceptance = 1e-3;  // below, nobody knows what chains have not seen
constexpr double low_acceptance = 0.02, high_acceptance = 0.98;
constexpr double low_swaps = 0.1;        // below, states hardly come down the ladder
constexpr std::size_t shown_values = 4;  // of an observable, one by one

std::vector<double> ratios_of(const std::vector<std::int64_t>& accepted, const std::vector<std::int64_t>& proposed) {
  std::vector<double> ratios;
  for (std::size_t i = 0; i < proposed.size(); ++i)
    ratios.push_back(proposed[i] > 0 ? static_cast<double>(accepted[i]) / static_cast<double>(proposed[i]) : 0.0);
  return ratios;
}

std::vector<double> move_ratios(const Acceptance& acceptance) { return ratios_of(acceptance.move_accepted, acceptance.move_proposed); }
std::vector<double> swap_ratios(const Acceptance& acceptance) { return ratios_of(acceptance.swap_accepted, acceptance.swap_proposed); }

}  // namespace

std::string movement_doubt(const Acceptance& acceptance, int problem, std::int64_t chains) {
  const std::int64_t still = acceptance.still[problem];
  if (still > 0) return fmt::format("{} of {} chains did not move", still, chains);
  const double ratio = acceptance_ratios(acceptance)[problem];
  return acceptance.accepted[problem] > 0 && ratio < least_acceptance ? fmt::format("acceptance {:.1e} < {:.0e}", ratio, least_acceptance) : "";
}

std::vector<std::string> movement_warnings(const Acceptance& acceptance, const Problems& problems, std::int64_t chains) {
  std::vector<std::string> warnings;
  const std::vector<double> ratios = acceptance_ratios(acceptance), swaps = swap_ratios(acceptance);
  for (std::size_t g = 0; g < ratios.size(); ++g) {
    const std::string who = problems.prefix(static_cast<int>(g));
    const bool fixed = acceptance.accepted[g] == 0 && acceptance.still[g] == 0;  // a sector of one state
    if (2 * acceptance.still[g] > chains) warnings.push_back(who + "most chains are frozen: none of their proposals was accepted");
    if (!fixed && ratios[g] < low_acceptance)
      warnings.push_back(fmt::format("{}fewer than {} of the proposals are accepted; use smaller moves or more sweeps", who, low_acceptance));
    if (acceptance.invalid[g] > 0)
      warnings.push_back(who + "proposals whose log psi is not a number were rejected; the network overflows on some configurations");
    const std::size_t of_problem = swaps.size() / ratios.size();
    for (std::size_t k = 0; k < of_problem; ++k) {
      if (swaps[g * of_problem + k] >= low_swaps) continue;
      warnings.push_back(
          fmt::format("{}fewer than {} of the swaps between replicas {} and {} are accepted; put another beta between them in tempering", who,
                      low_swaps, k + 1, k + 2));
    }
  }
  return warnings;
}

void report_sampling(const Measurements& measured, const Thermalisation& start, const ProblemFamily& family, StepOutcome& outcome) {
  const Acceptance& a = measured.acceptance;
  const std::vector<double> of_moves = move_ratios(a), of_problems = acceptance_ratios(a);
  std::string accepted;
  for (std::size_t i = 0; i < of_moves.size(); ++i) {
    accepted += fmt::format("{}{} {:.2f}", i == 0 ? "" : i % a.moves.size() == 0 ? "; " : ", ", a.moves[i % a.moves.size()], of_moves[i]);
  }
  std::string swapped;
  for (const double ratio : swap_ratios(a)) swapped += fmt::format("{}{:.2f}", swapped.empty() ? "; swaps accepted: " : ", ", ratio);
  const std::string apart = measured.sweeps_between == 1 ? "a sweep" : fmt::format("{} sweeps", measured.sweeps_between);
  outcome.notes.push_back(fmt::format("{} chains of {} samples, {} apart, after {} sweeps; accepted: {}{}", measured.chains,
                                      measured.samples_per_chain, apart, start.sweeps, accepted, swapped));
  for (std::string& warning : movement_warnings(a, family, measured.chains)) outcome.warnings.push_back(std::move(warning));
  for (std::size_t g = 0; g < of_problems.size(); ++g) {
    if (of_problems[g] <= high_acceptance) continue;
    outcome.warnings.push_back(fmt::format("{}more than {} of the proposals are accepted; moves that reach further (d_max) forget faster",
                                           Problems(family).prefix(static_cast<int>(g)), high_acceptance));
  }
}

std::string format_judged(const Judged& value) {
  return format_with_error(value.estimate.mean.real(), value.estimate.error) + (value.diagnosis.reliable() ? "" : "?");
}

void report_observable(const ObservableValues& observable, const ProblemFamily& family, StepOutcome& outcome) {
  const std::size_t count = observable.labels.size();
  for (std::size_t g = 0; g < family.problems.size(); ++g) {
    std::size_t doubtful = 0;
    std::string values, first;
    for (std::size_t k = 0; k < count; ++k) {
      const Judged& value = observable.values[k][g];
      values += fmt::format("{}{} {}", values.empty() ? "" : ", ", observable.labels[k], format_judged(value));
      if (!observable.exact.empty() && std::isfinite(observable.exact[g][k])) values += fmt::format(" (exact {:.6g})", observable.exact[g][k]);
      if (value.diagnosis.reliable()) continue;
      if (doubtful++ == 0) first = fmt::format("{}: {}", observable.labels[k], value.diagnosis.doubt);
    }
    if (count > shown_values) values = fmt::format("{} values, {} reliable", count, count - doubtful);
    outcome.notes.push_back(fmt::format("{}{}: {}", Problems(family).prefix(static_cast<int>(g)), observable.name, values));
    if (doubtful == 0) continue;
    outcome.warnings.push_back(
        fmt::format("{}{}: the errors of {} of {} values are not reliable, the first is {}; raise sampler.samples or sweep_size",
                    Problems(family).prefix(static_cast<int>(g)), observable.name, doubtful, count, first));
  }
}

void store_sampling(const Measurements& measured, const Thermalisation& start, const std::string& group, DataTree& outputs) {
  const Acceptance& a = measured.acceptance;
  const auto problems = static_cast<std::int64_t>(a.proposed.size()), moves = static_cast<std::int64_t>(a.moves.size());
  store_values(outputs, group + "accept_of_move", move_ratios(a), {problems, moves},
               {{"units", "1"}, {"long_name", "accepted proposals / proposals, by problem and move"}});
  if (const std::vector<double> swaps = swap_ratios(a); !swaps.empty())
    store_values(outputs, group + "accept_of_swap", swaps, {problems, static_cast<std::int64_t>(swaps.size()) / problems},
                 {{"units", "1"}, {"long_name", "accepted exchanges of states with the next replica / tried ones, by problem and replica"}});
  outputs.set(group + "moves", with(array(a.moves), {{"long_name", "kinds of the moves"}}));
  const auto put = [&](const std::string& name, std::vector<std::int64_t> values, const std::string& words) {
    outputs.set(group + name, with(array(std::move(values)), {{"units", "1"}, {"long_name", words}}));
  };
  put("invalid", a.invalid, "proposals whose log psi was not a number, rejected");
  put("still_chains", a.still, "chains none of whose proposals was accepted");
  put("chains", {measured.chains}, "Markov chains per problem");
  put("samples_per_chain", {measured.samples_per_chain}, "samples of each chain");
  put("sweeps_between", {measured.sweeps_between}, "sweeps between samples");
  put("thermalised", {start.sweeps}, "sweeps before the first sample");
}

}  // namespace qs
