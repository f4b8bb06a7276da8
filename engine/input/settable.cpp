#include "engine/input/settable.h"

#include <algorithm>

#include "engine/input/schema.h"

namespace qs::input {
namespace {

// A section is set key by key.
bool has_value(const Shape& shape) {
  switch (shape.type) {
    case Type::section:
      return false;
    case Type::list:
      return has_value(shape.parts[0]);
    case Type::either:
      return std::any_of(shape.parts.begin(), shape.parts.end(), has_value);
    default:
      return true;
  }
}

void add_words(const Shape& shape, std::vector<std::string>& words) {
  const auto add = [&](const std::string& word) {
    if (std::find(words.begin(), words.end(), word) == words.end()) words.push_back(word);
  };
  if (shape.type == Type::choice) std::for_each(shape.words.begin(), shape.words.end(), add);
  if (shape.type == Type::flag)
    for (const char* word : {"true", "false"}) add(word);
  if (shape.type == Type::either)
    for (const Shape& part : shape.parts) add_words(part, words);
}

void add_keys(const Schema& schema, const Shape& shape, const std::string& path, std::vector<SettableKey>& out);

void add_section(const Schema& schema, const std::string& section, const std::string& path, std::vector<SettableKey>& out) {
  for (const Key& key : schema.keys()) {
    if (key.section != section) continue;
    const std::string name = path.empty() ? key.name : path + "." + key.name;
    if (has_value(key.shape)) {
      auto known = std::find_if(out.begin(), out.end(), [&](const SettableKey& other) { return other.path == name; });
      if (known == out.end()) known = out.insert(out.end(), SettableKey{name, {}});
      add_words(key.shape, known->words);
    }
    add_keys(schema, key.shape, name, out);
  }
}

// The keys below a value.
void add_keys(const Schema& schema, const Shape& shape, const std::string& path, std::vector<SettableKey>& out) {
  if (shape.type == Type::section) add_section(schema, shape.name, path, out);
  for (const Shape& part : shape.parts) add_keys(schema, part, shape.type == Type::list ? path + ".#" : path, out);
}

}  // namespace

std::vector<SettableKey> settable_keys(const Schema& schema) {
  std::vector<SettableKey> out;
  add_section(schema, "", "", out);
  return out;
}

}  // namespace qs::input
