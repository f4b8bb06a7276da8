// The commands without MPI: validate, evaluate, cite, new, completion, status, info, check.
#include <unistd.h>

#include <filesystem>
#include <iostream>
#include <span>

#include "engine/base/error.h"
#include "engine/checkpoint/checkpoint_file.h"
#include "engine/cli/commands.h"
#include "engine/cli/completion.h"
#include "engine/cli/imported.h"
#include "engine/cli/templates.h"
#include "engine/cli/weight_commands.h"
#include "engine/files/files.h"
#include "engine/plan/plan.h"
#include "engine/plan/vocabulary.h"
#include "engine/report/provenance.h"
#include "engine/report/status.h"
#include "engine/run/evaluate_configurations.h"
#include "engine/run/references.h"
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

int validate_command(const Line& line, const Arguments&) {
  const std::string file = line.text("INPUT.yaml");
  input::Diagnostics diagnostics;
  const input::Document document = input::load(vocabulary(), file, line.sets, diagnostics);
  if (!diagnostics.has_errors()) make_plan(document, diagnostics);
  if (line.text("--format") == "json") {
    std::cout << diagnostics.render_json() << '\n';
  } else {
    std::cerr << diagnostics.render();
    if (!diagnostics.has_errors()) std::cout << file << ": valid\n";
  }
  return diagnostics.has_errors() ? static_cast<int>(ExitCode::input) : done;
}

int evaluate_command(const Line& line, const Arguments&) {
  std::vector<input::SetOption> sets = line.sets;
  if (const std::string weights = line.text("--weights"); !weights.empty())
    sets.push_back({"wavefunction.weights", yaml_text(std::filesystem::absolute(weights).string())});
  const EvaluateRequest request{.configurations = line.text("--configurations"),
                                .output = line.text("--output"),
                                .derivatives = line.has("--gradient") ? Derivatives::gradient : Derivatives::none,
                                .existing = line.has("--overwrite") ? ExistingFile::overwrite : ExistingFile::refuse};
  return with_plan(line.text("INPUT.yaml"), sets,
                   [&](const RunPlan& plan, const input::Document&) { std::cout << evaluate_file(plan, request) << '\n'; });
}

int cite_command(const Line& line, const Arguments&) {
  return with_plan(line.text("INPUT.yaml"), line.sets, [](const RunPlan&, const input::Document& document) { std::cout << citations(document); });
}

int import_command(const Line& line, const Arguments&) {
  const std::string file = line.text("FILE"), text = yaml_of(import_model(file));
  if (const std::string refusal = first_refusal(text, file + " as imported"); !refusal.empty()) throw InputError(refusal);  // better said here
  std::cout << text;
  return done;
}

int new_command(const Line& line, const Arguments&) {
  std::cout << template_input(line.text("NAME"), line.text("--size"));
  return done;
}

int completion_command(const Line& line, const Arguments&) {
  std::cout << completion_script(line.text("SHELL"));
  return done;
}

int status_command(const Line& line, const Arguments&) {
  const std::string directory = line.text("DIR");
  const nlohmann::json status = read_status(directory);
  std::cout << (line.has("--json") ? status.dump(2, ' ', /*ensure_ascii=*/true) : status_line(directory, status, system_clock())) << '\n';
  return done;
}

int info_command(const Line& line, const Arguments&) {
  const std::string file = line.text("FILE");
  if (file == "build") {
    const BuildInfo build = build_info();
    std::cout << "version " << build.version << "\ngit " << build.git_hash << "\ncompiler " << build.compiler << "\nflags " << build.flags << "\nMPI "
              << build.mpi_headers << "\nHDF5 " << build.hdf5_headers << "\ninstruction set " << cpu_instruction_set() << '\n';
  } else if (is_yaml(file)) {
    if (!line.has("--input")) return input_summary(file);
    print_input(read_text(file, text_limit));
  } else if (line.has("--input")) {
    const DataTree tree = read_weight_tree(file);
    const std::string original = "provenance/input_original", resolved = "input/resolved";
    if (!tree.has(original) && !tree.has(resolved)) throw InputError(file + " carries no input (it is a plain weight file)");
    print_input(tree.text(tree.has(original) ? original : resolved));
  } else {
    std::cout << describe_weights(file);
  }
  return done;
}

int check_command(const Line& line, const Arguments&) {
  const std::string file = line.text("FILE");
  if (const std::string problem = verify_checkpoint(file); !problem.empty()) throw CheckpointError(file + ": " + problem);
  std::cout << file << ": sound\n";
  return done;
}

}  // namespace qs
