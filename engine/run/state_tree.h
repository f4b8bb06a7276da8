// RunState <-> the tree a checkpoint stores. Nothing in it depends on ranks.
#pragma once

#include <functional>
#include <string>

#include "engine/hdf5/data_tree.h"
#include "engine/plan/weights_origin.h"
#include "engine/stages/run_state.h"
#include "engine/wavefunctions/parameters.h"

namespace qs {

// The input a checkpoint belongs to: resolved YAML (with --set applied), the folder its relative paths start from, and the text of input.yaml ("" in
// checkpoints before 0.1.1).
struct ResumeInput {
  std::string resolved, directory, original;
  Origin origin = {};  // of the parameters, for those who load them as weights; not read back
};

// Before the names of RunState::outputs, which are those of results.h5.
inline const std::string outputs_prefix = "outputs/";

DataTree to_tree(const RunState& state, const ResumeInput& input, const ParameterLayout& layout);
// CheckpointError when the schema is newer than this program knows, or something is missing or cannot come from a run: a hash is no seal.
RunState from_tree(const DataTree& tree, const ParameterLayout& layout);
ResumeInput resume_input(const DataTree& tree);
// Reads from a checkpoint's tree: what it meets that no run has written (an absent element, a value of another type) becomes a CheckpointError.
void as_written_by_a_run(const std::function<void()>& read);

}  // namespace qs
