// What was written on the command line.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "engine/input/input.h"

namespace qs {

struct CommandEntry;

// Operands and options by the names of option_table.h.
struct Line {
  const CommandEntry* command = nullptr;  // null: `answer` is all that was asked for (--help, --version, --dump-schema, --dump-default)
  std::string answer = {};
  std::map<std::string, std::string> values = {};
  std::map<std::string, bool> flags = {};
  std::vector<std::string> directories = {};
  std::vector<std::string> settings = {};   // KEY=VALUE of every --set
  std::vector<input::SetOption> sets = {};  // the same, cut in two

  bool has(const std::string& flag) const { return flags.contains(flag) && flags.at(flag); }
  // "" where it was not written.
  std::string text(const std::string& name) const { return values.contains(name) ? values.at(name) : ""; }
};

// InputError with a suggestion for what is not known.
Line parse_arguments(int argc, const char* const* argv);

}  // namespace qs
