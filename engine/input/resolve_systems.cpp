#include <array>

#include "engine/input/resolve_steps.h"

namespace qs::input {

DataPtr null_like(const Node::Data& like) {
  DataPtr out = make_text(like, "");
  out->form = Form::null;
  out->given = false;
  return out;
}

DataPtr copy_to(const Node::Data& source, const std::string& path) {
  const DataPtr out = std::make_shared<Node::Data>(source);
  out->path = path;
  for (std::size_t i = 0; i < out->items.size(); ++i) out->items[i] = copy_to(*out->items[i], path + "." + std::to_string(i));
  for (auto& [name, child] : out->entries) child = copy_to(*child, path + "." + name);
  return out;
}

bool complete(const Node::Data& own, const DataPtr& global) {
  if (!global) return true;
  const std::string kind = word_of(own, "kind");
  return !kind.empty() && kind != word_of(*global, "kind");
}

namespace {

// Two ways to say one thing: who writes one takes back the other.
constexpr std::array<std::array<const char*, 2>, 3> alternatives = {{{"size", "torus"}, {"periodic", "boundary"}, {"move", "moves"}}};

void take_back(Node::Data& merged, const std::string& key) {
  for (const auto& [one, other] : alternatives) {
    const std::string back = key == one ? other : key == other ? one : "";
    if (const DataPtr old = back.empty() ? nullptr : merged.find(back)) replace(merged, back, null_like(*old));
  }
}

}  // namespace

DataPtr laid_over(const Node::Data& own, const Node::Data& global) {
  const DataPtr merged = copy_to(global, own.path);
  merged->where = own.where;
  merged->key_where = own.key_where;
  for (const auto& [key, value] : own.entries) take_back(*merged, key);
  for (const auto& [key, value] : own.entries) replace(*merged, key, value);
  return merged;
}

namespace {

void resolve_one(Node::Data& variant, const Node::Data& system, Diagnostics& diagnostics) {
  for (const char* name : {"lattice", "sector"}) {
    const DataPtr own = variant.find(name), global = find_form(system, name, Form::map);
    if (!own || !global) continue;
    if (own->is(Form::null)) replace(variant, name, copy_to(*global, own->path));
    if (own->is(Form::map) && !complete(*own, global)) replace(variant, name, laid_over(*own, *global));
  }
  if (const DataPtr lattice = find_form(variant, "lattice", Form::map)) resolve_lattice(*lattice, diagnostics);
}

void resolve_list(const Node::Data& holder, const Node::Data& system, Diagnostics& diagnostics) {
  const DataPtr systems = find_form(holder, "systems", Form::list);
  if (!systems) return;
  for (const DataPtr& variant : systems->items)
    if (variant->is(Form::map)) resolve_one(*variant, system, diagnostics);
}

}  // namespace

void resolve_systems(Node::Data& root, Diagnostics& diagnostics) {
  const DataPtr system = find_form(root, "system", Form::map), stages = find_form(root, "stages", Form::list);
  if (!system) return;
  resolve_list(root, *system, diagnostics);
  const DataPtr global = find_form(root, "systems", Form::list);
  if (!stages) return;
  for (const DataPtr& stage : stages->items) {
    if (!stage->is(Form::map)) continue;
    resolve_list(*stage, *system, diagnostics);
    const DataPtr own = stage->find("systems");
    if (global && own && own->is(Form::null)) replace(*stage, "systems", copy_to(*global, own->path));
  }
}

}  // namespace qs::input
