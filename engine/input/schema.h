// The vocabulary of the input: one row per key, read by the parser, the suggestions, --help KEY, --dump-schema, --dump-default and the
// resolved output. Adding a key is one row in one of the schema_*.cpp tables.
#pragma once

#include <limits>
#include <span>
#include <string>
#include <vector>

namespace qs::input {

// Closed by default; `above`/`below` exclude the end.
struct Range {
  double low = -std::numeric_limits<double>::infinity();
  double high = std::numeric_limits<double>::infinity();
  bool low_open = false, high_open = false;
  double multiple_of = 0;  // 0: any
};

enum class Type {
  integer,
  number,
  flag,      // true, false
  text,      // any text
  folder,    // text: a folder below the output directory, never absolute, never '..'
  choice,    // one of `words`
  duration,  // 30s, 5min, 11h30min -> seconds
  size,      // 4GiB -> bytes
  list,      // of `parts[0]`
  section,   // a map with the keys of the section `name`
  family,    // {coupling: [numbers], ...} or {names: [...], rows: [[...], ...]}
  values,    // {coupling: [numbers], ...}
  either,    // one of `parts`, told apart by form: scalar, list or map
};

struct Shape {
  Type type = Type::text;
  Range range = {};  // integer, number
  std::vector<std::string> words = {};
  std::vector<Shape> parts = {};
  std::size_t min_items = 0, max_items = std::numeric_limits<std::size_t>::max();
  bool unique = false;     // list: no value twice
  std::string name = {};   // section
  bool overrides = false;  // section: single keys laid over the section of the same name at the root
};

namespace shape {
Shape integer(double low, double high = 9007199254740991.0);  // 2^53 - 1 unless said otherwise
Shape number(Range range = {});
Shape flag();
Shape text();
Shape folder();
Shape choice(std::vector<std::string> words);
Shape duration();
Shape size();
Shape list(Shape item, std::size_t min_items = 0, std::size_t max_items = std::numeric_limits<std::size_t>::max());
Shape set(Shape item, std::size_t min_items = 0);  // a list without repetition
Shape section(std::string name);
Shape overriding(std::string name);
Shape family();
Shape values();
Shape either(std::vector<Shape> parts);
Range at_least(double low);
Range above(double low);
Range between(double low, double high);
}  // namespace shape

// What happens when the key is not written.
struct Default {
  enum class Kind { required, value, absent };
  Kind kind = Kind::absent;
  std::string text;  // required: an example; value: the YAML; absent: what the program does then
};
Default required(std::string example);
Default value(std::string yaml);
Default absent(std::string meaning);

struct Key {
  std::string section;  // "" = root
  std::string kinds;    // variants that have the key, separated by blanks; "" = all
  std::string name;
  Shape shape;
  Default otherwise;
  std::string unit;  // "" = pure number or word
  std::string since;
  std::string doc;
};

struct Kind {
  std::string section, name, doc;
};

std::span<const Key> keys();    // all rows, in the order of the resolved output
std::span<const Kind> kinds();  // variants per section, the usual one first

// Rows of `section` that apply to `kind` ("" = any kind, one row per name).
std::vector<const Key*> keys_of(const std::string& section, const std::string& kind);
std::vector<Kind> kinds_of_section(const std::string& section);
std::vector<std::string> kinds_of(const std::string& section);                             // their names; empty: the section has no variants
std::vector<std::string> kinds_with(const std::string& section, const std::string& name);  // variants that have the key `name`
bool applies(const Key& key, const std::string& kind);
std::vector<std::string> names_of(std::span<const Key* const> rows);
// Couplings of a Hamiltonian kind: its rows that take a number or a list of numbers.
std::vector<std::string> couplings_of(const std::string& hamiltonian);

// The dotted name of every row without list indices ("stages.optimizer.lr"), in table order, root first.
struct NamedKey {
  std::string path;
  const Key* key;
};
std::vector<NamedKey> named_keys();

// Tables of the parts; schema.cpp joins them.
std::vector<Key> run_keys();
std::vector<Key> system_keys();
std::vector<Key> model_keys();
std::vector<Key> stage_keys();

}  // namespace qs::input
