// Variational Monte Carlo: lowers the energy of every problem of the family with one network.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "engine/optimize/optimizer.h"
#include "engine/stages/measure.h"
#include "engine/stages/stage.h"
#include "kernels/api/error.h"

namespace qs {

enum class OnNonfinite { rollback, stop };

struct VmcOptions {
  std::int64_t steps = 100;
  SamplerOptions sampler;
  OptimizerOptions optimizer;
  OnNonfinite on_nonfinite = OnNonfinite::rollback;
};

class VmcStage : public Stage {
 public:
  VmcStage(VmcOptions options, StageContext context);
  std::int64_t steps() const override { return options_.steps; }
  std::vector<std::string> trace_columns() const override;
  void begin(RunState& state) override;
  StepOutcome step(RunState& state) override;
  void save(RunState& state) override;
  void finish(RunState& state) override;

 private:
  struct Iteration {
    std::vector<Estimate> energy;
    std::vector<double> acceptance;
    StepReport report;
    std::vector<std::string> warnings;
  };
  Iteration iterate(RunState& state);
  Iteration update(RunState& state, const SampleSet& samples);
  void remember_good(const RunState& state);
  void roll_back(RunState& state, const NumericalError& failure, StepOutcome& outcome);
  StepOutcome describe(const RunState& state, const Iteration& iteration) const;

  VmcOptions options_;
  StageContext context_;
  std::unique_ptr<Sampler> sampler_;
  std::unique_ptr<Optimizer> optimizer_;
  // The last state whose energies were finite: where a rollback returns to.
  struct Good {
    std::vector<double> parameters;
    OptimizerState optimizer;
    ConfigurationBatch chains;
    std::uint64_t proposals_done = 0;
  } good_;
  int failures_in_a_row_ = 0;
};

}  // namespace qs
