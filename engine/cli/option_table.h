// The vocabulary of the command line: one row per command and per option, read by the parser, the suggestions, --help and shell completion.
#pragma once

#include <span>
#include <string>
#include <vector>

namespace qs {

struct Line;
struct Arguments;

// What stands in the place of a value, and so what completion offers there.
enum class Meaning {
  none,  // a flag: no value
  word,  // one of `words`; free text if there are none
  count,
  file,
  directory,
  directories,  // one or more, as the last operand
  setting,      // KEY=VALUE of the input
  key,          // a key of the input
};

struct ValueEntry {
  std::string name;  // in the help: "INPUT.yaml"
  Meaning meaning = Meaning::none;
  std::vector<std::string> words = {};
};

struct CommandEntry {
  std::string name;
  std::vector<ValueEntry> operands;                          // all required, in this order
  std::string doc;                                           // may have several lines
  int (*run)(const Line& line, const Arguments& arguments);  // the exit code (commands.h)
};

enum class Presence { optional, required };

// A row may repeat a name to say what the option does in another command.
struct OptionEntry {
  std::string commands;  // that take it, separated by blanks; "": it stands alone and only prints
  std::string name;      // "--steps"
  ValueEntry value;
  std::string doc;
  Presence presence = Presence::optional;
};

std::span<const CommandEntry> commands();
std::span<const OptionEntry> options();
bool takes(const CommandEntry& command, const OptionEntry& option);

std::vector<std::string> command_names();
std::vector<std::string> option_names();  // each once
std::string help_text();                  // less than 60 lines

}  // namespace qs
