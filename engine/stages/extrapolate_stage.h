// The energy at zero variance, from what earlier stages of the run have measured.
#pragma once

#include <string>
#include <vector>

#include "engine/stages/energy_results.h"
#include "engine/stages/exact_states.h"
#include "engine/stages/stage.h"
#include "engine/statistics/extrapolation.h"

namespace qs {

struct ExtrapolateOptions {
  std::vector<std::string> points;  // stages; empty: all that have any
  Compare compare = Compare::none;
};

// Of one problem.
struct Extrapolation {
  std::vector<EnergyPoint> points;
  EnergyFit linear, quadratic;
  EnergyResult energy;        // of the linear fit, beside the exact one
  double systematic() const;  // |linear - quadratic|
};

class ExtrapolateStage : public Stage {
 public:
  // sources: groups of the results, "stages/02_evaluate/energy/".
  ExtrapolateStage(std::vector<std::string> sources, Compare compare, StageContext context, ExactStates& exact);
  std::int64_t steps() const override { return 1; }
  std::vector<std::string> trace_columns() const override { return {"step"}; }
  void begin(RunState&) override {}
  StepOutcome step(RunState& state) override;
  void save(RunState&) override {}
  std::vector<std::string> finish(RunState&) override { return {}; }

 private:
  Extrapolation extrapolate(const DataTree& results, int problem) const;
  void store(const std::vector<Extrapolation>& all, DataTree& outputs) const;
  void store_points(const std::vector<Extrapolation>& all, DataTree& outputs) const;
  void report(const Extrapolation& result, int problem, StepOutcome& outcome) const;

  std::vector<std::string> sources_;
  Compare compare_;
  StageContext context_;
  ExactStates& exact_;
};

}  // namespace qs
