#include "engine/cli/options.h"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <limits>
#include <optional>

#include "engine/base/error.h"
#include "engine/base/text.h"
#include "engine/cli/option_table.h"
#include "engine/plan/vocabulary.h"
#include "engine/report/provenance.h"

namespace qs {
namespace {

std::string version_text(const std::vector<std::string>& words) {
  const BuildInfo build = build_info();
  std::string text = "qstage-vmc " + build.version + "\n";
  if (std::find(words.begin(), words.end(), "--verbose") == words.end()) return text;
  text += "git " + build.git_hash + "\ncompiler " + build.compiler + "\nbuild " + build.build_type + "\nflags " + build.flags + "\nMPI " +
          build.mpi_headers + "\nHDF5 " + build.hdf5_headers + "\nCUDA " +
          (build.cuda_architectures.empty() ? "not built" : build.cuda_architectures) + "\n";
  return text;
}

// --help, --version and the dumps work anywhere on the line.
std::optional<std::string> printed(const std::vector<std::string>& words) {
  for (std::size_t i = 0; i < words.size(); ++i) {
    if (words[i] == "--help" || words[i] == "-h") {
      const bool has_key = i + 1 < words.size() && words[i + 1].substr(0, 1) != "-";
      return has_key ? input::help_for(vocabulary(), words[i + 1]) : help_text();
    }
    if (words[i] == "--version") return version_text(words);
    if (words[i] == "--dump-schema") return input::json_schema(vocabulary());
    if (words[i] == "--dump-default") return input::default_document(vocabulary());
  }
  return std::nullopt;
}

input::SetOption set_option(const std::string& text) {
  const std::size_t equals = text.find('=');
  if (equals == std::string::npos || equals == 0) throw InputError("--set '" + text + "' is not KEY=VALUE; write for example --set seed=7");
  return {text.substr(0, equals), text.substr(equals + 1)};
}

// The parser's own messages are replaced: problem, why, what to do.
[[noreturn]] void refuse(const CLI::ParseError& error, const std::vector<std::string>& words) {
  const std::vector<std::string> known = option_names();
  for (const std::string& word : words) {
    const std::string name = word.substr(0, word.find('='));
    if (word.substr(0, 2) != "--" || std::find(known.begin(), known.end(), name) != known.end()) continue;
    const std::string close = input::suggest(name, known);
    throw InputError("option '" + name + "' is not known" + (close.empty() ? "" : " (did you mean '" + close + "'?)") + "; see qstage-vmc --help");
  }
  throw InputError(std::string(error.what()) + "; see qstage-vmc --help");
}

CLI::Option* add_value(CLI::App& app, const std::string& name, const ValueEntry& value, Line& line) {
  if (value.meaning == Meaning::setting) return app.add_option(name, line.settings)->expected(1)->take_all();
  if (value.meaning == Meaning::directories) return app.add_option(name, line.directories);
  CLI::Option* option = app.add_option(name, line.values[name]);
  if (value.meaning == Meaning::count) option->check(CLI::Range(0, std::numeric_limits<int>::max()));
  return option;
}

void add_command(CLI::App& app, const CommandEntry& command, Line& line) {
  CLI::App* parser = app.add_subcommand(command.name);
  parser->set_help_flag();
  for (const ValueEntry& operand : command.operands) add_value(*parser, operand.name, operand, line)->required();
  for (const OptionEntry& option : options()) {
    if (!takes(command, option)) continue;
    if (option.value.meaning == Meaning::none)
      parser->add_flag(option.name, line.flags[option.name]);
    else
      add_value(*parser, option.name, option.value, line)->required(option.presence == Presence::required);
  }
}

// A value that is one of a few words.
void check_word(const std::string& name, const ValueEntry& value, const Line& line) {
  const std::string word = line.text(name);
  if (word.empty() || value.words.empty() || std::find(value.words.begin(), value.words.end(), word) != value.words.end()) return;
  const std::string close = input::suggest(word, value.words);
  throw InputError(name + " '" + word + "' is not known (" + (close.empty() ? "" : "did you mean '" + close + "'? ") +
                   "known: " + joined(value.words) + ")");
}

void check_words(const CommandEntry& command, const Line& line) {
  for (const ValueEntry& operand : command.operands) check_word(operand.name, operand, line);
  for (const OptionEntry& option : options())
    if (takes(command, option)) check_word(option.name, option.value, line);
}

}  // namespace

Line parse_arguments(int argc, const char* const* argv) {
  std::vector<std::string> words(argv + 1, argv + argc);
  if (const auto answer = printed(words)) return {.answer = *answer};
  if (words.empty()) throw InputError("no input file; usage: qstage-vmc INPUT.yaml, see qstage-vmc --help");
  const std::vector<std::string> names = command_names();
  if (std::find(names.begin(), names.end(), words.front()) == names.end()) words.insert(words.begin(), "run");

  CLI::App app;
  app.set_help_flag();
  app.require_subcommand(1);
  const auto named = [&](const CommandEntry& entry) { return entry.name == words.front(); };
  Line line{.command = &*std::find_if(commands().begin(), commands().end(), named)};
  add_command(app, *line.command, line);
  try {
    app.parse(std::vector<std::string>(words.rbegin(), words.rend()));
  } catch (const CLI::ParseError& error) {
    refuse(error, words);
  }
  check_words(*line.command, line);
  for (const std::string& text : line.settings) line.sets.push_back(set_option(text));
  if (line.has("--continue") && line.has("--overwrite"))
    throw InputError("--continue and --overwrite contradict each other (one keeps what is there, the other removes it); give one");
  return line;
}

}  // namespace qs
