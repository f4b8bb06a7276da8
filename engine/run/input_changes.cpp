#include "engine/run/input_changes.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <map>
#include <optional>
#include <string_view>

namespace qs {
namespace {

using input::Node;

void flatten(const Node& node, const std::string& path, std::map<std::string, std::string>& out) {
  if (node.is_null()) return;
  if (node.is_map()) {
    for (const auto& [key, value] : node.entries()) flatten(value, path.empty() ? key : path + "." + key, out);
  } else if (node.is_list()) {
    int index = 0;
    for (const Node& item : node.items()) flatten(item, fmt::format("{}.{}", path, index++), out);
  } else if (node.is_number()) {
    out[path] = fmt::format("{}", node.number());
  } else if (node.is_text()) {
    out[path] = node.text();
  } else {
    out[path] = node.flag() ? "true" : "false";
  }
}

bool may_change(std::string_view path) {
  constexpr std::array<std::string_view, 7> free = {"title", "device", "threads", "output.", "limits.", "checkpoint.", "log."};
  for (const std::string_view prefix : free) {
    if (path.substr(0, prefix.size()) == prefix) return true;
  }
  constexpr std::string_view stages = "stages.", steps = ".steps";
  if (path.substr(0, stages.size()) != stages) return false;
  const std::string_view rest = path.substr(stages.size());
  return rest.size() > steps.size() && rest.find('.') == rest.size() - steps.size() && rest.substr(rest.size() - steps.size()) == steps;
}

bool never_may_change(std::string_view) { return false; }

std::vector<std::string> changes_but(bool (*may_change_at)(std::string_view path), const Node& before, const Node& now) {
  std::map<std::string, std::string> old_values, new_values;
  flatten(before, "", old_values);
  flatten(now, "", new_values);
  std::vector<std::string> changes;
  for (const auto& [path, value] : old_values) {
    const auto found = new_values.find(path);
    const std::string present = found == new_values.end() ? "(absent)" : found->second;
    if (present != value && !may_change_at(path)) changes.push_back(path + ": " + value + " -> " + present);
  }
  for (const auto& [path, value] : new_values) {
    if (!old_values.count(path) && !may_change_at(path)) changes.push_back(path + ": (absent) -> " + value);
  }
  return changes;
}

std::optional<std::int64_t> steps_of(const Node& stage) {
  for (const auto& [key, value] : stage.entries())
    if (key == "steps" && value.is_number()) return value.integer();
  return std::nullopt;
}

}  // namespace

std::vector<std::string> forbidden_changes(const Node& before, const Node& now) { return changes_but(may_change, before, now); }

std::vector<std::string> all_changes(const Node& before, const Node& now) { return changes_but(never_may_change, before, now); }

std::vector<StepChange> changed_steps(const Node& before, const Node& now) {
  const std::vector<Node> old_stages = before["stages"].items(), new_stages = now["stages"].items();
  std::vector<StepChange> changes;
  for (std::size_t k = 0; k < std::min(old_stages.size(), new_stages.size()); ++k) {
    const auto old_steps = steps_of(old_stages[k]), new_steps = steps_of(new_stages[k]);
    if (old_steps && new_steps && *old_steps != *new_steps) changes.push_back({static_cast<int>(k), *old_steps, *new_steps});
  }
  return changes;
}

}  // namespace qs
