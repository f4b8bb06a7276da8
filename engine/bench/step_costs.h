// Time and memory of a stage's steps by phase: the steps of a run, with its samplers, local energies and solver, on all its ranks and threads.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "engine/comm/communicator.h"
#include "engine/plan/plan.h"

namespace qs {

struct PhaseCost {
  std::string name;              // sample or overlap, local_energy, derivatives, gram, solve, update (the rest of it), wait
  double seconds = 0;            // per step, mean over ranks
  std::int64_t peak_memory = 0;  // bytes resident at the worst moment, of the rank that needs most
};

struct StepCosts {
  std::string stage;              // "01_vmc"
  std::int64_t samples = 0;       // rows of a step, of all problems and ranks
  int steps = 0;                  // that were measured
  double first_seconds = 0;       // of the step before them: thermalisation, first use of memory
  double seconds = 0;             // of one step, mean
  std::vector<PhaseCost> phases;  // longest first; what they leave of `seconds` is statistics
  Trace trace;                    // of the measured steps: energies or overlaps, beside which the times mean something
};

// One step to thermalise and fill workspaces, then `steps` measured ones, from `parameters`, which move as in a run. Writes no file. The stage is vmc
// or pretrain. Collective.
StepCosts measure_steps(const RunPlan& plan, const StagePlan& stage, Wavefunction& psi, std::vector<double> parameters, int steps,
                        Communicator& comm);

}  // namespace qs
