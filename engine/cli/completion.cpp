#include "engine/cli/completion.h"

#include <fmt/format.h>

#include <map>
#include <utility>
#include <vector>

#include "engine/cli/completion_scripts.h"
#include "engine/cli/option_table.h"
#include "engine/input/input.h"
#include "engine/input/settable.h"
#include "engine/plan/vocabulary.h"

namespace qs {
namespace {

constexpr std::size_t repeated = 10;  // of operands that may be repeated, so many are completed

// What the scripts look up: a name, and the words that may stand there. A word that begins with @ stands for a kind of words.
using Row = std::pair<std::string, std::vector<std::string>>;

std::vector<std::string> offered(const ValueEntry& value) {
  static const std::map<Meaning, std::string> stands = {
      {Meaning::file, "@file"}, {Meaning::directory, "@directory"}, {Meaning::directories, "@directory"}, {Meaning::setting, "@setting"}};
  if (value.meaning == Meaning::key) return input::all_keys(vocabulary());
  const auto found = stands.find(value.meaning);
  return found == stands.end() ? value.words : std::vector<std::string>{found->second};
}

// "value COMMAND OPTION" has a row for every option with a value: without one, the next word is an operand.
std::vector<Row> rows() {
  std::vector<Row> table = {{"commands", command_names()}};
  Row alone{"options", {}};
  for (const OptionEntry& option : options())
    if (option.commands.empty()) alone.second.push_back(option.name);
  table.push_back(alone);
  for (const CommandEntry& command : commands()) {
    Row own{"options " + command.name, {}};
    for (const OptionEntry& option : options()) {
      if (takes(command, option)) own.second.push_back(option.name);
      if (option.value.meaning == Meaning::none || !(takes(command, option) || option.commands.empty())) continue;
      const std::vector<std::string> words = offered(option.value);
      table.emplace_back(fmt::format("value {} {}", command.name, option.name), words.empty() ? std::vector<std::string>{"@any"} : words);
    }
    table.push_back(own);
    for (std::size_t i = 0; i < command.operands.size(); ++i) {
      const ValueEntry& operand = command.operands[i];
      const std::size_t last = operand.meaning == Meaning::directories ? i + repeated : i + 1;
      for (std::size_t place = i; place < last; ++place) table.emplace_back(fmt::format("operand {} {}", command.name, place + 1), offered(operand));
    }
  }
  Row settings{"settings", {}};
  for (const input::SettableKey& key : input::settable_keys(vocabulary())) {
    settings.second.push_back(key.path);
    if (!key.words.empty()) table.emplace_back("setting " + key.path, key.words);
  }
  table.push_back(settings);
  return table;
}

std::string lookup(const char* begin, const char* row, const char* end) {
  std::string text = begin;
  for (const auto& [name, words] : rows())
    if (!words.empty()) text += fmt::format(fmt::runtime(row), name, fmt::join(words, " "));
  return text + end;
}

}  // namespace

std::string completion_script(const std::string& shell) {
  if (shell == "fish")
    return fish_head + lookup("function __qstage_vmc_words\n  switch $argv[1]\n", "    case '{}'\n      string split ' ' '{}'\n", "  end\nend\n\n") +
           fish_script;
  const std::string words = lookup("_qstage_vmc_words() {\n  case $1 in\n", "    '{}') echo '{}' ;;\n", "  esac\n}\n\n");
  return shell == "bash" ? bash_head + words + bash_script : zsh_head + words + zsh_script;
}

}  // namespace qs
