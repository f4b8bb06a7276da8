// Names of the files in a run's directory.
#pragma once

#include <string>
#include <string_view>

namespace qs {

// Public interface: scripts rely on these names.
namespace file_names {
inline constexpr const char* results = "results.h5";
inline constexpr const char* checkpoint = "checkpoint.h5";
inline constexpr const char* previous_checkpoint = "checkpoint.prev.h5";
inline constexpr const char* traces = "trace";  // a folder: one table a stage
inline constexpr const char* summary = "summary.json";
inline constexpr const char* status = "status.json";
inline constexpr const char* log = "run.log";
inline constexpr const char* input = "input.yaml";  // as resolved, with --set
inline constexpr const char* original_input = "input.original.yaml";
inline constexpr const char* stop_request = "STOP";
inline constexpr const char* checkpoint_request = "CHECKPOINT";
}  // namespace file_names

// What a run makes and --overwrite removes. The input is not among them: users may keep their own there.
inline constexpr const char* run_outputs[] = {file_names::results, file_names::checkpoint, file_names::previous_checkpoint,
                                              file_names::traces,  file_names::summary,    file_names::status,
                                              file_names::log};
// Whether a file of that name, in a run's directory, is one of the run's own: outputs, inputs, checkpoints and evidence that are kept.
bool is_run_file(std::string_view name);

// Label of the checkpoint at the end of a stage: checkpoint.02_vmc_end.h5.
inline std::string end_of_stage(const std::string& group) { return group + "_end"; }

}  // namespace qs
