// --help KEY, the key list and --dump-default, all from the table.
#include <fmt/format.h>

#include <algorithm>

#include "engine/input/raw.h"
#include "engine/input/scalar.h"
#include "engine/input/schema.h"
#include "kernels/api/error.h"

namespace qs::input {
namespace {

std::string type_name(const Shape& shape) {
  switch (shape.type) {
    case Type::integer:
      return "integer";
    case Type::number:
      return "number";
    case Type::flag:
      return "true or false";
    case Type::text:
      return "text";
    case Type::folder:
      return "folder name";
    case Type::choice:
      return joined(shape.words, " | ");
    case Type::duration:
      return "duration (30s, 5min, 11h30min)";
    case Type::size:
      return "size (512MiB, 4GiB)";
    case Type::list:
      return "list of " + type_name(shape.parts[0]);
    case Type::section:
      return "map (" + shape.name + ")";
    case Type::family:
      return "map of couplings to lists, or {names: [...], rows: [[...], ...]}";
    case Type::values:
      return "map of couplings to lists";
    case Type::either:
      break;
  }
  std::vector<std::string> parts;
  for (const Shape& part : shape.parts) parts.push_back(type_name(part));
  return joined(parts, ", or ");
}

// The range of the value itself or of its parts, whichever has one.
std::string range_of(const Shape& shape) {
  if (shape.type == Type::integer || shape.type == Type::number) return describe(shape.range);
  for (const Shape& part : shape.parts)
    if (const std::string range = range_of(part); !range.empty()) return range;
  return "";
}

std::string default_of(const Default& otherwise) {
  if (otherwise.kind == Default::Kind::required)
    return "none, the key is required" + (otherwise.text.empty() ? "" : " (e.g. " + otherwise.text + ")");
  return otherwise.kind == Default::Kind::value ? otherwise.text : "not set (" + otherwise.text + ")";
}

// Words separated by blanks, with commas between them.
std::string listed(std::string words) {
  for (std::size_t at = 0; (at = words.find(' ', at)) != std::string::npos; at += 2) words.replace(at, 1, ", ");
  return words;
}

std::string entry(const NamedKey& named) {
  const Key& key = *named.key;
  std::string out = named.path + (key.kinds.empty() ? "" : "  (kind " + listed(key.kinds) + ")") + "\n";
  out += "  type     " + type_name(key.shape) + "\n";
  if (const std::string range = range_of(key.shape); !range.empty()) out += "  range    " + range + "\n";
  out += "  default  " + default_of(key.otherwise) + "\n";
  if (!key.unit.empty()) out += "  unit     " + key.unit + "\n";
  out += "  since    " + key.since + "\n  " + key.doc + "\n";
  if (key.name == "kind")
    for (const Kind& kind : kinds_of_section(key.section)) out += fmt::format("    {:<20}{}\n", kind.name, kind.doc);
  return out;
}

bool is_section(const Shape& shape) {
  return shape.type == Type::section || std::any_of(shape.parts.begin(), shape.parts.end(), [](const Shape& part) { return is_section(part); });
}

// The keys directly below a section, a line each. A key that several variants have with one meaning has one line.
std::string keys_below(const std::string& path) {
  std::vector<std::pair<std::string, std::string>> rows;  // line, kinds
  for (const NamedKey& named : named_keys()) {
    const std::size_t dot = named.path.rfind('.');
    if (dot == std::string::npos || named.path.substr(0, dot) != path) continue;
    const Key& key = *named.key;
    const std::string line = fmt::format("    {:<18}{}", key.name, key.name == "kind" ? type_name(key.shape) : key.doc);
    const auto same = std::find_if(rows.begin(), rows.end(), [&](const auto& row) { return row.first == line; });
    if (same == rows.end())
      rows.emplace_back(line, key.kinds);
    else
      same->second += " " + key.kinds;
  }
  std::string out = "  keys; qstage-vmc --help " + path + ".KEY says more\n";
  for (const auto& [line, kinds] : rows) out += line + (kinds.empty() ? "" : " (" + listed(kinds) + ")") + "\n";
  return out;
}

// List indices are not part of a key's name: stages.2.steps -> stages.steps.
std::string without_indices(const std::string& path) {
  std::string out;
  for (std::size_t begin = 0; begin <= path.size();) {
    const std::size_t end = std::min(path.find('.', begin), path.size());
    const std::string part = path.substr(begin, end - begin);
    if (part.empty() || part.find_first_not_of("0123456789") != std::string::npos) out += (out.empty() ? "" : ".") + part;
    begin = end + 1;
  }
  return out;
}

// A full name first, then the last word of one.
std::string nearest(const std::string& wanted) {
  const std::vector<std::string> paths = all_keys();
  if (const std::string best = suggest(wanted, paths); !best.empty()) return best;
  const std::string word = wanted.substr(wanted.rfind('.') + 1);
  std::vector<std::string> names;
  for (const std::string& path : paths) names.push_back(path.substr(path.rfind('.') + 1));
  const std::string best = suggest(word, names);
  for (std::size_t i = 0; i < paths.size(); ++i)
    if (!best.empty() && names[i] == best) return paths[i];
  return "";
}

}  // namespace

std::vector<std::string> all_keys() {
  std::vector<std::string> out;
  for (const NamedKey& named : named_keys())
    if (std::find(out.begin(), out.end(), named.path) == out.end()) out.push_back(named.path);
  return out;
}

std::string help_for(const std::string& key) {
  const std::string wanted = without_indices(key);
  std::string out;
  bool has_keys = false;
  for (const NamedKey& named : named_keys()) {
    if (named.path != wanted) continue;
    out += (out.empty() ? "" : "\n") + entry(named);
    has_keys = has_keys || is_section(named.key->shape);
  }
  if (!out.empty()) return has_keys ? out + keys_below(wanted) : out;
  const std::string best = nearest(wanted);
  throw InputError(
      fmt::format("unknown key {}{}", quote(key), best.empty() ? " (--dump-default prints all keys)" : fmt::format(" (did you mean '{}'?)", best)));
}

}  // namespace qs::input
