// Energies and observables at fixed parameters, from fresh samples, beside exact values where they exist.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "engine/stages/exact_states.h"
#include "engine/stages/measurements.h"
#include "engine/stages/stage.h"

namespace qs {

enum class Compare { none, ed };

struct EvaluateOptions {
  SamplerOptions sampler;
  std::vector<std::string> observables = {"energy"};  // energy, overlap, names of hamiltonians/observables and of `own`
  std::vector<OwnObservable> own = {};
  Compare compare = Compare::none;

  bool wants_exact() const;  // whether exact ground states are needed
};

// What evaluate says about one problem.
struct EnergyResult {
  Estimate energy;
  Diagnosis diagnosis;
  double v_score = 0, acceptance = 0;
  std::optional<double> exact, overlap;
  std::optional<double> relative_error() const;  // |E - E_exact| / |E_exact|
  std::optional<double> z() const;               // (E - E_exact) / error
  // Below the exact value by more than 4 errors (an exact sum: by more than rounding): an alarm, never a record.
  bool too_low() const;
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
  void report_sector(Sampler& sampler, StepOutcome& outcome, DataTree& outputs);
  std::vector<EnergyResult> energies(const Measurements& measured) const;
  std::vector<double> overlaps();
  std::vector<std::string> degenerate_levels();  // a note for each
  void store(const std::vector<EnergyResult>& results, DataTree& outputs) const;
  void store_observable(const Observable& observable, const ObservableValues& measured, DataTree& outputs);
  std::vector<std::vector<double>> exact_values(const Observable& observable);  // [problems][operators]
  void store_converged(const std::vector<EnergyResult>& results, StepOutcome& outcome, DataTree& outputs) const;
  void report(const std::vector<EnergyResult>& results, StepOutcome& outcome) const;

  EvaluateOptions options_;
  StageContext context_;
  ExactStates& exact_;
  std::vector<Observable> observables_;
};

}  // namespace qs
