// The checkpoints of one run: when the next is due, and writing it.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>

#include "engine/checkpoint/checkpoint_file.h"
#include "engine/comm/communicator.h"
#include "engine/job/clock.h"
#include "engine/report/reporter.h"
#include "engine/run/run_directory.h"
#include "engine/run/state_tree.h"

namespace qs {

struct CheckpointCadence {
  double interval = 300;        // seconds
  std::int64_t keep_every = 0;  // steps; 0: only the newest and the one before
};

class Checkpoints {
 public:
  Checkpoints(std::string directory, ResumeInput input, CheckpointCadence cadence, Reporter& reporter, Clock clock)
      : directory_(std::move(directory)), input_(std::move(input)), cadence_(cadence), reporter_(reporter), clock_(std::move(clock)) {}

  // The run goes on from a checkpoint that is in the directory.
  void found() { exist_ = true; }
  bool exist() const { return exist_; }
  // By the root's clock. Collective.
  bool is_due(Communicator& comm) const;
  // Whether a copy of this step's checkpoint stays for ever.
  bool is_kept(std::int64_t step) const { return cadence_.keep_every > 0 && step % cadence_.keep_every == 0; }

  // Seconds it took. A full disk is survived while an older checkpoint is valid, a few times: then FileError. `trace`: root only; null while the file
  // is as the state says. Collective.
  double write(Communicator& comm, RunState& state, const ParameterLayout& layout, TraceFile* trace);
  // Gives the newest checkpoint a second name; failing is a warning. Collective.
  void keep(Communicator& comm, const std::string& label);
  // The state at the end of a stage, under a name of its own: from there the stage goes on if it is given more steps later. Failing is a warning.
  // Collective.
  void write_end_of_stage(Communicator& comm, RunState& state, const ParameterLayout& layout, TraceFile* trace, const std::string& stage);

 private:
  DataTree tree_of(RunState& state, const ParameterLayout& layout, TraceFile* trace) const;

  std::string directory_;
  ResumeInput input_;
  CheckpointCadence cadence_;
  Reporter& reporter_;
  Clock clock_;
  double last_ = 0, seconds_ = 0;  // when the last was written, and how long it took
  int failures_ = 0;
  bool exist_ = false;
};

// The state that the root finds with `find`, on every rank; none if it finds none. CheckpointError if it does not fit `layout`. Collective.
std::optional<RunState> shared_state(Communicator& comm, const ParameterLayout& layout, Reporter& reporter,
                                     const std::function<std::optional<LoadedCheckpoint>()>& find);

}  // namespace qs
