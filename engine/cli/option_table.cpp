#include "engine/cli/option_table.h"

#include <fmt/format.h>

#include <algorithm>
#include <sstream>

#include "engine/cli/commands.h"
#include "hamiltonians/registry.h"

namespace qs {
namespace {

const ValueEntry input_file{"INPUT.yaml", Meaning::file};
const ValueEntry flag{};

constexpr const char* usage = R"(qstage-vmc: neural-network ground states of lattice models

usage: qstage-vmc INPUT.yaml [options]            short for 'run'
       mpirun -n 8 qstage-vmc INPUT.yaml          the same answer on any number of ranks

commands
)";

constexpr const char* exit_codes = R"(
exit codes: 0 done, 1 internal error, 2 input or usage, 3 file or disk, 4 numerical failure, 5 checkpoint or weights, 6 memory,
            7 device, 71 hung and ended by limits.watchdog, 75 stopped with a valid checkpoint (continue with 'resume'),
            128+n signal n
)";

std::vector<std::string> model_names() {
  std::vector<std::string> names;
  for (const ModelEntry& model : models()) names.push_back(model.kind);
  return names;
}

std::vector<std::string> words_of(const std::string& text) {
  std::istringstream stream(text);
  std::vector<std::string> words;
  for (std::string word; stream >> word;) words.push_back(word);
  return words;
}

// "  name       doc", further lines of the doc below its first.
std::string row(int indent, const std::string& name, const std::string& doc) {
  const int column = 22 + indent;
  std::string text = fmt::format("{:{}}{:<{}}", "", indent, name, column - indent);
  if (text.back() != ' ') text += ' ';
  for (const char c : doc) {
    text += c;
    if (c == '\n') text += std::string(column, ' ');
  }
  return text + "\n";
}

std::string spoken(const OptionEntry& option) { return option.name + (option.value.name.empty() ? "" : " " + option.value.name); }

// An option of one command is explained there, the others in a list of their own.
bool belongs_to_one(const OptionEntry& option) { return words_of(option.commands).size() == 1; }

}  // namespace

std::span<const CommandEntry> commands() {
  static const std::vector<CommandEntry> table = {
      {"run", {input_file}, "run all stages of an input", run_command},
      {"resume", {{"DIR", Meaning::directory}}, "continue from the newest checkpoint, on any number of ranks", resume_command},
      {"validate", {input_file}, "report every error of an input at once; compute nothing", validate_command},
      {"evaluate",
       {input_file},
       "write log psi and local energies at given configurations to an HDF5 file, to compare with other codes",
       evaluate_command},
      {"status", {{"DIR", Meaning::directory}}, "show on one line where a run stands; takes no lock", status_command},
      {"report",
       {{"DIR...", Meaning::directories}},
       "draw a run, or several side by side, into one HTML file to read, print and pass on (needs python3-matplotlib)",
       report_command},
      {"info", {{"FILE", Meaning::file}}, "show what an input, checkpoint, results or weight file holds; 'info build': this program", info_command},
      {"check", {{"FILE", Meaning::file}}, "verify the hash and the layout of a checkpoint", check_command},
      {"convert",
       {{"IN", Meaning::file}, {"OUT", Meaning::file}},
       "convert weights between .h5, .msgpack (.mpack) and .safetensors",
       convert_command},
      {"bench",
       {input_file},
       "measure the network and its Gram products against this core's multiply-add peak, or against a large product on\n"
       "this GPU, and the time and memory of VMC (else pretraining) steps by phase; on all ranks under mpirun",
       bench_command},
      {"cite", {input_file}, "print BibTeX for this program and for the methods that an input uses, with the key that calls for each", cite_command},
      {"import",
       {{"FILE", Meaning::file}},
       "print our input for a model of HPhi or mVMC (standard mode, list of .def files) or a JSON operator list",
       import_command},
      {"new", {{"NAME", Meaning::word, model_names()}}, "print a small input for a model, ready to run", new_command},
      {"completion",
       {{"SHELL", Meaning::word, {"bash", "zsh", "fish"}}},
       "print a completion script: source <(qstage-vmc completion bash)",
       completion_command},
  };
  return table;
}

