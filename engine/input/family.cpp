#include "engine/input/input.h"

namespace qs::input {

FamilyRows family_rows(const Node& family) {
  FamilyRows out;
  if (family.is_null()) return out;
  const auto entries = family.entries();
  if (entries.size() == 2 && entries[0].first == "names") {
    for (const Node& name : entries[0].second.items()) out.names.push_back(name.text());
    for (const Node& row : entries[1].second.items()) out.rows.push_back(row.numbers());
    return out;
  }
  if (entries.empty()) return out;
  out.rows.emplace_back();
  for (const auto& [name, list] : entries) {
    out.names.push_back(name);
    std::vector<std::vector<double>> longer;
    for (const std::vector<double>& row : out.rows)
      for (const double entry : list.numbers()) {
        longer.push_back(row);
        longer.back().push_back(entry);
      }
    out.rows = std::move(longer);
  }
  return out;
}

}  // namespace qs::input
