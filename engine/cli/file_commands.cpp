// The commands without MPI: validate, evaluate, cite, new, completion, status, info, check.
#include <unistd.h>

#include <filesystem>
#include <iostream>
#include <span>

#include "engine/base/error.h"
#include "engine/checkpoint/checkpoint_file.h"
#include "engine/cli/commands.h"
#include "engine/cli/imported.h"
#include "engine/cli/references.h"
#include "engine/cli/templates.h"
#include "engine/cli/weight_commands.h"
#include "engine/files/files.h"
#include "engine/plan/plan.h"
#include "engine/plan/vocabulary.h"
#include "engine/report/provenance.h"
#include "engine/report/status.h"
#include "engine/run/evaluate_configurations.h"
#include "engine/run/run_directory.h"
#include "engine/run/runner.h"
#include "engine/weights/weight_files.h"

namespace qs {
namespace {

constexpr std::size_t text_limit = 1 << 20;
constexpr int done = static_cast<int>(ExitCode::done);

bool is_yaml(const std::string& file) {
  const std::string extension = std::filesystem::path(file).extension().string();
  return extension == ".yaml" || extension == ".yml";
}

// A file name as a YAML string, whatever it contains.
std::string yaml_text(const std::string& text) {
  std::string quoted = "'";
  for (const char c : text) quoted += c == '\'' ? "''" : std::string(1, c);
  return quoted + "'";
}

// Reads and plans the input and hands both to `work`; prints every error of the input instead if there is one.
template <class F>
int with_plan(const std::string& file, const std::vector<input::SetOption>& sets, F&& work) {
  input::Diagnostics diagnostics;
  const input::Document document = input::load(vocabulary(), file, sets, diagnostics);
  if (!diagnostics.has_errors()) {
    const RunPlan plan = make_plan(document, diagnostics);
    if (!diagnostics.has_errors()) {
      std::cerr << diagnostics.render();  // warnings
      work(plan, document);
      return done;
    }
  }
  std::cerr << diagnostics.render();
  return static_cast<int>(ExitCode::input);
}

int input_summary(const std::string& file) {
  return with_plan(file, {}, [](const RunPlan& plan, const input::Document& document) { std::cout << describe_plan(plan, document, 1); });
}

// Byte for byte where it goes to a file, to be run again.
void print_input(const std::string& text) {
  std::cout << std::flush;
  if (::isatty(STDOUT_FILENO) != 0) {
    std::cout << text;
  } else {
    write_all(STDOUT_FILENO, std::as_bytes(std::span(text)), "standard output");
  }
}

}  // namespace

int validate_command(const ValidateCommand& command) {
  input::Diagnostics diagnostics;
  const input::Document document = input::load(vocabulary(), command.input, command.sets, diagnostics);
  if (!diagnostics.has_errors()) make_plan(document, diagnostics);
  if (command.format == OutputFormat::json) {
    std::cout << diagnostics.render_json() << '\n';
  } else {
    std::cerr << diagnostics.render();
    if (!diagnostics.has_errors()) std::cout << command.input << ": valid\n";
  }
  return diagnostics.has_errors() ? static_cast<int>(ExitCode::input) : done;
}

int evaluate_command(const EvaluateCommand& command) {
  std::vector<input::SetOption> sets = command.sets;
  if (!command.weights.empty()) sets.push_back({"wavefunction.weights", yaml_text(std::filesystem::absolute(command.weights).string())});
  return with_plan(command.input, sets,
                   [&](const RunPlan& plan, const input::Document&) { std::cout << evaluate_file(plan, command.request) << '\n'; });
}

int cite_command(const CiteCommand& command) {
  return with_plan(command.input, command.sets, [](const RunPlan&, const input::Document& document) { std::cout << citations(document); });
}

int import_command(const ImportCommand& command) {
  const std::string text = yaml_of(import_model(command.file));
  // What the planner would refuse is better said here.
  input::Diagnostics diagnostics;
  const input::Document document = input::load_text(vocabulary(), text, command.file + " as imported", {}, diagnostics);
  if (!diagnostics.has_errors()) make_plan(document, diagnostics);
  if (diagnostics.has_errors()) throw InputError(diagnostics.errors().front().message);
  std::cout << text;
  return static_cast<int>(ExitCode::done);
}

int new_command(const NewCommand& command) {
  std::cout << template_input(command.model, command.size);
  return done;
}

int completion_command(const CompletionCommand& command) {
  std::cout << completion_script(command.shell);
  return done;
}

int status_command(const StatusCommand& command) {
  const nlohmann::json status = read_status(command.directory);
  const bool json = command.format == OutputFormat::json;
  std::cout << (json ? status.dump(2, ' ', /*ensure_ascii=*/true) : status_line(command.directory, status, system_clock())) << '\n';
  return done;
}

int info_command(const InfoCommand& command) {
  if (command.file == "build") {
    const BuildInfo build = build_info();
    std::cout << "version " << build.version << "\ngit " << build.git_hash << "\ncompiler " << build.compiler << "\nflags " << build.flags << "\nMPI "
              << build.mpi_headers << "\nHDF5 " << build.hdf5_headers << "\ninstruction set " << cpu_instruction_set() << '\n';
    return done;
  }
  if (is_yaml(command.file)) {
    if (command.content == InfoContent::summary) return input_summary(command.file);
    print_input(read_text(command.file, text_limit));
    return done;
  }
  if (command.content == InfoContent::input) {
    const DataTree tree = read_weight_tree(command.file);
    const std::string original = "provenance/input_original", resolved = "input/resolved";
    if (!tree.has(original) && !tree.has(resolved)) throw InputError(command.file + " carries no input (it is a plain weight file)");
    print_input(tree.text(tree.has(original) ? original : resolved));
    return done;
  }
  std::cout << describe_weights(command.file);
  return done;
}

int check_command(const CheckCommand& command) {
  const std::string problem = verify_checkpoint(command.file);
  if (!problem.empty()) throw CheckpointError(command.file + ": " + problem);
  std::cout << command.file << ": sound\n";
  return done;
}

}  // namespace qs
