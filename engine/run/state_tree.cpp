#include "engine/run/state_tree.h"

#include <fmt/format.h>

#include <algorithm>
#include <stdexcept>
#include <variant>

#include "engine/base/error.h"
#include "engine/plan/weight_names.h"

namespace qs {
namespace {

constexpr std::int64_t schema = 2;  // 2: snapshots and adaptive steps

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

void put_optimizer(const OptimizerState& optimizer, const std::string& prefix, DataTree& tree) {
  tree.set(prefix + "updates", scalar(optimizer.updates));
  for (const auto& [name, values] : optimizer.buffers) tree.set(prefix + "buffers/" + name, array(values));
}

OptimizerState get_optimizer(const std::string& prefix, const DataTree& tree) {
  OptimizerState optimizer{tree.integers(prefix + "updates").at(0), {}};
  const std::string buffers = prefix + "buffers/";
  for (const auto& [path, dataset] : tree.datasets) {
    if (path.starts_with(buffers)) optimizer.buffers[path.substr(buffers.size())] = tree.doubles(path);
  }
  return optimizer;
}

void put_chains(const ConfigurationBatch& chains, std::uint64_t proposals_done, const std::string& prefix, DataTree& tree) {
  tree.set(prefix + "modes", scalar(std::int64_t{chains.modes}));
  tree.set(prefix + "configurations", array(std::vector<std::uint64_t>(chains.bits), {chains.rows(), chains.words}));
  tree.set(prefix + "problem", array(std::vector<std::int64_t>(chains.problem.begin(), chains.problem.end())));
  tree.set(prefix + "proposals_done", array(std::vector<std::uint64_t>{proposals_done}));
}

ConfigurationBatch get_chains(const std::string& prefix, const DataTree& tree) {
  ConfigurationBatch chains;
  chains.modes = static_cast<int>(tree.integers(prefix + "modes").at(0));
  chains.words = words_for(chains.modes);
  chains.bits = tree.words(prefix + "configurations");
  for (const std::int64_t g : tree.integers(prefix + "problem")) chains.problem.push_back(static_cast<std::int32_t>(g));
  return chains;
}

}  // namespace

DataTree to_tree(const RunState& state, const ResumeInput& input, const ParameterLayout& layout) {
  DataTree tree;
  tree.set("schema", scalar(schema));
  tree.set("input/resolved", scalar(input.resolved));
  tree.set("input/directory", scalar(input.directory));
  store_origin(tree, input.origin);
  tree.set("input/original", scalar(input.original));
  tree.set("schedule/stage", scalar(std::int64_t{state.stage}));
  tree.set("schedule/step", scalar(state.step));
  tree.set("schedule/nonfinite_events", scalar(state.nonfinite_events));
  store_weights(tree, tensor_shapes(layout), state.parameters);
  put_optimizer(state.optimizer, "optimizer/", tree);
  for (const auto& [name, values] : state.buffers) tree.set("stage_buffers/" + name, array(values));
  put_chains(state.chains, state.proposals_done, "chains/", tree);
  if (!state.good.parameters.empty()) {
    tree.set("good/parameters", array(state.good.parameters));
    put_optimizer(state.good.optimizer, "good/optimizer/", tree);
    put_chains(state.good.chains, state.good.proposals_done, "good/chains/", tree);
  }
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
  for (const ConfigurationBatch* chains : {&state.chains, &state.good.chains}) {
    require(chains->modes >= 0 && chains->words >= 0, "number of modes");
    require(static_cast<std::int64_t>(chains->bits.size()) == chains->rows() * chains->words, "number of chains");
  }
}

RunState read_state(const DataTree& tree, const ParameterLayout& layout) {
  const std::int64_t found = tree.integers("schema").at(0);
  if (found > schema)
    throw CheckpointError(
        fmt::format("the checkpoint has schema {} but this program knows up to {} (written by a newer version); use that version", found, schema));
  if (found < schema) {
    throw CheckpointError(
        fmt::format("the checkpoint has schema {}, written by an older version whose steps this one cannot repeat (schema {}); go on "
                    "with that version, or start anew from the weights in results.h5",
                    found, schema));
  }
  RunState state;
  state.stage = static_cast<int>(tree.integers("schedule/stage").at(0));
  state.step = tree.integers("schedule/step").at(0);
  state.nonfinite_events = tree.integers("schedule/nonfinite_events").at(0);
  if (layout.total > 0) state.parameters = load_weights(tree, tensor_shapes(layout), "checkpoint.h5");
  state.optimizer = get_optimizer("optimizer/", tree);
  state.chains = get_chains("chains/", tree);
  state.proposals_done = tree.words("chains/proposals_done").at(0);
  if (tree.has("good/parameters")) {
    state.good = {tree.doubles("good/parameters"), get_optimizer("good/optimizer/", tree), get_chains("good/chains/", tree),
                  tree.words("good/chains/proposals_done").at(0)};
  }
  state.trace = get_trace(tree);
  state.trace_bytes = tree.integers("trace/file_bytes").at(0);
  state.trace_hash = tree.words("trace/file_hash").at(0);
  for (const auto& [path, dataset] : tree.datasets) {
    if (path.starts_with(outputs_prefix)) state.outputs.set(path.substr(outputs_prefix.size()), dataset);
    if (path.starts_with("stage_buffers/")) state.buffers[path.substr(14)] = tree.doubles(path);
    if (path.starts_with("seconds/")) state.seconds[path.substr(8)] = tree.doubles(path).at(0);
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
