#include "engine/run/resumption.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <filesystem>
#include <nlohmann/json.hpp>

#include "engine/base/error.h"
#include "engine/checkpoint/checkpoint_file.h"
#include "engine/files/files.h"
#include "engine/hdf5/hdf5.h"
#include "engine/plan/vocabulary.h"
#include "engine/report/status.h"
#include "engine/run/checkpoints.h"
#include "engine/run/input_changes.h"
#include "engine/run/run_directory.h"

namespace qs {
namespace {

constexpr std::size_t text_limit = 16 << 20;

bool says_finished(const std::string& path) {
  const auto json = nlohmann::json::parse(read_text(path, text_limit), nullptr, false);
  return json.is_object() && json.value("state", "") == phase_name(RunPhase::finished);
}

// Equal trees give equal bytes, NaN included.
bool holds(const DataTree& results, const DataTree& outputs) {
  DataTree same;
  for (const auto& [path, dataset] : outputs.datasets) {
    if (results.has(path)) same.set(path, results.at(path));
  }
  return to_hdf5_image(same) == to_hdf5_image(outputs);
}

Results results_of(const std::string& directory, const DataTree& checkpoint) {
  DataTree outputs;
  for (const auto& [path, dataset] : checkpoint.datasets) {
    if (path.starts_with(outputs_prefix)) outputs.set(path.substr(outputs_prefix.size()), dataset);
  }
  const auto file = [&](const char* name) { return directory + "/" + name; };
  try {
    const bool all =
        says_finished(file(file_names::status)) && says_finished(file(file_names::summary)) && holds(read_hdf5(file(file_names::results)), outputs);
    return all ? Results::written : Results::missing;
  } catch (const Error&) {
    return Results::missing;  // absent or damaged: they are written again
  }
}

input::Document parsed(const std::string& text, const std::string& name) {
  input::Diagnostics diagnostics;
  input::Document document = input::load_text(vocabulary(), text, name, {}, diagnostics);
  if (diagnostics.has_errors()) throw InputError(diagnostics.render());
  return document;
}

const std::string seal_mark = "# sha256 of what follows: ";

// As run_input has written it, whatever the checkpoint says: a run may be killed between the file and its next checkpoint.
bool is_sealed(const std::string& text) {
  const std::size_t mark = text.find(seal_mark), end = text.find('\n', mark);
  if (mark == std::string::npos || end == std::string::npos) return false;
  return text.substr(mark + seal_mark.size(), end - mark - seal_mark.size()) == sha256_hex(std::string_view(text).substr(end + 1));
}

// A section that trains makes one stage of the plan.
int planned_stage(const RunPlan& plan, int position) {
  const auto found = std::find_if(plan.stages.begin(), plan.stages.end(), [&](const StagePlan& stage) { return stage.position == position; });
  return static_cast<int>(found - plan.stages.begin());
}

// What makes the state at the end of `stage` unfit to go on from, "" if nothing.
std::string why_not_from(const std::string& file, int stage, const StepChange& change, const input::Document& before) {
  if (!std::filesystem::exists(file)) return fmt::format("'{}', the state at its end, is not there", file);
  const DataTree tree = read_checkpoint(file).tree;
  if (!all_changes(before.root, parsed(resume_input(tree).resolved, file).root).empty() ||
      tree.integers("schedule/stage") != std::vector<std::int64_t>{stage})
    return fmt::format("'{}' belongs to another input", file);
  const std::vector<std::int64_t>& done = tree.integers("schedule/step");
  if (done != std::vector<std::int64_t>{change.before}) return fmt::format("it ended by itself after {} steps", fmt::join(done, ", "));
  return "";
}

}  // namespace

std::optional<StoredRun> stored_run(const std::string& directory) {
  const auto loaded = load_checkpoint(directory, Damaged::leave);
  if (!loaded) return std::nullopt;
  const std::vector<std::int64_t>& stage = loaded->tree.integers("schedule/stage");
  if (stage.size() != 1 || stage[0] < 0) throw CheckpointError(fmt::format("'{}' does not say how many stages are over", loaded->path));
  return StoredRun{resume_input(loaded->tree), stage[0], results_of(directory, loaded->tree)};
}

std::string run_input(const input::Document& document) {
  const std::string folder = std::filesystem::absolute(document.directory).lexically_normal().string();
  return fmt::format(
      "# The input of this run as it was understood: every key, with --set. As it was given: {}.\n# Relative paths begin at {}\n{}{}\n{}",
      file_names::original_input, nlohmann::json(folder).dump(-1, ' ', true, nlohmann::json::error_handler_t::replace), seal_mark,
      sha256_hex(document.resolved), document.resolved);
}

void refuse_edited_input(const std::string& directory, const ResumeInput& stored) {
  const std::string file = directory + "/" + file_names::input;
  if (stored.original.empty() || !std::filesystem::exists(file)) return;
  const std::string text = read_text(file, text_limit);
  if (text == stored.original || is_sealed(text)) return;
  const std::vector<std::string> changes = all_changes(parsed(stored.resolved, "the checkpoint's input").root, parsed(text, file).root);
  if (changes.empty()) return;
  throw InputError(
      fmt::format("'{}' was edited after the run began, but a run goes on with the input in its checkpoint:\n  {}\nrestore the file; steps, limits, "
                  "cadence, log, device and threads can be changed by --set KEY=VALUE",
                  file, fmt::join(changes, "\n  ")));
}

std::optional<int> reopened_stage(const StoredRun& stored, const input::Document& before, const input::Document& now, const RunPlan& plan) {
  for (const StepChange& change : changed_steps(before.root, now.root)) {
    const int stage = planned_stage(plan, change.stage);
    if (stage >= stored.stage) continue;
    const std::string file = named_checkpoint(plan.directory, end_of_stage(plan.stages.at(stage).group));
    const std::string reason = change.now < change.before ? "it has made them already" : why_not_from(file, stage, change, before);
    if (reason.empty()) return stage;
    throw InputError(
        fmt::format("stages.{}.steps: {} -> {} cannot be obeyed: the stage is over and {}; start anew with --overwrite, or leave its steps",
                    change.stage, change.before, change.now, reason));
  }
  return std::nullopt;
}

}  // namespace qs
