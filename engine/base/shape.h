// What a key of the input may hold, as data: its shape, its default, its unit and a sentence about it.
#pragma once

#include <cstddef>
#include <limits>
#include <string>
#include <vector>

namespace qs {

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
  file,      // text: a file there, named by the same rule
  choice,    // one of `words`
  duration,  // 30s, 5min, 11h30min -> seconds
  size,      // 4GiB -> bytes
  list,      // of `parts[0]`
  section,   // a map with the keys of the section `name`
  family,    // {coupling: [numbers], ...} or {names: [...], rows: [[...], ...]}
  values,    // {coupling: [numbers], ...}
  open,      // a map whose keys the user names, each with a value of `parts[0]`
  either,    // one of `parts`, told apart by form: scalar, list or map
};

struct Shape {
  Type type = Type::text;
  Range range = {};  // integer, number
  std::vector<std::string> words = {};
  std::vector<std::string> meanings = {};  // of the words, for help; may be left out
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
Shape file();
Shape choice(std::vector<std::string> words);
Shape duration();
Shape size();
Shape list(Shape item, std::size_t min_items = 0, std::size_t max_items = std::numeric_limits<std::size_t>::max());
Shape set(Shape item, std::size_t min_items = 0);  // a list without repetition
Shape section(std::string name);
Shape overriding(std::string name);
Shape family();
Shape values();
Shape open(Shape item);
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

struct Option {
  std::string name;
  Shape shape;
  Default otherwise;
  std::string unit;  // "" = pure number or word
  std::string since;
  std::string doc;
};

// One thing that `kind:` of a section may name, with the keys that stand beside it. A section without kinds has one variant without a name.
struct Variant {
  std::string name, doc;
  std::vector<Option> options;
};

// Shortest decimal form that gives the same float64 and that every YAML reader takes for a number ("1.0e-05", "2.0").
std::string format_number(double value);

}  // namespace qs
