#include "engine/cli/weight_commands.h"

#include <fmt/format.h>

#include <filesystem>
#include <iostream>

#include "engine/base/error.h"
#include "engine/cli/commands.h"
#include "engine/wavefunctions/guess_options.h"
#include "engine/weights/tensor_tree.h"
#include "engine/weights/weight_files.h"
#include "engine/weights/weights.h"

namespace qs {
namespace {

std::string attribute_lines(const DataTree& tree, const std::string& group) {
  std::string lines;
  const auto found = tree.groups.find(group);
  if (found == tree.groups.end()) return lines;
  for (const auto& [name, value] : found->second) {
    if (const auto* text = std::get_if<std::string>(&value)) lines += fmt::format("  {}: {}\n", name, *text);
    if (const auto* number = std::get_if<std::int64_t>(&value)) lines += fmt::format("  {}: {}\n", name, *number);
  }
  return lines;
}

// The names as a tree, a line for every group and tensor.
std::string tensor_lines(const TensorFile& file) {
  std::string lines, group;
  for (const NamedTensor& tensor : file.tensors) {
    const std::size_t cut = tensor.name.rfind('/') + 1;  // 0 without a group
    std::size_t depth = 0;
    for (std::size_t begin = 0; begin < cut;) {
      const std::size_t end = tensor.name.find('/', begin) + 1;
      if (group.compare(0, end, tensor.name, 0, end) != 0) lines += fmt::format("  {:{}}{}\n", "", 2 * depth, tensor.name.substr(begin, end - begin));
      begin = end;
      ++depth;
    }
    group = tensor.name.substr(0, cut);
    const std::string label = std::string(2 * depth, ' ') + tensor.name.substr(cut);
    lines += fmt::format("  {:<50} {:<18} {}\n", label, shape_text(tensor.shape), properties(tensor.type).name);
  }
  return lines;
}

// The options as the input writes them, and then what it does not write.
std::string guess_line(const TensorFile& file) {
  ParameterLayout layout;
  for (TensorShape& tensor : network_shapes(file)) layout.add(std::move(tensor.path), std::move(tensor.shape));
  const auto guess = guess_options(layout);
  if (!guess) return "  wavefunction: not recognised\n";
  return fmt::format("  wavefunction: {}\n", options_text(*guess));
}

}  // namespace

std::string options_text(const GuessedOptions& guess) { return guess.options.print() + (guess.sizes.empty() ? "" : "; " + guess.sizes); }

std::string describe_weights(const std::string& file) {
  DataTree tree = read_weight_tree(file);
  std::string text = file + "\n";
  for (const char* group : {"", "provenance", "system"}) text += attribute_lines(tree, group);
  const TensorFile tensors = take_tensors(tree, file);
  text += tensor_lines(tensors);
  std::int64_t total = 0, complex = 0;
  for (const NamedTensor& tensor : tensors.tensors) {
    total += element_count(tensor.shape);
    if (is_complex(tensor.type)) complex += element_count(tensor.shape);
  }
  text += fmt::format("  {} parameters{}\n", total, complex > 0 ? fmt::format(" ({} complex)", complex) : "");
  return tensors.tensors.empty() ? text : text + guess_line(tensors);
}

int convert_command(const Line& line, const Arguments&) {
  const std::string input = line.text("IN"), output = line.text("OUT");
  const auto format = weight_format_named(output);
  if (!format) {
    throw InputError("cannot tell the format of '" + output + "' from its name; end it in .h5, .msgpack, .mpack or .safetensors");
  }
  if (!line.has("--overwrite") && std::filesystem::exists(output)) {
    throw InputError("'" + output + "' exists already; choose another name, or give --overwrite to replace it");
  }
  TensorFile tensors = read_tensors(input);
  if (tensors.tensors.empty()) throw CheckpointError("'" + input + "' holds no parameters; give a file of a stage that trains a network");
  if (!keeps_metadata(*format) && !tensors.metadata.empty()) {
    std::cerr << "qstage-vmc: note: '" << output << "' has no place for the description of the network in '" << input << "'; it is left out\n";
  }
  const std::size_t count = tensors.tensors.size();
  write_tensors(output, std::move(tensors), *format);
  std::cout << output << ": " << count << " tensors\n";
  return static_cast<int>(ExitCode::done);
}

}  // namespace qs
