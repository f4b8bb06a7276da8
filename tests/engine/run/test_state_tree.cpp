#include "engine/run/state_tree.h"

#include <gtest/gtest.h>

#include <limits>
#include <string>
#include <type_traits>
#include <vector>

#include "engine/base/error.h"
#include "engine/wavefunctions/parameters.h"

namespace qs {
namespace {

ParameterLayout layout() {
  ParameterLayout layout;
  layout.add("dense/kernel", {2, 3});
  layout.add("dense/bias", {3});
  return layout;
}

RunState sample_state() {
  RunState state;
  state.stage = 1;
  state.step = 2;
  state.parameters.assign(9, 0.5);
  state.optimizer.updates = 2;
  state.optimizer.buffers["momentum"] = {1, 2, 3};
  state.buffers["kept"] = {4};
  state.chains = ConfigurationBatch(70, 3);
  state.proposals_done = 11;
  state.trace = {{"step", "energy"}, {{1, -0.5}, {2, -0.75}}};
  state.trace_bytes = 40;
  state.trace_hash = 0xfedcba9876543210;
  state.outputs.set("stages/00_ed/energy", array(std::vector<double>{-1, 2}, {1, 2}));
  state.seconds["01_vmc/sample"] = 0.25;
  return state;
}

DataTree sample_tree() { return to_tree(sample_state(), {"format: 1\n", "/data", "# mine\nformat: 1\n"}, layout()); }

TEST(StateTree, GivesBackStateAndInput) {
  const DataTree tree = sample_tree();

  EXPECT_EQ(to_tree(from_tree(tree, layout()), resume_input(tree), layout()), tree);
  EXPECT_EQ(resume_input(tree).original, "# mine\nformat: 1\n");
}

// Every change of one dataset that keeps the tree readable as HDF5: the outcome is a state or a CheckpointError, never anything else.
std::vector<Dataset> changes_of(const Dataset& dataset) {
  std::vector<Dataset> changed = {scalar(std::string("text")),
                                  array(std::vector<double>{}),
                                  array(std::vector<std::int64_t>{}),
                                  array(std::vector<std::uint64_t>{}),
                                  scalar(std::int64_t{-1}),
                                  scalar(std::numeric_limits<std::int64_t>::max()),
                                  scalar(std::numeric_limits<double>::quiet_NaN())};
  std::visit(
      [&](const auto& values) {
        using Vector = std::decay_t<decltype(values)>;
        Dataset shorter = dataset, longer = dataset, other = dataset;
        auto& less = std::get<Vector>(shorter.values);
        if (!less.empty()) less.pop_back();
        shorter.shape = {static_cast<std::int64_t>(less.size())};
        auto& more = std::get<Vector>(longer.values);
        more.emplace_back();
        longer.shape = {static_cast<std::int64_t>(more.size())};
        if constexpr (std::is_same_v<Vector, std::vector<std::int64_t>>)
          for (std::int64_t& value : std::get<Vector>(other.values)) value = std::numeric_limits<std::int64_t>::min();
        changed.insert(changed.end(), {shorter, longer, other});
      },
      dataset.values);
  return changed;
}

TEST(StateTree, TakesNothingFromAHostileTreeButAStateOrARefusal) {
  const DataTree sound = sample_tree();
  int refused = 0, changes = 0;
  const auto judge = [&](const DataTree& tree, const std::string& what) {
    ++changes;
    try {
      const RunState state = from_tree(tree, layout());
      EXPECT_EQ(state.chains.bits.size(), state.chains.rows() * state.chains.words) << what;
      EXPECT_GE(state.stage, 0) << what;
      EXPECT_GE(state.step, 0) << what;
      EXPECT_EQ(state.parameters.size(), 9u) << what;
    } catch (const CheckpointError&) {
      ++refused;
    } catch (const std::exception& error) {
      ADD_FAILURE() << what << ": " << error.what();
    }
  };
  for (const auto& [path, dataset] : sound.datasets) {
    DataTree tree = sound;
    tree.datasets.erase(path);
    judge(tree, "without " + path);
    for (const Dataset& change : changes_of(dataset)) {
      tree = sound;
      tree.set(path, change);
      judge(tree, path + " as " + type_name(change) + " " + shape_text(change.shape));
    }
  }

  EXPECT_GT(changes, 150);
  EXPECT_GT(refused, changes / 2);
}

}  // namespace
}  // namespace qs
