// One Lanczos step (two in an exact sum) on the present wavefunction: the energy of the best psi + alpha H psi. Parameters stay as they are.
#pragma once

#include <limits>
#include <string>
#include <vector>

#include "engine/energy/second_order.h"
#include "engine/stages/energy_results.h"
#include "engine/stages/exact_states.h"
#include "engine/stages/stage.h"

namespace qs {

struct LanczosOptions {
  SamplerOptions sampler;
  int steps = 1;
  Compare compare = Compare::none;
};

// A problem after the step; quantities.h says what the numbers are.
struct StepResult {
  static constexpr double unknown = std::numeric_limits<double>::quiet_NaN();
  EnergyResult energy;
  double mu = 0, zeros = 0;
  double x = unknown, alpha = unknown;  // of one step only
  double effective = unknown;           // of samples only
};

class LanczosStage : public Stage {
 public:
  LanczosStage(LanczosOptions options, StageContext context, ExactStates& exact);
  std::int64_t steps() const override { return 1; }
  std::vector<std::string> trace_columns() const override { return {"step"}; }
  void begin(RunState& state) override;
  StepOutcome step(RunState& state) override;
  void save(RunState&) override {}
  std::vector<std::string> finish(RunState&) override { return {}; }

 private:
  std::vector<StepResult> by_samples(Sampler& sampler, const Measurements& pilot);
  std::vector<StepResult> by_exact_sum(Sampler& sampler, std::vector<EnergyResult>& before);
  void complete(EnergyResult& result, int problem) const;
  void store(const std::vector<EnergyResult>& before, const std::vector<StepResult>& after, DataTree& outputs) const;
  void report(const std::vector<EnergyResult>& before, const std::vector<StepResult>& after, StepOutcome& outcome) const;

  LanczosOptions options_;
  StageContext context_;
  ExactStates& exact_;
};

}  // namespace qs
