// Supervised pretraining: one network learns the exact states of several problems. The loss is blind to norm and global phase.
//
// z_g = <psi_g|phi_g> / (|psi_g| |phi_g|), loss = 1 - (1/G) sum_g |z_g|^2 over the training problems. With weights w ~ |psi|^2 and the
// ratio A = phi/psi, |z|^2 = |<A>|^2 / <|A|^2>, and the residual of the loss is eps = -|z|^2 (A/<A> - 1). A natural gradient follows
// -log |z|^2 instead (eps = -(A/<A> - 1)): its step is the Gauss-Newton step to the target, whatever the overlap.
#pragma once

#include <complex>
#include <cstdint>
#include <memory>
#include <vector>

#include "engine/optimize/optimizer.h"
#include "engine/stages/measure.h"
#include "engine/stages/stage.h"
#include "engine/stages/stage_entry.h"
#include "engine/stages/training_end.h"
#include "engine/stages/training_record.h"

namespace qs {

struct PretrainOptions {
  std::int64_t steps = 300;
  OptimizerOptions optimizer;
  double stop_overlap = 2;  // mean |z| over the training problems at which to stop; > 1: never
  // Rows per problem and step, drawn with probability ~ ((|psi|^2 + |phi|^2)/2)^(power/2) and weighted exactly; 0 = the full basis.
  std::int64_t rows = 0;
  double power = 2;
  std::int64_t evaluate_every = 10;  // exact overlaps every so many steps (of the training problems: every step when rows = 0)
  Keep keep = Keep::best;
};

// Problems with their exact states.
struct TargetSet {
  std::vector<ProblemFamily> families;  // one per lattice
  std::vector<Amplitudes> states;       // one per problem

  bool empty() const { return states.empty(); }
  Problems problems() const {
    std::vector<const ProblemFamily*> all;
    for (const ProblemFamily& family : families) all.push_back(&family);
    return Problems(std::move(all));
  }
};

struct Overlaps {
  std::vector<double> modulus;  // |z_g|
  double mean = 0, minimum = 0;
  double loss = 0;  // 1 - mean |z_g|^2
};

class PretrainStage : public Stage {
 public:
  // context.family is ignored in favour of the families of train; hold_out is measured, never trained on, and may be empty.
  PretrainStage(PretrainOptions options, StageContext context, TargetSet train, TargetSet hold_out);
  std::int64_t steps() const override { return options_.steps; }
  std::vector<std::string> trace_columns() const override;
  void begin(RunState& state) override;
  StepOutcome step(RunState& state) override;
  void save(RunState& state) override;
  std::vector<std::string> finish(RunState& state) override;

 private:
  Overlaps measure(const TargetSet& set);
  SampleSet drawn_rows(std::int64_t step) const;
  void refresh_proposal(const SampleSet& full);
  std::vector<std::complex<double>> target_rows(const SampleSet& samples) const;
  std::vector<std::complex<double>> residual(const SampleSet& samples, const std::vector<std::complex<double>>& target) const;
  LossPoint infidelity() const;
  StepOutcome describe(std::int64_t step, const StepReport& report) const;

  PretrainOptions options_;
  StageContext context_;
  TargetSet train_, hold_out_;
  std::unique_ptr<Optimizer> optimizer_;
  std::vector<std::vector<double>> proposal_;  // per training problem: probability of each basis state, when rows are drawn
  Overlaps train_overlaps_, hold_out_overlaps_;
  TrainingRecord record_;
};

// z_g from log psi on the full basis of all problems (concatenated, in order of Sector::index).
Overlaps exact_overlaps(const std::vector<std::complex<double>>& log_psi, const std::vector<Amplitudes>& targets);

}  // namespace qs
