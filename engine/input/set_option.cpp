// --set KEY=VALUE, applied to the raw tree, so that the same validation follows.
#include <fmt/format.h>

#include <charconv>

#include "engine/input/validate.h"

#include "engine/base/text.h"

namespace qs::input {
namespace {

const std::string command_line = "command line";

std::vector<std::string> split(const std::string& key) {
  std::vector<std::string> parts(1);
  for (const char c : key)
    if (c == '.')
      parts.emplace_back();
    else
      parts.back() += c;
  return parts;
}

// The item a list index names; nullptr after reporting.
Raw* list_item(Raw& list, const std::string& index, const std::string& so_far, Diagnostics& diagnostics) {
  std::size_t position = 0;
  const auto [end, error] = std::from_chars(index.data(), index.data() + index.size(), position);
  const bool number = error == std::errc() && end == index.data() + index.size();
  if (number && position < list.items.size()) return &list.items[position];
  const std::string allowed = list.items.empty() ? "it is empty" : fmt::format("indices 0 to {}", list.items.size() - 1);
  diagnostics.error({command_line, 0, 0}, number ? fmt::format("{} has no item {} ({})", so_far, position, allowed)
                                                 : fmt::format("{} is a list; {} is not an index ({})", so_far, quote(index), allowed));
  return nullptr;
}

Raw* map_entry(Raw& map, const std::string& key) {
  if (map.form != Raw::Form::map) {
    map = Raw{};
    map.form = Raw::Form::map;
    map.where = {command_line, 0, 0};
  }
  if (RawEntry* entry = map.find(key)) return &entry->value;
  Raw fresh;
  fresh.where = {command_line, 0, 0};
  map.entries.push_back({key, {command_line, 0, 0}, std::move(fresh)});
  return &map.entries.back().value;
}

}  // namespace

void apply_set(Raw& root, const SetOption& option, Diagnostics& diagnostics) {
  if (root.form == Raw::Form::invalid) return;
  const Raw value = read_yaml(option.value, command_line, Positions::none, diagnostics);
  const std::vector<std::string> parts = split(option.key);
  if (parts.size() > static_cast<std::size_t>(max_input_depth))
    return diagnostics.error({command_line, 0, 0}, quote(option.key) + " is nested too deeply");
  Raw* at = &root;
  std::string so_far;
  for (const std::string& part : parts) {
    if (part.empty())
      return diagnostics.error({command_line, 0, 0}, fmt::format("{} is not a key (write --set section.key=value)", quote(option.key)));
    if (at->form == Raw::Form::invalid) return;
    if (at->form == Raw::Form::scalar)
      return diagnostics.error({command_line, 0, 0},
                               fmt::format("cannot set {} ({} is a single value, not a map)", quote(option.key), quote(so_far)));
    at = at->form == Raw::Form::list ? list_item(*at, part, so_far, diagnostics) : map_entry(*at, part);
    if (at == nullptr) return;
    so_far += (so_far.empty() ? "" : ".") + part;
  }
  *at = value;
}

}  // namespace qs::input
