// Variational Monte Carlo: lowers the energy of every problem of the family with one network.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "engine/base/error.h"
#include "engine/optimize/optimizer.h"
#include "engine/stages/measure.h"
#include "engine/stages/stage.h"
#include "engine/stages/stage_entry.h"
#include "engine/stages/training_end.h"
#include "engine/stages/training_record.h"

namespace qs {

struct VmcOptions {
  std::int64_t steps = 100;
  SamplerOptions sampler;
  OptimizerOptions optimizer;
  OnNonfinite on_nonfinite = OnNonfinite::rollback;
  Keep keep = Keep::best;
};

class VmcStage : public Stage {
 public:
  VmcStage(VmcOptions options, StageContext context);
  std::int64_t steps() const override { return options_.steps; }
  std::vector<std::string> trace_columns() const override;
  void begin(RunState& state) override;
  StepOutcome step(RunState& state) override;
  void save(RunState& state) override;
  std::vector<std::string> finish(RunState& state) override;

 private:
  // Samples at the present parameters, and their energies.
  struct Measured {
    SampleSet samples;
    std::vector<std::complex<double>> local;  // E_loc of my rows
    std::vector<Estimate> energy;             // per problem
    std::vector<double> acceptance;           // per problem; empty for exact sums
    std::vector<std::string> warnings;        // of the sampling
  };
  Measured measure(const RunState& state);
  // What is said before the first step of a projected psi.
  StepOutcome describe_start(const Measured& measured) const;
  StepReport update(RunState& state, const Measured& measured);
  void keep_evidence(const RunState& state, const NumericalError& failure, const ConfigurationBatch& mine);
  void remember_good(const RunState& state);
  void roll_back(RunState& state, const std::string& reason, std::vector<std::string>& warnings);
  [[noreturn]] void give_up(RunState& state, const std::string& reason);
  void watch_scale(const StepReport& report, std::vector<std::string>& warnings);
  StepOutcome describe(const RunState& state, const Measured& measured, const StepReport& report) const;
  void store_trace_of_energies(RunState& state) const;

  VmcOptions options_;
  StageContext context_;
  std::unique_ptr<Sampler> sampler_;
  std::unique_ptr<Optimizer> optimizer_;
  std::optional<TrainingRecord> record_;
  Snapshot good_;                        // with the chains of this rank
  std::int64_t since_good_ = 0;          // steps
  std::vector<std::int64_t> rollbacks_;  // at these steps
  bool stuck_ = false;                   // steps were too small for long
  std::int64_t small_steps_ = 0;         // in a row
};

}  // namespace qs
