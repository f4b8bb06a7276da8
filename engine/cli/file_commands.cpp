// The commands that only read: validate, status, info, check. No MPI, no device.
#include <fmt/format.h>

#include <filesystem>
#include <iostream>

#include "engine/cli/commands.h"
#include "engine/io/checkpoint_file.h"
#include "engine/io/files.h"
#include "engine/io/hdf5.h"
#include "engine/io/weights.h"
#include "engine/run/plan.h"
#include "engine/run/provenance.h"
#include "engine/run/run_directory.h"
#include "engine/run/runner.h"
#include "kernels/api/error.h"

namespace qs {
namespace {

constexpr std::size_t text_limit = 1 << 20;
constexpr int done = static_cast<int>(ExitCode::done);

bool is_yaml(const std::string& file) {
  const std::string extension = std::filesystem::path(file).extension().string();
  return extension == ".yaml" || extension == ".yml";
}

std::string dimensions(const std::vector<std::int64_t>& shape) { return "(" + fmt::format("{}", fmt::join(shape, ", ")) + ")"; }

int input_summary(const std::string& file) {
  input::Diagnostics diagnostics;
  const input::Document document = input::load(file, {}, diagnostics);
  if (!diagnostics.has_errors()) {
    const RunPlan plan = make_plan(document, diagnostics);
    if (!diagnostics.has_errors()) {
      std::cout << describe_plan(plan, document, 1);
      return done;
    }
  }
  std::cerr << diagnostics.render();
  return static_cast<int>(ExitCode::input);
}

void print_attributes(const DataTree& tree, const std::string& group) {
  const auto found = tree.groups.find(group);
  if (found == tree.groups.end()) return;
  for (const auto& [name, value] : found->second) {
    if (const auto* text = std::get_if<std::string>(&value)) std::cout << "  " << name << ": " << *text << '\n';
    if (const auto* number = std::get_if<std::int64_t>(&value)) std::cout << "  " << name << ": " << *number << '\n';
  }
}

}  // namespace

int validate_command(const ValidateCommand& command) {
  input::Diagnostics diagnostics;
  const input::Document document = input::load(command.input, command.sets, diagnostics);
  if (!diagnostics.has_errors()) make_plan(document, diagnostics);
  if (command.format == OutputFormat::json) {
    std::cout << diagnostics.render_json() << '\n';
  } else if (diagnostics.has_errors()) {
    std::cerr << diagnostics.render();
  } else {
    std::cout << command.input << ": valid\n";
  }
  return diagnostics.has_errors() ? static_cast<int>(ExitCode::input) : done;
}

int status_command(const StatusCommand& command) {
  std::cout << read_text(command.directory + "/" + file_names::status, text_limit) << '\n';
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
    std::cout << read_text(command.file, text_limit);
    return done;
  }
  const DataTree tree = read_weights_file(command.file);
  if (command.content == InfoContent::input) {
    const std::string original = "provenance/input_original", resolved = "input/resolved";
    if (!tree.has(original) && !tree.has(resolved)) throw InputError(command.file + " carries no input (it is a plain weight file)");
    std::cout << tree.text(tree.has(original) ? original : resolved);
    return done;
  }
  std::cout << command.file << '\n';
  for (const char* group : {"", "provenance", "system"}) print_attributes(tree, group);
  std::int64_t total = 0;
  for (const TensorShape& tensor : stored_shapes(tree)) {
    std::int64_t count = 1;
    for (const std::int64_t length : tensor.shape) count *= length;
    total += count;
    std::cout << fmt::format("  {:<70} {}\n", tensor.path, dimensions(tensor.shape));
  }
  std::cout << "  " << total << " parameters\n";
  return done;
}

int check_command(const CheckCommand& command) {
  const std::string problem = verify_checkpoint(command.file);
  if (!problem.empty()) throw CheckpointError(command.file + ": " + problem);
  std::cout << command.file << ": sound\n";
  return done;
}

}  // namespace qs
