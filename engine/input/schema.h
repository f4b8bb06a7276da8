// The vocabulary of the input: every section with its variants and their keys, as the rooms that understand them describe them. The parser, the
// suggestions, --help KEY, --dump-schema, --dump-default, completion and the resolved output read it; nothing else knows a key.
#pragma once

#include <map>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "engine/base/shape.h"

namespace qs::input {

struct Key : Option {
  std::string section;  // "" = root
  std::string kind;     // the variant it belongs to; "" = the section has no variants
};

struct Kind {
  std::string section, name, doc;
};

class Schema {
 public:
  // Adds a section; the usual variant comes first. Variants with names get the key `kind`.
  void add(const std::string& section, const std::vector<Variant>& variants);
  // The sections at the root without which a variant makes no sense.
  void need(const std::string& section, const std::string& kind, std::vector<std::string> needed) { needs_[{section, kind}] = std::move(needed); }
  const std::map<std::pair<std::string, std::string>, std::vector<std::string>>& needs() const { return needs_; }

  std::span<const Key> keys() const { return keys_; }     // in the order of the resolved output
  std::span<const Kind> kinds() const { return kinds_; }  // variants per section, the usual one first
  // Rows of `section` that apply to `kind` ("" = any kind, one row per name).
  std::vector<const Key*> keys_of(const std::string& section, const std::string& kind) const;
  // Whether every variant of its section has a key of this name.
  bool is_common(const Key& key) const;
  std::vector<Kind> kinds_of_section(const std::string& section) const;
  std::vector<std::string> kinds_of(const std::string& section) const;                             // their names; empty: no variants
  std::vector<std::string> kinds_with(const std::string& section, const std::string& name) const;  // variants that have the key `name`
  // Couplings of a Hamiltonian kind: its rows that take a number or a list of numbers.
  std::vector<std::string> couplings_of(const std::string& hamiltonian) const;

  // The dotted name of every row without list indices ("stages.optimizer.lr"), in table order, root first.
  struct NamedKey {
    std::string path;
    const Key* key;
  };
  std::vector<NamedKey> named_keys() const;

 private:
  void walk(const Shape& shape, const std::string& path, std::vector<NamedKey>& out) const;
  void walk_section(const std::string& section, const std::string& path, std::vector<NamedKey>& out) const;

  std::vector<Key> keys_;
  std::vector<Kind> kinds_;
  std::map<std::pair<std::string, std::string>, std::vector<std::string>> needs_;  // by section and kind
};

std::vector<std::string> names_of(std::span<const Key* const> rows);
// Whether two rows say the same of the same key, of whatever kind.
bool same_meaning(const Key& a, const Key& b);

}  // namespace qs::input
