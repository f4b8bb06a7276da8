// RunState <-> the tree a checkpoint stores. Nothing in it depends on ranks.
#pragma once

#include <string>

#include "engine/io/data_tree.h"
#include "engine/run/weights_origin.h"
#include "engine/stages/run_state.h"
#include "engine/wavefunctions/parameters.h"

namespace qs {

// The input a checkpoint belongs to: resolved YAML (with --set applied) and the folder its relative paths start from.
struct ResumeInput {
  std::string resolved, directory;
  Origin origin = {};  // of the parameters, for those who load them as weights; not read back
};

DataTree to_tree(const RunState& state, const ResumeInput& input, const ParameterLayout& layout);
// CheckpointError when the schema is newer than this program knows or something is missing.
RunState from_tree(const DataTree& tree, const ParameterLayout& layout);
ResumeInput resume_input(const DataTree& tree);

}  // namespace qs
