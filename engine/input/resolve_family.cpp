#include "engine/input/resolve_steps.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "engine/base/text.h"
#include "engine/input/validate.h"

namespace qs::input {

bool sector_has(const Node::Data& system, const std::string& key) {
  const DataPtr sector = find_form(system, "sector", Form::map);
  return sector && sector->find(key);
}

std::vector<std::string> family_words(const Schema& schema, const Node::Data& system) {
  const DataPtr hamiltonian = find_form(system, "hamiltonian", Form::map);
  const std::string kind = hamiltonian ? word_of(*hamiltonian, "kind") : "";
  if (kind.empty()) return {};
  std::vector<std::string> out = schema.couplings_of(kind);
  if (const DataPtr named = find_form(*hamiltonian, "couplings", Form::map)) {
    for (const auto& entry : named->entries) out.push_back(entry.first);
    out.push_back("disorder");  // samples of the random fields among the terms
  }
  if (sector_has(system, "particles")) out.push_back("particles");
  return out;
}

void check_name(const Location& where, const std::string& path, const std::string& name, const std::vector<std::string>& known,
                Diagnostics& diagnostics) {
  if (known.empty() || std::find(known.begin(), known.end(), name) != known.end()) return;
  if (name.find('@') != std::string::npos && std::find(known.begin(), known.end(), "disorder") != known.end()) return;  // one random number, "h@3"
  diagnostics.error(where, fmt::format("{} {} is not a coupling of this system {}", path, quote(name), known_words(name, known)));
}

namespace {

void check_particles(const Node::Data& value, Diagnostics& diagnostics) {
  if (!value.is(Form::number) || (value.number >= 0 && value.number == std::floor(value.number))) return;
  diagnostics.error(value.where, fmt::format("{} {:g} is not a particle number (write an integer >= 0)", value.path, value.number));
}

void check_rows(const Node::Data& family, const std::vector<std::string>& known, Diagnostics& diagnostics) {
  const DataPtr names = find_form(family, "names", Form::list), rows = find_form(family, "rows", Form::list);
  if (!names) return;
  for (const DataPtr& name : names->items)
    if (name->is(Form::text)) check_name(name->where, names->path, name->text, known, diagnostics);
  if (!rows) return;
  for (const DataPtr& row : rows->items) {
    if (!row->is(Form::list)) continue;
    if (row->items.size() != names->items.size()) {
      diagnostics.error(row->where, fmt::format("{} has {} entries, but {} has {} (one value per name)", row->path, row->items.size(), names->path,
                                                names->items.size()));
      continue;
    }
    for (std::size_t k = 0; k < row->items.size(); ++k)
      if (names->items[k]->text == "particles") check_particles(*row->items[k], diagnostics);
  }
}

// A family of more members than this is a slip of the keyboard: statistics alone would not fit.
constexpr std::size_t max_members = 1 << 16;

}  // namespace

void check_family(const Schema& schema, const Node::Data& family, const Node::Data& system, Diagnostics& diagnostics) {
  if (!family.is(Form::map)) return;
  const std::vector<std::string> known = family_words(schema, system);
  if (family.find("names")) return check_rows(family, known, diagnostics);
  std::size_t members = 1;
  for (const auto& [name, list] : family.entries) {
    check_name(list->key_where, family.path, name, known, diagnostics);
    if (!list->is(Form::list)) continue;
    members = std::min(max_members + 1, members * list->items.size());
    if (name != "particles") continue;
    for (const DataPtr& entry : list->items) check_particles(*entry, diagnostics);
  }
  if (members > max_members)
    diagnostics.error(family.where, fmt::format("{} has more than {} combinations (list them as rows)", family.path, max_members));
}

namespace {

// A list of numbers becomes a column of the family, and its first entry the number.
void lists_to_family(Node::Data& numbers, const std::string& name, Node::Data& system, Diagnostics& diagnostics) {
  const DataPtr list = find_form(numbers, name, Form::list);
  if (!list) return;
  DataPtr family = system.find("family");
  if (!family || family->is(Form::invalid)) return;
  if (family->is(Form::map) && (family->find("names") || family->find(name))) {
    diagnostics.error(list->where, fmt::format("{} is a list, but {} is given too (both make the family; keep one)", list->path, family->path));
    return;
  }
  if (family->is(Form::null)) {
    family = make_text(*list, "");
    family->form = Form::map;
    family->path = "system.family";
    replace(system, "family", family);
  }
  family->entries.emplace_back(name, list);
  const DataPtr first = std::make_shared<Node::Data>(*list->items.front());
  first->path = list->path;
  first->key_where = list->key_where;
  replace(numbers, name, first);
}

}  // namespace

void resolve_couplings(const Schema& schema, Node::Data& system, Diagnostics& diagnostics) {
  const DataPtr hamiltonian = find_form(system, "hamiltonian", Form::map);
  if (!hamiltonian) return;
  for (const std::string& name : schema.couplings_of(word_of(*hamiltonian, "kind"))) lists_to_family(*hamiltonian, name, system, diagnostics);
  if (const DataPtr named = find_form(*hamiltonian, "couplings", Form::map)) {
    const auto entries = named->entries;
    for (const auto& entry : entries) lists_to_family(*named, entry.first, system, diagnostics);
  }
  if (const DataPtr family = system.find("family")) check_family(schema, *family, system, diagnostics);
}

}  // namespace qs::input