std::span<const OptionEntry> options() {
  static const std::vector<OptionEntry> table = {
      {"run", "--dry-run", flag, "print parameters, memory per rank, work per step and the resolved input; compute nothing"},
      {"run", "--continue", flag, "resume if the output directory holds a checkpoint, otherwise start (for job scripts)"},
      {"run", "--overwrite", flag, "first remove what an earlier run left in the output directory"},
      {"validate", "--format", {"FORMAT", Meaning::word, {"text", "json"}}, "text or json"},
      {"evaluate",
       "--configurations",
       {"FILE", Meaning::file},
       "HDF5 file with the dataset 'configurations' [n, N] of +1/-1 or 1/0",
       Presence::required},
      {"evaluate", "--output", {"FILE", Meaning::file}, "file to write; it must not exist", Presence::required},
      {"evaluate", "--overwrite", flag, "replace it if it does"},
      {"evaluate", "--weights", {"FILE", Meaning::file}, "use these weights instead of wavefunction.weights"},
      {"evaluate", "--gradient", flag, "also write the energy gradient and the directions of sr, minsr and SPRING"},
      {"status", "--json", flag, "print all of status.json, for scripts"},
      {"report", "-o", {"FILE", Meaning::file}, "file to write (default: report.html in DIR; here for several)"},
      {"info", "--input", flag, "print the YAML input that the file carries"},
      {"convert", "--overwrite", flag, "replace OUT if it exists"},
      {"bench", "--steps", {"N", Meaning::count}, "steps to measure after a warm-up step (default 3; 0 measures none)"},
      {"bench", "--json", {"FILE", Meaning::file}, "also write the numbers as JSON; replaces FILE"},
      {"new", "--size", {"SIZE", Meaning::word}, "cells per axis: 12 or 4x4"},
      {"run resume validate evaluate bench cite",
       "--set",
       {"KEY=VALUE", Meaning::setting},
       "change a value of the input; may be repeated: --set stages.2.optimizer.lr=0.01"},
      {"run resume", "--log-json", flag, "report progress as one JSON object per line"},
      {"",
       "--help",
       {"[KEY]", Meaning::key},
       "this text, the meaning of an input key, or the keys of a section: --help sampler.chains, --help sampler"},
      {"", "--version", flag, "version; with --verbose: compiler, flags, libraries"},
      {"", "--dump-schema", flag, "JSON Schema of the input, for editors"},
      {"", "--dump-default", flag, "every key of the input with its default and meaning"},
  };
  return table;
}

bool takes(const CommandEntry& command, const OptionEntry& option) {
  const std::vector<std::string> names = words_of(option.commands);
  return std::find(names.begin(), names.end(), command.name) != names.end();
}

std::vector<std::string> command_names() {
  std::vector<std::string> names;
  for (const CommandEntry& command : commands()) names.push_back(command.name);
  return names;
}

std::vector<std::string> option_names() {
  std::vector<std::string> names;
  for (const OptionEntry& option : options())
    if (std::find(names.begin(), names.end(), option.name) == names.end()) names.push_back(option.name);
  return names;
}

std::string help_text() {
  std::string text = usage;
  for (const CommandEntry& command : commands()) {
    std::string name = command.name;
    for (const ValueEntry& operand : command.operands) name += " " + operand.name;
    text += row(2, name, command.doc);
    for (const OptionEntry& option : options())
      if (belongs_to_one(option) && takes(command, option)) text += row(4, spoken(option), option.doc);
  }
  text += "\noptions\n";
  for (const OptionEntry& option : options())
    if (!belongs_to_one(option)) text += row(2, spoken(option), option.doc);
  return text + exit_codes;
}

}  // namespace qs
