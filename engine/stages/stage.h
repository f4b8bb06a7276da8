// A stage is a loop of steps over a RunState. It opens no files and prints nothing: what it has to say travels in StepOutcome.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "engine/comm/communicator.h"
#include "engine/stages/run_state.h"
#include "engine/statistics/phase_clock.h"
#include "engine/wavefunctions/wavefunction.h"
#include "hamiltonians/mean_field/orbital_start.h"
#include "hamiltonians/problems.h"
#include "hamiltonians/registry.h"

namespace qs {

struct StepOutcome {
  std::vector<double> trace_row;                           // one value per trace column
  std::vector<std::pair<std::string, std::string>> shown;  // for the progress line: ("E/N", "-0.5023(4)"), ...
  std::vector<std::string> notes, warnings;
  bool finished = false;  // stop before the last step (overlap reached)
};

// A step that met a number that is not finite, with its parameters and its configurations: those of all ranks in global order, the samples if it
// came to them, else the chains; none in an exact sum that failed at once.
struct NonfiniteStep {
  std::string reason;
  std::int64_t step;
  const std::vector<double>& parameters;
  const ConfigurationBatch& rows;
};

// Whether a stage may end before its last step because it has reached what it was to reach.
enum class EarlyStop { allowed, never };

// What every stage works with. `family` belongs to the stage, the wavefunction to the run.
struct StageContext {
  Communicator& comm;
  ProblemFamily family;
  std::vector<ProblemFamily> beside = {};  // of a training stage: on other lattices
  SignRule sign_rule = SignRule::none;     // of the Hamiltonian; observables are rotated with it
  Wavefunction* psi = nullptr;             // null only for ed
  std::vector<std::string> features;       // names of the features the wavefunction sees
  StartOrbitals start = {};                // and the mean field that it starts from
  RandomKey key;                           // stage number included
  std::string group;                       // "02_vmc": prefix of this stage's outputs
  EarlyStop early_stop = EarlyStop::allowed;
  // Called on every rank before the step is repeated or given up: the runner keeps the evidence.
  std::function<void(const NonfiniteStep&)> keep_evidence = [](const NonfiniteStep&) {};

  Problems problems() const { return problems_of(family, beside); }
};

// Whether the steps of a stage cost about the same: then one that lasts many times longer than all before it hangs.
enum class Pace { even, uneven };

class Stage {
 public:
  virtual ~Stage() = default;
  virtual std::int64_t steps() const = 0;
  virtual Pace pace() const { return Pace::even; }
  virtual std::vector<std::string> trace_columns() const = 0;
  // Before the first step of this process; state.step > 0 when resuming. Collective, as all below.
  virtual void begin(RunState& state) = 0;
  virtual StepOutcome step(RunState& state) = 0;
  // Copies what lives in the stage (chains, optimizer) into the state, for a checkpoint.
  virtual void save(RunState& state) = 0;
  // After the last step: writes the stage's results into state.outputs. Returns what the user must be warned of.
  virtual std::vector<std::string> finish(RunState& state) = 0;
  const PhaseClock& clock() const { return clock_; }
  PhaseClock& clock() { return clock_; }

 protected:
  PhaseClock clock_;
};

// Values of the features for every problem, and behind them the orbitals of its mean field, as the wavefunction wants them; in front, where there are
// several lattices, the number of its own. InputError where a problem has no such mean field.
std::vector<std::vector<double>> feature_table(const Problems& problems, const std::vector<std::string>& names, const StartOrbitals& start = {});
// Shows the network its problems: what every stage does before it evaluates psi.
void show(const StageContext& context, const Problems& problems);
// Trace columns as datasets "stages/<group>/trace/<column>".
void store_trace(const Trace& trace, const std::string& group, DataTree& outputs);
// A dataset; when some values are not finite they are stored as 0 beside a mask "<path>_valid".
void store_values(DataTree& outputs, const std::string& path, std::vector<double> values, std::vector<std::int64_t> shape,
                  std::map<std::string, Attribute> attributes);
// Couplings that vary, one dataset per name, under "stages/<group>/couplings/<name>"; and, of several lattices, the sites of every problem.
void store_couplings(const Problems& problems, const std::string& group, DataTree& outputs);

}  // namespace qs
