#include "engine/input/resolve_system.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "engine/base/text.h"
#include "engine/input/raw.h"
#include "engine/input/schema.h"
#include "engine/input/validate.h"

namespace qs::input {

DataPtr find_form(const Node::Data& map, const std::string& key, Form form) {
  const DataPtr found = map.find(key);
  return found && found->is(form) ? found : nullptr;
}

std::string word_of(const Node::Data& map, const std::string& key) {
  const DataPtr found = find_form(map, key, Form::text);
  return found ? found->text : "";
}

DataPtr make_text(const Node::Data& like, const std::string& text) {
  auto out = std::make_shared<Node::Data>();
  out->form = Form::text;
  out->text = text;
  out->where = like.where;
  out->key_where = like.key_where;
  out->path = like.path;
  out->given = like.given;
  return out;
}

DataPtr make_list(const Node::Data& like, std::vector<DataPtr> items) {
  DataPtr out = make_text(like, "");
  out->form = Form::list;
  out->items = std::move(items);
  return out;
}

void replace(Node::Data& map, const std::string& key, DataPtr data) {
  for (auto& [name, old] : map.entries)
    if (name == key) {
      old = std::move(data);
      return;
    }
  map.entries.emplace_back(key, std::move(data));
}

namespace {

// The list with one entry per axis: of cells, or of vectors that lead back.
DataPtr extent_of(const Node::Data& lattice, Diagnostics& diagnostics) {
  const DataPtr size = lattice.find("size"), torus = lattice.find("torus");
  if (!size || size->is(Form::invalid) || (torus && torus->is(Form::invalid))) return nullptr;
  const bool lengths = size->is(Form::list), vectors = torus && torus->is(Form::list);
  if (lengths && vectors) {
    diagnostics.error(torus->key_where, fmt::format("{} contradicts {} (both say how far the lattice extends; keep one)", torus->path, size->path));
  } else if (!lengths && !vectors) {
    diagnostics.error(lattice.where, fmt::format("missing key '{}' (cells per axis; or 'torus' for a tilted cluster)", size->path));
  }
  return lengths == vectors ? nullptr : lengths ? size : torus;
}

}  // namespace

void resolve_lattice(Node::Data& lattice, Diagnostics& diagnostics) {
  const DataPtr size = extent_of(lattice, diagnostics);
  const DataPtr periodic = lattice.find("periodic"), boundary = lattice.find("boundary");
  if (!size || !periodic || !boundary || periodic->is(Form::invalid) || boundary->is(Form::invalid)) return;
  if (periodic->given && boundary->given) {
    diagnostics.error(boundary->key_where,
                      fmt::format("{} contradicts {} (both say what happens at the ends; keep one)", boundary->path, periodic->path));
    return;
  }
  if (!boundary->given && !periodic->given && !boundary->is(Form::null)) return;  // the lattice has ends of its own
  const Node::Data& source = boundary->given ? *boundary : *periodic;
  if (source.is(Form::list) && source.items.size() != size->items.size()) {
    diagnostics.error(source.where, fmt::format("{} has {} entries, but {} has {} (one per axis)", source.path, source.items.size(), size->path,
                                                size->items.size()));
    return;
  }
  const auto word = [&](const Node::Data& one) {
    if (one.is(Form::text)) return make_text(one, one.text);
    return make_text(one, one.is(Form::flag) && !one.flag ? "open" : "periodic");  // neither given: periodic
  };
  std::vector<DataPtr> words;
  for (std::size_t axis = 0; axis < size->items.size(); ++axis) words.push_back(word(source.is(Form::list) ? *source.items.at(axis) : source));
  DataPtr resolved = make_list(source, std::move(words));
  resolved->path = boundary->path;
  replace(lattice, "boundary", resolved);
  const DataPtr none = make_text(*periodic, "");
  none->form = Form::null;
  none->given = false;
  replace(lattice, "periodic", none);
}

namespace {

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

namespace {

// Couplings and N, the words that networks take; `particles` of a family is called N there.
std::vector<std::string> feature_words(const Schema& schema, const Node::Data& system) {
  std::vector<std::string> out = family_words(schema, system);
  if (out.empty()) return out;
  std::erase(out, "particles");
  out.push_back("N");
  return out;
}

// Whether the family of the system names it.
bool varies(const Node::Data& system, const std::string& name) {
  const DataPtr family = find_form(system, "family", Form::map);
  if (!family) return false;
  if (family->find(name)) return true;
  const DataPtr names = find_form(*family, "names", Form::list);
  return names && std::any_of(names->items.begin(), names->items.end(), [&](const DataPtr& item) { return item->text == name; });
}

// What a tail token reads where the input does not say, and what weights that do not name their tokens are taken to read: not the pinning field,
// which belongs to the setup, N only where the particles are counted, and random numbers only where samples of them vary.
std::vector<std::string> default_features(const Node::Data& system, std::vector<std::string> known) {
  std::erase(known, "delta");
  if (!varies(system, "disorder")) std::erase(known, "disorder");
  if (sector_has(system, "total_sz")) std::erase(known, "N");
  return known;
}

void add_names(const Node::Data& map, std::vector<std::string>& names) {
  const DataPtr family = find_form(map, "family", Form::map);
  if (!family) return;
  std::vector<std::string> words;
  if (const DataPtr list = find_form(*family, "names", Form::list)) {
    for (const DataPtr& item : list->items) words.push_back(item->text);
  } else {
    for (const auto& entry : family->entries) words.push_back(entry.first);
  }
  for (std::string& word : words) {
    if (word == "particles") word = "N";
    if (std::find(names.begin(), names.end(), word) == names.end()) names.push_back(word);
  }
}

std::vector<DataPtr> texts(const Node::Data& like, const std::vector<std::string>& words) {
  std::vector<DataPtr> out;
  for (const std::string& word : words) out.push_back(make_text(like, word));
  return out;
}

void check_names(const Node::Data& list, const std::vector<std::string>& known, Diagnostics& diagnostics) {
  for (const DataPtr& item : list.items) {
    if (item->is(Form::list)) check_names(*item, known, diagnostics);
    if (item->is(Form::text)) check_name(item->where, list.path, item->text, known, diagnostics);
  }
}

// Beside weights, sizes that nobody wrote are not defaults: they become null and are read from the file.
enum class Sizes { written_or_default, from_weights };

Sizes leave_open_sizes(Node::Data& psi) {
  const DataPtr weights = psi.find("weights");
  if (!weights || !weights->is(Form::text)) return Sizes::written_or_default;
  for (auto& [name, value] : psi.entries) {
    if (value->given) continue;
    value = make_text(*value, "");
    value->form = Form::null;
  }
  return Sizes::from_weights;
}

// Of a network with the keys `tail` and `features`.
void resolve_tokens(Node::Data& psi, const std::vector<std::string>& defaults, Sizes sizes) {
  DataPtr tail = psi.find("tail"), features = psi.find("features");
  if (!tail || !features || tail->is(Form::invalid) || defaults.empty()) return;
  if (tail->is(Form::null) && sizes == Sizes::from_weights) return;
  if (tail->is(Form::null)) tail = make_list(*tail, texts(*tail, defaults));
  if (!tail->items.empty() && tail->items.front()->is(Form::text)) tail = make_list(*tail, {tail});
  replace(psi, "tail", tail);
  if (!features->is(Form::null) || sizes == Sizes::from_weights) return;
  std::vector<std::string> names;
  for (const DataPtr& token : tail->items)
    for (const DataPtr& name : token->items)
      if (std::find(names.begin(), names.end(), name->text) == names.end()) names.push_back(name->text);
  replace(psi, "features", make_list(*features, texts(*features, names)));
}

// Of a network with the key `patch`.
void resolve_patches(Node::Data& psi, const Node::Data& root, Sizes sizes, Diagnostics& diagnostics) {
  const DataPtr system = find_form(root, "system", Form::map);
  const DataPtr lattice = system ? find_form(*system, "lattice", Form::map) : nullptr;
  const DataPtr size = lattice ? find_form(*lattice, "size", Form::list) : nullptr;
  const DataPtr patch = psi.find("patch"), couplings = psi.find("couplings");
  if (patch && size && patch->is(Form::null) && sizes == Sizes::written_or_default) {
    const DataPtr two = make_text(*patch, "");
    two->form = Form::integer;
    two->integer = 2;
    replace(psi, "patch", make_list(*patch, std::vector<DataPtr>(size->items.size(), two)));
  } else if (patch && size && patch->is(Form::list) && patch->items.size() != size->items.size()) {
    diagnostics.error(patch->where, fmt::format("{} has {} entries, but {} has {} (one per axis)", patch->path, patch->items.size(), size->path,
                                                size->items.size()));
  }
  if (!couplings || !couplings->is(Form::null)) return;
  std::vector<std::string> names;
  if (system) add_names(*system, names);
  if (const DataPtr stages = find_form(root, "stages", Form::list))
    for (const DataPtr& stage : stages->items) add_names(*stage, names);
  replace(psi, "couplings", make_list(*couplings, texts(*couplings, names)));
}

}  // namespace

void resolve_wavefunction(const Schema& schema, Node::Data& root, Diagnostics& diagnostics) {
  const DataPtr psi = find_form(root, "wavefunction", Form::map);
  const DataPtr system = find_form(root, "system", Form::map);
  if (!psi || !system) return;
  const Sizes sizes = leave_open_sizes(*psi);
  const std::vector<std::string> known = feature_words(schema, *system);
  for (const char* key : {"tail", "features", "couplings"})
    if (const DataPtr list = find_form(*psi, key, Form::list)) check_names(*list, known, diagnostics);
  const DataPtr width = find_form(*psi, "d_model", Form::integer), heads = find_form(*psi, "heads", Form::integer);
  if (width && heads && width->integer % heads->integer != 0) {
    const Node::Data& at = heads->given ? *heads : *width;
    diagnostics.error(
        at.where, fmt::format("wavefunction.d_model {} is not a multiple of wavefunction.heads {} (every head has the same width); try d_model {}",
                              width->integer, heads->integer, (width->integer / heads->integer + 1) * heads->integer));
  }
  resolve_tokens(*psi, default_features(*system, known), sizes);
  if (psi->find("patch")) resolve_patches(*psi, root, sizes, diagnostics);
}

}  // namespace qs::input
