#include "engine/cli/options.h"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <limits>
#include <map>
#include <optional>

#include "engine/base/error.h"
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
std::optional<PrintCommand> print_command(const std::vector<std::string>& words) {
  for (std::size_t i = 0; i < words.size(); ++i) {
    if (words[i] == "--help" || words[i] == "-h") {
      const bool has_key = i + 1 < words.size() && words[i + 1].substr(0, 1) != "-";
      return PrintCommand{has_key ? input::help_for(vocabulary(), words[i + 1]) : help_text()};
    }
    if (words[i] == "--version") return PrintCommand{version_text(words)};
    if (words[i] == "--dump-schema") return PrintCommand{input::json_schema(vocabulary())};
    if (words[i] == "--dump-default") return PrintCommand{input::default_document(vocabulary())};
  }
  return std::nullopt;
}

input::SetOption set_option(const std::string& text) {
  const std::size_t equals = text.find('=');
  if (equals == std::string::npos || equals == 0) throw InputError("--set '" + text + "' is not KEY=VALUE; write for example --set seed=7");
  return {text.substr(0, equals), text.substr(equals + 1)};
}

std::vector<input::SetOption> set_options(const std::vector<std::string>& texts) {
  std::vector<input::SetOption> sets;
  for (const std::string& text : texts) sets.push_back(set_option(text));
  return sets;
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

// What was written on the line, by the names of the table.
struct Written {
  std::map<std::string, std::string> values;
  std::map<std::string, bool> flags;
  std::vector<std::string> settings;

  bool has(const std::string& flag) const { return flags.count(flag) && flags.at(flag); }
  std::string text(const std::string& name, const std::string& otherwise = "") const {
    return values.count(name) && !values.at(name).empty() ? values.at(name) : otherwise;
  }
  std::vector<input::SetOption> sets() const { return set_options(settings); }
  OutputFormat log() const { return has("--log-json") ? OutputFormat::json : OutputFormat::text; }
  ExistingFile existing() const { return has("--overwrite") ? ExistingFile::overwrite : ExistingFile::refuse; }
};

CLI::Option* add_value(CLI::App& app, const std::string& name, const ValueEntry& value, Written& written) {
  if (value.meaning == Meaning::setting) return app.add_option(name, written.settings)->expected(1)->take_all();
  CLI::Option* option = app.add_option(name, written.values[name]);
  if (value.meaning == Meaning::count) option->check(CLI::Range(0, std::numeric_limits<int>::max()));
  return option;
}

void add_command(CLI::App& app, const CommandEntry& command, Written& written) {
  CLI::App* parser = app.add_subcommand(command.name);
  parser->set_help_flag();
  for (const ValueEntry& operand : command.operands) add_value(*parser, operand.name, operand, written)->required();
  for (const OptionEntry& option : options()) {
    if (!takes(command, option)) continue;
    if (option.value.meaning == Meaning::none)
      parser->add_flag(option.name, written.flags[option.name]);
    else
      add_value(*parser, option.name, option.value, written)->required(option.presence == Presence::required);
  }
}

Command run_of(const Written& line) {
  if (line.has("--continue") && line.has("--overwrite"))
    throw InputError("--continue and --overwrite contradict each other (one keeps what is there, the other removes it); give one");
  const Directory directory = line.has("--overwrite") ? Directory::overwrite : line.has("--continue") ? Directory::go_on : Directory::refuse_existing;
  return RunCommand{line.text("INPUT.yaml"), line.sets(), directory, line.has("--dry-run") ? Depth::dry_run : Depth::everything, line.log()};
}

Command evaluate_of(const Written& line) {
  EvaluateCommand command{line.text("INPUT.yaml"), line.sets(), line.text("--weights"), {}};
  command.request.configurations = line.text("--configurations");
  command.request.output = line.text("--output");
  command.request.derivatives = line.has("--gradient") ? Derivatives::gradient : Derivatives::none;
  command.request.existing = line.existing();
  return command;
}

// One row per command of the table.
const std::map<std::string, Command (*)(const Written&)>& readers() {
  static const std::map<std::string, Command (*)(const Written&)> table = {
      {"run", run_of},
      {"resume",
       [](const Written& line) -> Command {
         return ResumeCommand{line.text("DIR"), line.sets(), line.log()};
       }},
      {"validate",
       [](const Written& line) -> Command {
         return ValidateCommand{line.text("INPUT.yaml"), line.sets(), line.text("--format") == "json" ? OutputFormat::json : OutputFormat::text};
       }},
      {"evaluate", evaluate_of},
      {"status",
       [](const Written& line) -> Command {
         return StatusCommand{line.text("DIR"), line.has("--json") ? OutputFormat::json : OutputFormat::text};
       }},
      {"info",
       [](const Written& line) -> Command {
         return InfoCommand{line.text("FILE"), line.has("--input") ? InfoContent::input : InfoContent::summary};
       }},
      {"check", [](const Written& line) -> Command { return CheckCommand{line.text("FILE")}; }},
      {"convert",
       [](const Written& line) -> Command {
         return ConvertCommand{line.text("IN"), line.text("OUT"), line.existing()};
       }},
      {"bench",
       [](const Written& line) -> Command {
         return BenchCommand{line.text("INPUT.yaml"), line.sets(), std::stoi(line.text("--steps", "3")), line.text("--json")};
       }},
      {"cite",
       [](const Written& line) -> Command {
         return CiteCommand{line.text("INPUT.yaml"), line.sets()};
       }},
      {"import", [](const Written& line) -> Command { return ImportCommand{line.text("FILE")}; }},
      {"new",
       [](const Written& line) -> Command {
         return NewCommand{line.text("NAME"), line.text("--size")};
       }},
      {"completion",
       [](const Written& line) -> Command {
         const std::string shell = line.text("SHELL");
         return CompletionCommand{shell == "fish" ? Shell::fish : shell == "zsh" ? Shell::zsh : Shell::bash};
       }},
  };
  return table;
}

// A value that is one of a few words.
void check_word(const std::string& name, const ValueEntry& value, const Written& line) {
  const std::string word = line.text(name);
  if (word.empty() || value.words.empty() || std::find(value.words.begin(), value.words.end(), word) != value.words.end()) return;
  const std::string close = input::suggest(word, value.words);
  std::string known;
  for (const std::string& other : value.words) known += (known.empty() ? "" : ", ") + other;
  throw InputError(name + " '" + word + "' is not known (" + (close.empty() ? "" : "did you mean '" + close + "'? ") + "known: " + known + ")");
}

void check_words(const CommandEntry& command, const Written& line) {
  for (const ValueEntry& operand : command.operands) check_word(operand.name, operand, line);
  for (const OptionEntry& option : options())
    if (takes(command, option)) check_word(option.name, option.value, line);
}

}  // namespace

Command parse_arguments(int argc, const char* const* argv) {
  std::vector<std::string> words(argv + 1, argv + argc);
  if (const auto print = print_command(words)) return *print;
  if (words.empty()) throw InputError("no input file; usage: qstage-vmc INPUT.yaml, see qstage-vmc --help");
  const std::vector<std::string> names = command_names();
  if (std::find(names.begin(), names.end(), words.front()) == names.end()) words.insert(words.begin(), "run");

  CLI::App app;
  app.set_help_flag();
  app.require_subcommand(1);
  Written line;
  const CommandEntry& command =
      *std::find_if(commands().begin(), commands().end(), [&](const CommandEntry& entry) { return entry.name == words.front(); });
  add_command(app, command, line);
  try {
    app.parse(std::vector<std::string>(words.rbegin(), words.rend()));
  } catch (const CLI::ParseError& error) {
    refuse(error, words);
  }
  check_words(command, line);
  return readers().at(command.name)(line);
}

}  // namespace qs
