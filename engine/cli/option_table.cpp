#include "engine/cli/option_table.h"

#include <fmt/format.h>

#include <algorithm>
#include <sstream>

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
exit codes: 0 done, 1 internal error, 2 input or usage, 3 file or disk, 4 numerical failure, 5 checkpoint or weights,
            6 memory, 7 device, 75 stopped with a valid checkpoint (run 'resume'), 128+n signal
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
      {"run", {input_file}, "all stages: ed, pretrain, vmc, evaluate"},
      {"resume", {{"DIR", Meaning::directory}}, "go on from the newest checkpoint, on any number of ranks"},
      {"validate", {input_file}, "all errors of an input at once"},
      {"evaluate", {input_file}, "log psi and local energies at given configurations, in one HDF5 file, to compare codes"},
      {"status", {{"DIR", Meaning::directory}}, "where a run stands (reads status.json)"},
      {"info", {{"FILE", Meaning::file}}, "what an input, checkpoint, results or weight file holds; 'info build': this program"},
      {"check", {{"FILE", Meaning::file}}, "verify a checkpoint"},
      {"convert", {{"IN", Meaning::file}, {"OUT", Meaning::file}}, "weights between .h5, .msgpack (.mpack), .safetensors and .npz"},
      {"bench",
       {input_file},
       "speed of the input's network and Gram products beside this core's multiply-add peak, or beside a large\n"
       "product of this GPU; time and memory of VMC (else pretraining) steps by phase. Under mpirun on all ranks. Writes no\n"
       "results"},
      {"cite", {input_file}, "BibTeX of this program and of the papers whose methods the input uses, each with the key that calls for it"},
      {"new", {{"NAME", Meaning::word, model_names()}}, "a small input for a model, on the standard output"},
      {"completion", {{"SHELL", Meaning::word, {"bash", "zsh", "fish"}}}, "a script for the shell: source <(qstage-vmc completion bash)"},
  };
  return table;
}

std::span<const OptionEntry> options() {
  static const std::vector<OptionEntry> table = {
      {"run", "--dry-run", flag, "print parameters, memory per rank, work per step, resolved input; compute nothing"},
      {"run", "--continue", flag, "go on if the output directory holds a checkpoint, else start (for job scripts)"},
      {"run", "--overwrite", flag, "remove what an earlier run left in the output directory"},
      {"validate", "--format", {"FORMAT", Meaning::word, {"text", "json"}}, "text or json"},
      {"evaluate", "--configurations", {"FILE", Meaning::file}, "HDF5 with the dataset 'configurations' [n, N], +1/-1 or 1/0", Presence::required},
      {"evaluate", "--output", {"FILE", Meaning::file}, "what to write; refused if it exists", Presence::required},
      {"evaluate", "--overwrite", flag, "replace that file"},
      {"evaluate", "--weights", {"FILE", Meaning::file}, "in place of wavefunction.weights"},
      {"evaluate", "--gradient", flag, "also the energy gradient and the directions of sr, minsr and SPRING"},
      {"info", "--input", flag, "print the YAML that the file carries"},
      {"convert", "--overwrite", flag, "replace OUT"},
      {"bench", "--steps", {"N", Meaning::count}, "steps to measure after a first one (default 3; 0: none)"},
      {"bench", "--json", {"FILE", Meaning::file}, "the same numbers for scripts; FILE is replaced"},
      {"new", "--size", {"SIZE", Meaning::word}, "cells per axis: 12 or 4x4"},
      {"run resume validate evaluate bench cite",
       "--set",
       {"KEY=VALUE", Meaning::setting},
       "replace a value of the input, any number of times: --set stages.2.optimizer.lr=0.01"},
      {"run resume", "--log-json", flag, "progress as one JSON object per line"},
      {"", "--help", {"[KEY]", Meaning::key}, "this text, or the meaning of an input key: --help sampler.chains"},
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
