// Models as QuSpin's lists of operators, in JSON.
#include <fmt/format.h>

#include <map>
#include <nlohmann/json.hpp>

#include "engine/base/error.h"
#include "engine/cli/def_rows.h"
#include "engine/cli/imported.h"
#include "engine/cli/term_lists.h"

namespace qs {
namespace {

// One letter of QuSpin's operator strings in our notation.
std::string letter(char c, const std::string& kind, bool pauli) {
  static const std::map<char, std::string> spin = {{'x', "Sx"}, {'y', "Sy"}, {'z', "Sz"}, {'+', "S+"}, {'-', "S-"}};
  static const std::map<char, std::string> matrices = {{'x', "X"}, {'y', "Y"}, {'z', "Z"}, {'+', "2 S+"}, {'-', "2 S-"}};
  static const std::map<char, std::string> fermion = {{'+', "c+"}, {'-', "c"}, {'n', "n"}, {'z', "(n - 1/2)"}};
  const auto& table = kind == "fermion" ? fermion : pauli ? matrices : spin;
  const auto found = table.find(c);
  if (found == table.end()) throw InputError(fmt::format("operator '{}' is not imported for kind '{}'", c, kind));
  return found->second;
}

}  // namespace

// {"sites": 8, "kind": "spin" | "fermion", "pauli": false, "up": 4 | "particles": 4, "static": [["zz", [[1.0, 0, 1], ...]], ...]}
ImportedModel import_operator_list(const std::string& file) {
  ImportedModel model;
  model.source = file + ", an operator list";
  try {
    const auto root = nlohmann::json::parse(read_model_file(file));
    const std::string kind = root.value("kind", "spin");
    if (kind != "spin" && kind != "fermion") throw InputError(fmt::format("{}: error: kind '{}' is not imported (known: spin, fermion)", file, kind));
    const bool pauli = root.value("pauli", false);
    const int sites = root.at("sites").get<int>();
    if (sites < 1) throw InputError(fmt::format("{}: error: sites = {} is not positive", file, sites));
    TermLists terms;
    for (const auto& entry : root.at("static")) {
      const std::string word = entry.at(0).get<std::string>();
      std::string expression;
      for (std::size_t k = 0; k < word.size(); ++k) expression += (k == 0 ? "" : " ") + letter(word[k], kind, pauli);
      for (const auto& row : entry.at(1)) {
        const auto numbers = row.get<std::vector<double>>();
        if (numbers.size() != word.size() + 1) throw InputError(fmt::format("{}: error: '{}' needs a number and {} sites", file, word, word.size()));
        std::vector<int> places;
        for (std::size_t k = 1; k < numbers.size(); ++k)
          places.push_back(DefRow(fmt::format("{}: '{}'", file, word), numbers).index(k, sites, "site"));
        terms.add(expression, places, numbers[0]);
      }
    }
    model.terms = terms.take();
    model.lattice = terms.graph(sites);
    if (kind == "fermion")
      model.sector = fmt::format("{{kind: spinless_fermions, particles: {}}}", root.at("particles").get<int>());
    else
      model.sector =
          root.contains("up") ? fmt::format("{{kind: spin_half, total_sz: {:.1f}}}", root.at("up").get<int>() - sites / 2.0) : "{kind: spin_half}";
  } catch (const nlohmann::json::exception& problem) {
    throw InputError(fmt::format("{}: error: {} (expected sites, kind, static: [[\"zz\", [[1.0, 0, 1]]]])", file, problem.what()));
  }
  return model;
}

}  // namespace qs
