#include "engine/cli/imported.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <sstream>

#include "engine/base/error.h"
#include "engine/base/shape.h"
#include "engine/cli/def_rows.h"

namespace qs {
namespace {

std::string numbers(const std::vector<double>& values) {
  std::string text;
  for (const double value : values) text += (text.empty() ? "" : ", ") + format_number(value);
  return "[" + text + "]";
}

std::string term_text(const ImportedTerm& term) {
  std::string text = fmt::format("{{expression: \"{}\", {}", term.expression, term.place);
  if (!term.coupling.empty()) text += ", coupling: " + term.coupling;
  if (!term.values.empty())
    text += ", values: " + numbers(term.values);
  else if (term.value != 1)
    text += ", value: " + format_number(term.value);
  return text + "}";
}

}  // namespace

ImportedModel import_model(const std::string& file) {
  std::istringstream stream(read_model_file(file));
  std::string word;
  stream >> word;
  if (word.empty()) throw InputError("'" + file + "' is empty; give a file of HPhi or mVMC, or a JSON list of operators");
  if (word[0] == '{') return import_operator_list(file);
  std::string line;
  stream.seekg(0);
  while (std::getline(stream, line))
    if (line.find('=') != std::string::npos && line.find("===") == std::string::npos) return import_standard_mode(file);
  return import_expert_mode(file);
}

std::string yaml_of(const ImportedModel& model) {
  std::string text = fmt::format("# Imported by qstage-vmc from {}.\n", model.source);
  if (!model.left_out.empty()) text += fmt::format("# Left out, keys of its solver: {}\n", fmt::join(model.left_out, ", "));
  text += "format: 1\noutput: {directory: runs/imported}\nsystem:\n";
  text += fmt::format("  lattice: {}\n  sector: {}\n  hamiltonian:\n    kind: terms\n", model.lattice, model.sector);
  if (!model.couplings.empty()) {
    std::string couplings;
    for (const auto& [name, value] : model.couplings) couplings += fmt::format("{}{}: {}", couplings.empty() ? "" : ", ", name, format_number(value));
    text += "    couplings: {" + couplings + "}\n";
  }
  if (!model.twist.empty()) text += "    twist: " + numbers(model.twist) + "\n";
  text += "    terms:\n";
  for (const ImportedTerm& term : model.terms) text += "      - " + term_text(term) + "\n";
  return text + fmt::format("stages:\n  - {{kind: ed, states: {}}}\n", model.states);
}

}  // namespace qs
