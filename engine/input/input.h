// The YAML input: parsed strictly, validated against one declarative table (schema.cpp), defaults filled in. Everything above sees a
// Node: typed, ranged, with its line. Unknown keys, wrong types, bad ranges are collected and reported all at once.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace qs::input {

struct Location {
  std::string file;  // "input.yaml" or "command line" (from --set)
  int line = 0;      // 1-based; 0: no position (command line, whole file)
  int column = 0;
};

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

// A validated value. Cheap to copy. Accessors on the wrong type are internal errors (the schema has already checked).
class Node {
 public:
  Node operator[](const std::string& key) const;  // must exist in the schema; defaults are present
  bool given(const std::string& key) const;       // written by the user (or --set), not a default
  bool is_null() const;                           // optional key without default that was not given
  bool is_text() const;                           // words and text; tells `targets: ed` from `targets: {files: ...}`
  bool is_number() const;                         // tells `lr: 0.1` from a schedule
  bool is_list() const;
  bool is_map() const;
  double number() const;                // integers too; durations in seconds, sizes in bytes
  std::int64_t integer() const;         // durations and sizes too
  bool flag() const;                    // true/false
  std::string text() const;             // words and text; durations and sizes as written
  std::vector<Node> items() const;      // list
  std::vector<double> numbers() const;  // list of numbers
  std::vector<std::int64_t> integers() const;
  std::vector<std::pair<std::string, Node>> entries() const;  // map, in input order (open maps: family, hamiltonian couplings)
  std::string kind() const { return (*this)["kind"].text(); }
  const Location& where() const;  // of the value (or of the enclosing map for a default)
  const Location& key_where() const;
  std::string path() const;  // "stages.2.optimizer.lr"

  struct Data;
  explicit Node(std::shared_ptr<const Data> data) : data_(std::move(data)) {}

 private:
  std::shared_ptr<const Data> data_;
};

// Short forms are resolved, so that readers of a Document meet one form only:
//   system.lattice.boundary  list with one word per axis (from `periodic` or `boundary`; `periodic` itself is then null)
//   sampler.moves            list of moves (`move` itself is then null)
//   system.hamiltonian.V     a number; a list written there has become `family` (the number is its first entry)
//   stages.i.sampler         stage keys merged over the global sampler; stages.i.family: the stage's, else the global one, else null
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
Document load(const std::string& path, const std::vector<SetOption>& sets, Diagnostics& diagnostics);
Document load_text(const std::string& text, const std::string& name, const std::vector<SetOption>& sets, Diagnostics& diagnostics);

// A validated family (either form) as one row of values per problem; the last name varies fastest. Null: no names, no rows.
struct FamilyRows {
  std::vector<std::string> names;
  std::vector<std::vector<double>> rows;
};
FamilyRows family_rows(const Node& family);

std::string json_schema();       // draft 7, from the same table
std::string default_document();  // commented YAML of all keys with their defaults
std::string help_for(
    const std::string& key);  // "sampler.chains": type, unit, range, default, meaning; "sampler": its keys too; InputError if unknown
std::vector<std::string> all_keys();

// Closest known word by Damerau-Levenshtein distance <= 2 or <= a third of the length; "" if none.
std::string suggest(const std::string& word, const std::vector<std::string>& known);

}  // namespace qs::input
