#include "engine/stages/measurements.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <map>
#include <utility>

#include "engine/stages/sampling_report.h"
#include "engine/stages/thermalise.h"
#include "hamiltonians/observable.h"

namespace qs {
namespace {

constexpr std::int64_t enough_chains = 32;                         // from here on their spread gives the error
constexpr std::int64_t samples_of_many = 16, samples_of_few = 64;  // of each chain, at least

using NamedValues = std::vector<std::map<std::string, double>>;  // of each problem

std::vector<std::complex<double>> values_of(const StageContext& context, const Operator& op, const NamedValues& named, const SampleSet& samples) {
  std::vector<std::vector<double>> couplings;
  for (const auto& of_problem : named) couplings.push_back(op.coupling_values(of_problem));
  return sampled_values(context.comm, TermTable(op), couplings, context.family, *context.psi, samples);
}

ObservableValues measure_observable(const StageContext& context, const Observable& observable, const SampleSet& samples) {
  const int problems = context.family.size();
  NamedValues named;
  for (const Problem& problem : context.family.problems) named.push_back(problem.named);
  for (const NamedOperator& each : observable.means) {
    const auto estimates = estimate(context.comm, samples, values_of(context, each.op, named, samples), observable.name + " " + each.label);
    for (int g = 0; g < problems; ++g) named[g][each.label] = estimates[g].mean.real();
  }
  const std::string units = observable.unit == ObservableUnit::energy ? context.family.hamiltonian.convention : "1";
  ObservableValues result{.name = observable.name, .doc = observable.doc, .units = units, .labels = {}, .values = {}};
  for (const NamedOperator& each : observable.operators) {
    const auto values = values_of(context, each.op, named, samples);
    const int judged_together = static_cast<int>(observable.operators.size()) * problems;
    result.labels.push_back(each.label);
    result.values.push_back(judge(context.comm, samples, values, observable.name + " " + each.label, judged_together));
  }
  return result;
}

Measurements measure_on(const StageContext& context, std::span<const Observable> observables, const SampleSet& samples, PhaseClock& clock) {
  Measurements result;
  result.energy = clock.measure("local_energy", [&] {
    const auto local = sampled_energies(context.comm, context.family, *context.psi, samples);
    return judge(context.comm, samples, local, "local energy", context.family.size());
  });
  for (const Observable& observable : observables)
    result.observables.push_back(clock.measure("observables", [&] { return measure_observable(context, observable, samples); }));
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

Measurements measure(const StageContext& context, std::span<const Observable> observables, Sampler& sampler, const SamplerOptions& options,
                     PhaseClock& clock) {
  if (options.kind == SamplerKind::exact_sum) {
    SampleSet samples = clock.measure("sample", [&] { return sampler.sample(*context.psi); });
    Measurements result = measure_on(context, observables, samples, clock);
    result.samples = std::move(samples);
    return result;
  }
  const MetropolisOptions& m = options.metropolis;
  Reading reading{.discard = m.discard, .samples_per_chain = m.samples / m.chains};
  for (;;) {
    SampleSet samples = clock.measure("sample", [&] { return sampler.read(*context.psi, reading); });
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
    result.samples = std::move(samples);
    return result;
  }
}

}  // namespace qs
