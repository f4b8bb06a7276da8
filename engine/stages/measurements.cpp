#include "engine/stages/measurements.h"

#include <algorithm>
#include <bit>
#include <cmath>

#include "engine/stages/sampling_report.h"
#include "engine/stages/thermalise.h"
#include "hamiltonians/registry.h"

namespace qs {
namespace {

constexpr std::int64_t enough_chains = 32;                         // from here on their spread gives the error
constexpr std::int64_t samples_of_many = 16, samples_of_few = 64;  // of each chain, at least

ObservableValues measure_observable(const StageContext& context, const std::string& name, const SampleSet& samples) {
  const ProblemFamily& family = context.family;
  const auto operators = find_observable(name).build(family.lattice, family.problems[0].sector, context.sign_rule);
  ObservableValues result{.name = name, .labels = {}, .values = {}};
  for (const NamedOperator& each : operators) {
    const TermTable table(each.op);
    const auto values = sampled_values(context.comm, table, static_cast<int>(each.op.couplings.size()), family, *context.psi, samples);
    result.labels.push_back(each.label);
    result.values.push_back(judge(context.comm, samples, values, name + " " + each.label, static_cast<int>(operators.size()) * family.size()));
  }
  return result;
}

Measurements measure_on(const StageContext& context, const std::vector<std::string>& observables, const SampleSet& samples, PhaseClock& clock) {
  Measurements result;
  result.energy = clock.measure("local_energy", [&] {
    const auto local = sampled_energies(context.comm, context.family, *context.psi, samples);
    return judge(context.comm, samples, local, "local energy", context.family.size());
  });
  for (const std::string& name : observables) {
    if (name == "energy" || name == "overlap") continue;
    result.observables.push_back(clock.measure("observables", [&] { return measure_observable(context, name, samples); }));
  }
  return result;
}

template <class F>
void for_each_verdict(Measurements& measurements, F&& visit) {
  for (std::size_t g = 0; g < measurements.energy.size(); ++g) visit(g, measurements.energy[g].diagnosis);
  for (ObservableValues& observable : measurements.observables) {
    for (auto& of_problems : observable.values) {
      for (std::size_t g = 0; g < of_problems.size(); ++g) visit(g, of_problems[g].diagnosis);
    }
  }
}

// How many times more sweeps between samples would help, as a power of two; 1: none.
std::int64_t lengthening(Measurements& measurements) {
  double factor = 1;
  for_each_verdict(measurements, [&](std::size_t, const Diagnosis& diagnosis) { factor = std::max(factor, diagnosis.lengthen); });
  const auto& still = measurements.acceptance.still;
  if (std::any_of(still.begin(), still.end(), [](std::int64_t chains) { return chains > 0; })) factor = std::max(factor, 2.0);
  return static_cast<std::int64_t>(std::bit_ceil(static_cast<std::uint64_t>(std::ceil(std::min(factor, double{most_sweeps})))));
}

}  // namespace

SamplerOptions for_verdicts(SamplerOptions options) {
  if (options.kind == SamplerKind::exact_sum) return options;
  MetropolisOptions& m = options.metropolis;
  const std::int64_t asked = m.samples;
  m.chains = std::min(m.chains, std::max(enough_chains, (asked + samples_of_many - 1) / samples_of_many));
  const std::int64_t least = m.chains >= enough_chains ? samples_of_many : samples_of_few;
  m.samples = m.chains * std::max(least, (asked + m.chains - 1) / m.chains);
  return options;
}

Measurements measure(const StageContext& context, const std::vector<std::string>& observables, Sampler& sampler, const SamplerOptions& options,
                     PhaseClock& clock) {
  if (options.kind == SamplerKind::exact_sum) {
    const SampleSet samples = clock.measure("sample", [&] { return sampler.sample(*context.psi); });
    return measure_on(context, observables, samples, clock);
  }
  const MetropolisOptions& m = options.metropolis;
  Reading reading{.discard = m.discard, .samples_per_chain = m.samples / m.chains};
  for (;;) {
    const SampleSet samples = clock.measure("sample", [&] { return sampler.read(*context.psi, reading); });
    Measurements result = measure_on(context, observables, samples, clock);
    result.acceptance = sampler.acceptance_counts(context.comm);
    result.chains = m.chains;
    result.samples_per_chain = reading.samples_per_chain;
    result.sweeps_between = reading.stride;
    const std::int64_t longest = std::max<std::int64_t>(1, most_sweeps / reading.samples_per_chain);
    const std::int64_t next = std::min(longest, reading.stride * lengthening(result));
    if (next > reading.stride) {
      reading.stride = next;
      continue;
    }
    for_each_verdict(result, [&](std::size_t g, Diagnosis& diagnosis) {
      if (diagnosis.reliable()) diagnosis.doubt = movement_doubt(result.acceptance, static_cast<int>(g), m.chains);
    });
    return result;
  }
}

}  // namespace qs
