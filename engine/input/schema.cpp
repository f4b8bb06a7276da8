#include "engine/input/schema.h"

#include <algorithm>

namespace qs::input {

void Schema::add(const std::string& section, const std::vector<Variant>& variants) {
  std::vector<std::string> names;
  for (const Variant& variant : variants)
    if (!variant.name.empty()) names.push_back(variant.name);
  for (const Variant& variant : variants) {
    if (!variant.name.empty()) {
      kinds_.push_back({section, variant.name, variant.doc});
      keys_.push_back({{"kind", shape::choice(names), required(names.front()), "", "0.1.0", "the variant; the keys beside it belong to it"},
                       section,
                       variant.name});
    }
    for (const Option& option : variant.options) keys_.push_back({option, section, variant.name});
  }
}

void Schema::walk_section(const std::string& section, const std::string& path, std::vector<NamedKey>& out) const {
  for (const Key& key : keys_) {
    if (key.section != section) continue;
    const std::string name = path.empty() ? key.name : path + "." + key.name;
    // Several variants may have the section that holds the key.
    if (std::any_of(out.begin(), out.end(), [&](const NamedKey& known) { return known.key == &key && known.path == name; })) continue;
    out.push_back({name, &key});
    walk(key.shape, name, out);
  }
}

void Schema::walk(const Shape& shape, const std::string& path, std::vector<NamedKey>& out) const {
  if (shape.type == Type::section) walk_section(shape.name, path, out);
  for (const Shape& part : shape.parts) walk(part, path, out);
}

std::vector<const Key*> Schema::keys_of(const std::string& section, const std::string& kind) const {
  std::vector<const Key*> out;
  for (const Key& key : keys_) {
    if (key.section != section || !(kind.empty() || key.kind == kind)) continue;
    if (std::none_of(out.begin(), out.end(), [&](const Key* other) { return other->name == key.name; })) out.push_back(&key);
  }
  return out;
}

bool Schema::is_common(const Key& key) const { return kinds_with(key.section, key.name).size() == kinds_of(key.section).size(); }

std::vector<Kind> Schema::kinds_of_section(const std::string& section) const {
  std::vector<Kind> out;
  for (const Kind& kind : kinds_)
    if (kind.section == section) out.push_back(kind);
  return out;
}

std::vector<std::string> Schema::kinds_of(const std::string& section) const {
  std::vector<std::string> out;
  for (const Kind& kind : kinds_of_section(section)) out.push_back(kind.name);
  return out;
}

std::vector<std::string> Schema::kinds_with(const std::string& section, const std::string& name) const {
  std::vector<std::string> out;
  for (const Key& key : keys_)
    if (key.section == section && key.name == name && !key.kind.empty()) out.push_back(key.kind);
  return out;
}

std::vector<std::string> Schema::couplings_of(const std::string& hamiltonian) const {
  std::vector<std::string> out;
  for (const Key* key : keys_of("system.hamiltonian", hamiltonian))
    if (key->shape.type == Type::either) out.push_back(key->name);
  return out;
}

std::vector<Schema::NamedKey> Schema::named_keys() const {
  std::vector<NamedKey> out;
  walk_section("", "", out);
  return out;
}

std::vector<std::string> names_of(std::span<const Key* const> rows) {
  std::vector<std::string> out;
  for (const Key* key : rows) out.push_back(key->name);
  return out;
}

bool same_meaning(const Key& a, const Key& b) {
  return a.section == b.section && a.name == b.name && a.doc == b.doc && a.unit == b.unit && a.since == b.since &&
         a.otherwise.kind == b.otherwise.kind && a.otherwise.text == b.otherwise.text && a.shape.type == b.shape.type &&
         a.shape.min_items == b.shape.min_items && a.shape.max_items == b.shape.max_items && a.shape.words == b.shape.words;
}

}  // namespace qs::input
