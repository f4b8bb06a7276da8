// A value of the input that has been checked: typed, ranged, with its line. What kind of file it came from is not known here.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace qs {

struct Location {
  std::string file;  // "input.yaml" or "command line" (from --set)
  int line = 0;      // 1-based; 0: no position (command line, whole file)
  int column = 0;
};

// Cheap to copy. Accessors on the wrong type are internal errors (the schema has already checked).
class Node {
 public:
  Node operator[](const std::string& key) const;  // must exist in the schema; defaults are present
  bool has(const std::string& key) const;         // whether the schema has the key here
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
  std::vector<std::string> texts() const;
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

}  // namespace qs
