// What was asked for on the command line.
#pragma once

#include <string>
#include <variant>
#include <vector>

#include "engine/cli/completion.h"
#include "engine/input/input.h"
#include "engine/run/evaluate_configurations.h"

namespace qs {

enum class OutputFormat { text, json };
enum class Directory { refuse_existing, overwrite, go_on };
enum class Depth { everything, dry_run };

struct RunCommand {
  std::string input;
  std::vector<input::SetOption> sets;
  Directory directory = Directory::refuse_existing;
  Depth depth = Depth::everything;
  OutputFormat log = OutputFormat::text;
};
struct ResumeCommand {
  std::string directory;
  std::vector<input::SetOption> sets;
  OutputFormat log = OutputFormat::text;
};
struct ValidateCommand {
  std::string input;
  std::vector<input::SetOption> sets;
  OutputFormat format = OutputFormat::text;
};
struct EvaluateCommand {
  std::string input;
  std::vector<input::SetOption> sets;
  std::string weights;  // "" = the input's wavefunction.weights
  EvaluateRequest request;
};
struct StatusCommand {
  std::string directory;
  OutputFormat format = OutputFormat::text;
};
enum class InfoContent { summary, input };
struct InfoCommand {
  std::string file;  // or "build"
  InfoContent content = InfoContent::summary;
};
struct CheckCommand {
  std::string file;
};
struct ConvertCommand {
  std::string input;
  std::string output;  // its extension names the format
  ExistingFile existing = ExistingFile::refuse;
};
struct BenchCommand {
  std::string input;
  std::vector<input::SetOption> sets;
  int steps = 3;     // of VMC
  std::string json;  // file to write besides the table; "" = none
};
struct CiteCommand {
  std::string input;
  std::vector<input::SetOption> sets;
};
struct ImportCommand {
  std::string file;
};
struct NewCommand {
  std::string model;
  std::string size;  // "12" or "4x4"; "" = the model's own
};
struct CompletionCommand {
  Shell shell = Shell::bash;
};
struct PrintCommand {  // --help, --version, --dump-schema, --dump-default
  std::string text;
};

using Command = std::variant<RunCommand, ResumeCommand, ValidateCommand, EvaluateCommand, StatusCommand, InfoCommand, CheckCommand, ConvertCommand,
                             BenchCommand, CiteCommand, ImportCommand, NewCommand, CompletionCommand, PrintCommand>;

// InputError with a suggestion for what is not known.
Command parse_arguments(int argc, const char* const* argv);

}  // namespace qs
