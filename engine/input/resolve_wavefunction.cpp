#include "engine/input/resolve_steps.h"

#include <fmt/format.h>

#include <algorithm>

namespace qs::input {

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
