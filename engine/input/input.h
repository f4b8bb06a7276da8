// The YAML input: parsed strictly, validated against a Schema, defaults filled in. Everything above sees a
// Node: typed, ranged, with its line. Unknown keys, wrong types, bad ranges are collected and reported all at once.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "engine/base/error.h"
#include "engine/base/node.h"

namespace qs::input {

class Schema;
using qs::Location;
using qs::Node;

struct Diagnostic {
  Location where;
  std::string message;  // without "error:"
};

// Collects errors, ordered by file, line and column. Only the first 50 are kept; the rest are counted.
class Diagnostics {
 public:
  static constexpr std::size_t max_errors = 50;
  void error(const Location& where, std::string message);
  void warning(const Location& where, std::string message);
  // Runs `work`; what it refuses becomes an error at the node.
  template <class F>
  void check(const Node& node, F&& work) {
    try {
      work();
    } catch (const Error& refused) {
      error(node.where(), refused.what());
    }
  }
  bool has_errors() const { return !errors_.empty(); }
  const std::vector<Diagnostic>& errors() const { return errors_; }
  const std::vector<Diagnostic>& warnings() const { return warnings_; }
  std::size_t error_count() const { return errors_.size() + dropped_; }
  // "input.yaml:8:48: error: ...\n" per error, then "N errors, the first 50 are shown" if cut.
  std::string render() const;
  std::string render_json() const;

 private:
  std::vector<Diagnostic> errors_, warnings_;
  std::size_t dropped_ = 0;
};

// Short forms are resolved, so that readers of a Document meet one form only:
//   system.lattice.boundary  list with one word per axis (from `periodic` or `boundary`; `periodic` itself is then null)
//   sampler.moves            list of moves (`move` itself is then null)
//   system.hamiltonian.V     a number; a list written there has become `family` (the number is its first entry)
//   stages.i.sampler         stage keys merged over the global sampler; stages.i.family: the stage's, else the global one, else null
//   systems.i                lattice and sector in full; stages.i.systems: the stage's, else the global ones, else null
//   wavefunction.tail        list of lists of names
struct Document {
  Node root{nullptr};
  std::string original;   // the file's bytes
  std::string resolved;   // YAML with every default written out, itself a valid input
  std::string path;       // as given
  std::string directory;  // of the YAML file: input paths resolve from here
};

struct SetOption {
  std::string key, value;  // --set stages.2.optimizer.lr=0.01
};

// Throws nothing for user errors: they go to `diagnostics`; the document's root is then unusable. File unreadable: FileError.
Document load(const Schema& schema, const std::string& path, const std::vector<SetOption>& sets, Diagnostics& diagnostics);
Document load_text(const Schema& schema, const std::string& text, const std::string& name, const std::vector<SetOption>& sets,
                   Diagnostics& diagnostics);

// A validated family (either form) as one row of values per problem; the last name varies fastest. Null: no names, no rows.
struct FamilyRows {
  std::vector<std::string> names;
  std::vector<std::vector<double>> rows;
};
FamilyRows family_rows(const Node& family);

std::string json_schema(const Schema& schema);       // draft 7, from the same table
std::string default_document(const Schema& schema);  // commented YAML of all keys with their defaults
// "sampler.chains": type, unit, range, default, meaning; "sampler": its keys too; InputError if unknown
std::string help_for(const Schema& schema, const std::string& key);
std::vector<std::string> all_keys(const Schema& schema);

// Closest known word by Damerau-Levenshtein distance <= 2 or <= a third of the length; "" if none.
std::string suggest(const std::string& word, const std::vector<std::string>& known);

}  // namespace qs::input
