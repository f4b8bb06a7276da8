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

std::string entry(const NamedKey& named) {
  const Key& key = *named.key;
  std::string kinds = key.kinds;
  for (std::size_t at = 0; (at = kinds.find(' ', at)) != std::string::npos; at += 2) kinds.replace(at, 1, ", ");
  std::string out = named.path + (kinds.empty() ? "" : "  (kind " + kinds + ")") + "\n";
  out += "  type     " + type_name(key.shape) + "\n";
  if (const std::string range = range_of(key.shape); !range.empty()) out += "  range    " + range + "\n";
  out += "  default  " + default_of(key.otherwise) + "\n";
  if (!key.unit.empty()) out += "  unit     " + key.unit + "\n";
  out += "  since    " + key.since + "\n  " + key.doc + "\n";
  if (key.name == "kind")
    for (const Kind& kind : kinds_of_section(key.section)) out += fmt::format("    {:<20}{}\n", kind.name, kind.doc);
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
  for (const NamedKey& named : named_keys())
    if (named.path == wanted) out += (out.empty() ? "" : "\n") + entry(named);
  if (!out.empty()) return out;
  const std::string best = nearest(wanted);
  throw InputError(
      fmt::format("unknown key {}{}", quote(key), best.empty() ? " (--dump-default prints all keys)" : fmt::format(" (did you mean '{}'?)", best)));
}

}  // namespace qs::input
