// Energies and observables at fixed parameters, from fresh samples, beside exact values where they exist.
#pragma once

#include <string>
#include <vector>

#include "engine/stages/energy_results.h"
#include "engine/stages/exact_states.h"
#include "engine/stages/fidelity.h"
#include "engine/stages/measurements.h"
#include "engine/stages/renyi2.h"
#include "engine/stages/stage.h"

namespace qs {

struct EvaluateOptions {
  SamplerOptions sampler;
  std::vector<std::string> observables = {"energy"};  // energy, overlap, names of hamiltonians/observables and of `own`
  std::vector<OwnObservable> own = {};
  Compare compare = Compare::none;
  std::optional<Renyi2Options> renyi2 = {};
  std::optional<FidelityOptions> fidelity = {};

  bool wants_exact() const;  // whether exact ground states are needed
};

class EvaluateStage : public Stage {
 public:
  EvaluateStage(EvaluateOptions options, StageContext context, ExactStates& exact);
  std::int64_t steps() const override { return 1; }
  std::vector<std::string> trace_columns() const override { return {"step"}; }
  void begin(RunState& state) override;
  StepOutcome step(RunState& state) override;
  void save(RunState&) override {}
  std::vector<std::string> finish(RunState&) override { return {}; }

 private:
  void measure_pairs(const std::vector<double>& parameters, Measurements& measured, StepOutcome& outcome);
  void report_sector(Sampler& sampler, StepOutcome& outcome, DataTree& outputs);
  std::vector<double> overlaps();
  std::vector<std::string> degenerate_levels();  // a note for each
  void store_observable(const ObservableValues& measured, DataTree& outputs) const;
  std::vector<std::vector<double>> exact_values(const Observable& observable);  // [problems][operators]
  void report(const std::vector<EnergyResult>& results, StepOutcome& outcome) const;

  EvaluateOptions options_;
  StageContext context_;
  ExactStates& exact_;
  std::vector<Observable> observables_;
};

}  // namespace qs
