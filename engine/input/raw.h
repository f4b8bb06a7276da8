// The YAML tree before any meaning: forms, texts and positions. raw.cpp is the only file of the program that includes yaml-cpp.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "engine/input/input.h"

namespace qs::input {

struct RawEntry;

struct Raw {
  enum class Form { null, scalar, list, map, invalid };  // invalid: already reported, skip silently
  Form form = Form::null;
  std::string text;     // scalars
  bool quoted = false;  // scalars: written in quotes or as a block, hence never a number or a flag
  Location where;
  std::vector<Raw> items;
  std::vector<RawEntry> entries;

  const RawEntry* find(const std::string& key) const;
  RawEntry* find(const std::string& key);
};

struct RawEntry {
  std::string key;
  Location key_where;
  Raw value;
};

inline const RawEntry* Raw::find(const std::string& key) const {
  for (const RawEntry& entry : entries)
    if (entry.key == key) return &entry;
  return nullptr;
}
inline RawEntry* Raw::find(const std::string& key) { return const_cast<RawEntry*>(static_cast<const Raw*>(this)->find(key)); }

// Limits of a file from outside.
constexpr std::size_t max_input_bytes = 1 << 20;
constexpr int max_input_depth = 32;
constexpr std::size_t max_input_values = 1 << 16;

enum class Positions { from_text, none };  // none: a value of --set, reported as "command line"

// Reads one document of the plain subset. Anchors, aliases, tags, merge keys, directives, further documents, duplicate keys and
// everything over the limits are errors. The root has form `invalid` if nothing useful could be read.
Raw read_yaml(const std::string& text, const std::string& file, Positions positions, Diagnostics& diagnostics);

// Reports what yaml-cpp would read as something else: 0x04 is its end of file, UTF-16 is decoded silently, directives are dropped.
bool check_bytes(const std::string& text, const std::string& file, Positions positions, Diagnostics& diagnostics);
// The first character that a terminal obeys instead of showing it, or that is none, in words. Line feeds and tabs are fine.
std::optional<std::string> unprintable_in(const std::string& text);

}  // namespace qs::input
