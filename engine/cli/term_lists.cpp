#include "engine/cli/term_lists.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "engine/base/error.h"

namespace qs {

void TermLists::add(const std::string& expression, const std::vector<int>& sites, double value) {
  if (value == 0) return;
  lists_[expression][sites] += value;
  for (std::size_t k = 1; k < sites.size(); ++k) pairs_.insert(std::minmax(sites[0], sites[k]));
}

std::vector<ImportedTerm> TermLists::take() const {
  std::vector<ImportedTerm> terms;
  for (const auto& [expression, list] : lists_) {
    std::string places;
    std::vector<double> values;
    for (const auto& [sites, value] : list) {
      places += fmt::format("{}[{}]", places.empty() ? "" : ", ", fmt::join(sites, ", "));
      values.push_back(value);
    }
    terms.push_back({expression, "tuples: [" + places + "]", "", 1, values});
  }
  return terms;
}

std::string TermLists::graph(int sites) const {
  std::string bonds;
  for (const auto& [i, j] : pairs_) bonds += fmt::format("{}[{}, {}]", bonds.empty() ? "" : ", ", i, j);
  if (bonds.empty()) throw InputError("no term joins two sites; a model without bonds is not imported");
  return fmt::format("{{kind: graph, sites: {}, bonds: {{nn: [{}]}}}}", sites, bonds);
}

}  // namespace qs
