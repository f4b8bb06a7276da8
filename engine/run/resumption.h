// What `resume` and `run --continue` find in a run directory, and how an input may go on from it. These only read, without the lock; the root calls
// them.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "engine/input/input.h"
#include "engine/plan/plan.h"
#include "engine/run/state_tree.h"

namespace qs {

// How far the files that tell of a run agree with its checkpoint: a process can end between its last checkpoint and its last word.
enum class Results { missing, written };

struct StoredRun {
  ResumeInput input;
  std::int64_t stage = 0;  // so many are over
  // Whether results.h5 holds what the checkpoint holds, and summary.json and status.json call the run finished.
  Results results = Results::missing;
};

// None without a checkpoint. CheckpointError if there is one that cannot be used.
std::optional<StoredRun> stored_run(const std::string& directory);

// What input.yaml of a run directory holds: the input as it was understood, valid as it stands, under comments that say where it comes from and seal
// it.
std::string run_input(const input::Document& document);
// InputError naming old and new values if the directory's input.yaml is no longer what a run has written there, comments aside.
void refuse_edited_input(const std::string& directory, const ResumeInput& stored);

// The first stage that is over but has more steps in `now` than the run was planned with: the run goes on from the end of that stage. None if no
// finished stage changed. InputError if the change cannot be obeyed: fewer steps, or no (or another) state of that stage's end.
std::optional<int> reopened_stage(const StoredRun& stored, const input::Document& before, const input::Document& now, const RunPlan& plan);

}  // namespace qs
