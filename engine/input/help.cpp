// --help KEY, the key list and --dump-default, all from the table.
#include <fmt/format.h>

#include <algorithm>

#include "engine/base/error.h"
#include "engine/base/text.h"
#include "engine/input/raw.h"
#include "engine/input/scalar.h"
#include "engine/input/schema.h"
#include "engine/input/shape_match.h"

namespace qs::input {
namespace {

std::string type_name(const Shape& shape) {
  std::vector<std::string> parts;
  for (const Shape& part : shape.parts) parts.push_back(type_name(part));
  if (shape.type == Type::choice) return joined(shape.words, " | ");
  if (shape.type == Type::either) return joined(parts, ", or ");
  const std::string section = shape.type == Type::section ? " (" + shape.name + ")" : "";
  return words_of(shape.type).holds + section + joined(parts, "");
}

// The range of the value itself or of its parts, whichever has one.
std::string range_of(const Shape& shape) {
  if (shape.type == Type::integer || shape.type == Type::number) return describe(shape.range);
  for (const Shape& part : shape.parts)
    if (const std::string range = range_of(part); !range.empty()) return range;
  return "";
}

// A line for each word whose meaning is told.
std::string meanings_of(const Shape& shape) {
  std::string out;
  for (std::size_t k = 0; k < shape.meanings.size(); ++k) out += fmt::format("    {:<24}{}\n", shape.words[k], shape.meanings[k]);
  for (const Shape& part : shape.parts) out += meanings_of(part);
  return out;
}

std::string default_of(const Default& otherwise) {
  if (otherwise.kind == Default::Kind::required)
    return "none, the key is required" + (otherwise.text.empty() ? "" : " (e.g. " + otherwise.text + ")");
  return otherwise.kind == Default::Kind::value ? otherwise.text : "not set (" + otherwise.text + ")";
}

// The rows of one path: those that say the same for several kinds once, with all of them.
struct Described {
  const Schema::NamedKey* named;
  std::vector<std::string> kinds;  // empty: every kind has it, or there are none
};

std::vector<Described> described(const Schema& schema, const std::vector<Schema::NamedKey>& rows, const std::string& path) {
  std::vector<Described> out;
  for (const Schema::NamedKey& named : rows) {
    if (named.path != path) continue;
    const auto same = std::find_if(out.begin(), out.end(), [&](const Described& known) { return same_meaning(*known.named->key, *named.key); });
    if (same != out.end())
      same->kinds.push_back(named.key->kind);
    else
      out.push_back({&named, named.key->kind.empty() ? std::vector<std::string>{} : std::vector<std::string>{named.key->kind}});
  }
  for (Described& row : out)
    if (row.kinds.size() == schema.kinds_of(row.named->key->section).size()) row.kinds.clear();
  return out;
}

std::string entry(const Schema& schema, const Described& row) {
  const Key& key = *row.named->key;
  std::string out = row.named->path + (row.kinds.empty() ? "" : "  (kind " + joined(row.kinds) + ")") + "\n";
  out += "  type     " + type_name(key.shape) + "\n";
  if (const std::string range = range_of(key.shape); !range.empty()) out += "  range    " + range + "\n";
  out += "  default  " + default_of(key.otherwise) + "\n";
  if (!key.unit.empty()) out += "  unit     " + key.unit + "\n";
  out += "  since    " + key.since + "\n  " + key.doc + "\n" + meanings_of(key.shape);
  if (key.name == "kind")
    for (const Kind& kind : schema.kinds_of_section(key.section)) out += fmt::format("    {:<20}{}\n", kind.name, kind.doc);
  return out;
}

bool is_section(const Shape& shape) {
  return shape.type == Type::section || std::any_of(shape.parts.begin(), shape.parts.end(), [](const Shape& part) { return is_section(part); });
}

// The keys directly below a section, a line each. A key that several variants have with one meaning has one line.
std::string keys_below(const Schema& schema, const std::vector<Schema::NamedKey>& rows, const std::string& path) {
  std::string out = "  keys; qstage-vmc --help " + path + ".KEY says more\n";
  std::vector<std::string> names;
  for (const Schema::NamedKey& named : rows) {
    const std::size_t dot = named.path.rfind('.');
    if (dot == std::string::npos || named.path.substr(0, dot) != path) continue;
    if (std::find(names.begin(), names.end(), named.path) == names.end()) names.push_back(named.path);
  }
  for (const std::string& name : names)
    for (const Described& row : described(schema, rows, name)) {
      const Key& key = *row.named->key;
      out += fmt::format("    {:<18}{}", key.name, key.name == "kind" ? type_name(key.shape) : key.doc);
      out += (row.kinds.empty() ? "" : " (" + joined(row.kinds) + ")") + "\n";
    }
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
std::string nearest(const Schema& schema, const std::string& wanted) {
  const std::vector<std::string> paths = all_keys(schema);
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

std::vector<std::string> all_keys(const Schema& schema) {
  std::vector<std::string> out;
  for (const Schema::NamedKey& named : schema.named_keys())
    if (std::find(out.begin(), out.end(), named.path) == out.end()) out.push_back(named.path);
  return out;
}

std::string help_for(const Schema& schema, const std::string& key) {
  const std::string wanted = without_indices(key);
  const std::vector<Schema::NamedKey> rows = schema.named_keys();
  std::string out;
  bool has_keys = false;
  for (const Described& row : described(schema, rows, wanted)) {
    out += (out.empty() ? "" : "\n") + entry(schema, row);
    has_keys = has_keys || is_section(row.named->key->shape);
  }
  if (!out.empty()) return has_keys ? out + keys_below(schema, rows, wanted) : out;
  const std::string best = nearest(schema, wanted);
  throw InputError(
      fmt::format("unknown key {}{}", quote(key), best.empty() ? " (--dump-default prints all keys)" : fmt::format(" (did you mean '{}'?)", best)));
}

}  // namespace qs::input
