#include "engine/files/run_files.h"

#include <algorithm>

namespace qs {
namespace {

// Checkpoints and evidence that are kept carry the stage and the step in their names.
bool is_kept_file(std::string_view name) { return name.ends_with(".h5") && (name.starts_with("checkpoint.") || name.starts_with("nonfinite.")); }

}  // namespace

bool is_run_file(std::string_view name) {
  return name == file_names::input || name == file_names::original_input || is_kept_file(name) ||
         std::find(std::begin(run_outputs), std::end(run_outputs), name) != std::end(run_outputs);
}

}  // namespace qs
