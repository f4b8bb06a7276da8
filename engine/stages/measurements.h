// What an evaluate stage measures: the energy and observables on one set of samples, each with a verdict on its error.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "engine/stages/measure.h"
#include "engine/stages/stage.h"
#include "hamiltonians/observable.h"

namespace qs {

struct ObservableValues {
  std::string name, doc, units;
  std::vector<std::string> labels;              // of its operators: sites, pairs, wave vectors
  std::vector<std::vector<Judged>> values;      // [operators][problems]
  std::vector<std::vector<double>> exact = {};  // [problems][operators], of the exact ground level; empty: not known
};

struct Measurements {
  std::vector<Judged> energy;  // [problems]
  std::vector<ObservableValues> observables;
  std::optional<SampleSet> samples;  // on which all of these were measured
  // How the samples were drawn; nothing of an exact sum.
  Acceptance acceptance;
  std::int64_t chains = 0, samples_per_chain = 0, sweeps_between = 0;
};

// The sampler with as many samples of each chain as a verdict needs: fewer chains than asked for, or more samples, never fewer samples.
SamplerOptions for_verdicts(SamplerOptions options);

// Draws samples and measures the energy and the observables on them. While chains are shorter than 10 (or 20) autocorrelation times of any of
// these, or chains stand still, it draws again with two or more times as many sweeps between samples, up to most_sweeps in all. Collective.
Measurements measure(const StageContext& context, std::span<const Observable> observables, Sampler& sampler, const SamplerOptions& options,
                     PhaseClock& clock);

}  // namespace qs
