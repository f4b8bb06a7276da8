#include "engine/run/state_tree.h"

#include <fmt/format.h>

#include <algorithm>
#include <stdexcept>
#include <variant>

#include "engine/run/weight_names.h"
#include "kernels/api/error.h"

namespace qs {
namespace {

constexpr std::int64_t schema = 1;

void put_trace(const Trace& trace, DataTree& tree) {
  std::vector<double> flat;
  for (const auto& row : trace.rows) flat.insert(flat.end(), row.begin(), row.end());
  const auto rows = static_cast<std::int64_t>(trace.rows.size()), columns = static_cast<std::int64_t>(trace.columns.size());
  tree.set("trace/values", array(std::move(flat), {rows, columns}));
  tree.set("trace/columns", array(trace.columns));
}

Trace get_trace(const DataTree& tree) {
  Trace trace;
  trace.columns = std::get<std::vector<std::string>>(tree.at("trace/columns").values);
  const auto& flat = tree.doubles("trace/values");
  const std::size_t width = trace.columns.size();
  for (std::size_t begin = 0; width > 0 && begin + width <= flat.size(); begin += width)
    trace.rows.emplace_back(flat.begin() + begin, flat.begin() + begin + width);
  return trace;
}

}  // namespace

DataTree to_tree(const RunState& state, const ResumeInput& input, const ParameterLayout& layout) {
  DataTree tree;
  tree.set("schema", scalar(schema));
  tree.set("input/resolved", scalar(input.resolved));
  tree.set("input/directory", scalar(input.directory));
  tree.set("input/original", scalar(input.original));
  tree.set("schedule/stage", scalar(std::int64_t{state.stage}));
  tree.set("schedule/step", scalar(state.step));
  tree.set("schedule/shift_factor", scalar(state.shift_factor));
  tree.set("schedule/nonfinite_events", scalar(state.nonfinite_events));
  store_weights(tree, tensor_shapes(layout), state.parameters);
  tree.set("optimizer/updates", scalar(state.optimizer.updates));
  for (const auto& [name, values] : state.optimizer.buffers) tree.set("optimizer/buffers/" + name, array(values));
  for (const auto& [name, values] : state.buffers) tree.set("stage_buffers/" + name, array(values));
  tree.set("chains/modes", scalar(std::int64_t{state.chains.modes}));
  tree.set("chains/configurations", array(std::vector<std::uint64_t>(state.chains.bits), {state.chains.rows(), state.chains.words}));
  tree.set("chains/problem", array(std::vector<std::int64_t>(state.chains.problem.begin(), state.chains.problem.end())));
  tree.set("rng/proposals_done", array(std::vector<std::uint64_t>{state.proposals_done}));
  put_trace(state.trace, tree);
  tree.set("trace/file_bytes", scalar(state.trace_bytes));
  tree.set("trace/file_hash", array(std::vector<std::uint64_t>{state.trace_hash}));
  for (const auto& [path, dataset] : state.outputs.datasets) tree.set(outputs_prefix + path, dataset);
  for (const auto& [name, value] : state.seconds) tree.set("seconds/" + name, scalar(value));
  return tree;
}

ResumeInput resume_input(const DataTree& tree) {
  return {tree.text("input/resolved"), tree.text("input/directory"), tree.has("input/original") ? tree.text("input/original") : ""};
}

namespace {

// What no run has written, although every dataset is there.
void check_state(const RunState& state) {
  const auto require = [](bool sound, const char* what) {
    if (!sound) throw CheckpointError(fmt::format("the checkpoint's {} cannot come from a run (the file was changed, and its hash renewed)", what));
  };
  require(state.stage >= 0 && state.step >= 0 && state.nonfinite_events >= 0, "place in the schedule");
  require(state.trace_bytes >= -1, "length of the table");
  require(state.chains.modes >= 0 && state.chains.words >= 0, "number of modes");
  require(static_cast<std::int64_t>(state.chains.bits.size()) == state.chains.rows() * state.chains.words, "number of chains");
}

RunState read_state(const DataTree& tree, const ParameterLayout& layout) {
  const std::int64_t found = tree.integers("schema").at(0);
  if (found > schema)
    throw CheckpointError(
        fmt::format("the checkpoint has schema {} but this program knows up to {} (written by a newer version); use that version", found, schema));
  RunState state;
  state.stage = static_cast<int>(tree.integers("schedule/stage").at(0));
  state.step = tree.integers("schedule/step").at(0);
  state.shift_factor = tree.doubles("schedule/shift_factor").at(0);
  state.nonfinite_events = tree.integers("schedule/nonfinite_events").at(0);
  if (layout.total > 0) state.parameters = load_weights(tree, tensor_shapes(layout), "checkpoint.h5");
  state.optimizer.updates = tree.integers("optimizer/updates").at(0);
  state.chains.modes = static_cast<int>(tree.integers("chains/modes").at(0));
  state.chains.words = words_for(state.chains.modes);
  state.chains.bits = tree.words("chains/configurations");
  for (const std::int64_t g : tree.integers("chains/problem")) state.chains.problem.push_back(static_cast<std::int32_t>(g));
  state.proposals_done = tree.words("rng/proposals_done").at(0);
  state.trace = get_trace(tree);
  state.trace_bytes = tree.integers("trace/file_bytes").at(0);
  state.trace_hash = tree.words("trace/file_hash").at(0);
  const auto starts = [](const std::string& text, const std::string& prefix) { return text.compare(0, prefix.size(), prefix) == 0; };
  for (const auto& [path, dataset] : tree.datasets) {
    if (starts(path, outputs_prefix)) state.outputs.set(path.substr(outputs_prefix.size()), dataset);
    if (starts(path, "optimizer/buffers/")) state.optimizer.buffers[path.substr(18)] = tree.doubles(path);
    if (starts(path, "stage_buffers/")) state.buffers[path.substr(14)] = tree.doubles(path);
    if (starts(path, "seconds/")) state.seconds[path.substr(8)] = tree.doubles(path).at(0);
  }
  return state;
}

}  // namespace

void as_written_by_a_run(const std::function<void()>& read) {
  try {
    read();
  } catch (const std::out_of_range& error) {
    throw CheckpointError(fmt::format("the checkpoint does not hold what a run writes ({})", error.what()));
  } catch (const std::bad_variant_access&) {
    throw CheckpointError("the checkpoint does not hold what a run writes (a list of another type)");
  }
}

RunState from_tree(const DataTree& tree, const ParameterLayout& layout) {
  RunState state;
  as_written_by_a_run([&] {
    state = read_state(tree, layout);
    check_state(state);
  });
  return state;
}

}  // namespace qs
