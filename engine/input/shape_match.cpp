#include "engine/input/shape_match.h"

#include <iterator>

#include "engine/base/text.h"

namespace qs::input {

const char* form_name(const Raw& raw) { return raw.form == Raw::Form::map ? "a map" : raw.form == Raw::Form::list ? "a list" : "a single value"; }

// In the order of the enumeration.
const TypeWords& words_of(Type type) {
  using enum Raw::Form;
  static constexpr TypeWords table[] = {{scalar, "an integer", "integer"},
                                        {scalar, "a number", "number"},
                                        {scalar, "true or false", "true or false"},
                                        {scalar, "text", "text"},
                                        {scalar, "the name of a folder", "folder name"},
                                        {scalar, "the name of a file", "file name"},
                                        {scalar, "one of ", ""},
                                        {scalar, "a duration", "duration (30s, 5min, 11h30min)"},
                                        {scalar, "a size", "size (512MiB, 4GiB)"},
                                        {list, "a list", "list of "},
                                        {map, "a map", "map"},
                                        {map, "a map of coupling names to lists", "map of couplings to lists, or {names: [...], rows: [[...], ...]}"},
                                        {map, "a map of coupling names to lists", "map of couplings to lists"},
                                        {map, "a map of names", "map of names to "},
                                        {scalar, "", ""}};
  static_assert(std::size(table) == static_cast<std::size_t>(Type::either) + 1);
  return table[static_cast<std::size_t>(type)];
}

std::string wants(const Shape& shape) {
  if (shape.type == Type::choice && shape.words.size() == 1) return "'" + shape.words[0] + "'";
  if (shape.type != Type::either) return words_of(shape.type).wants + (shape.type == Type::choice ? joined(shape.words) : "");
  std::string out;
  for (const Shape& part : shape.parts) out += (out.empty() ? "" : " or ") + wants(part);
  return out;
}

bool accepts(const Shape& shape, const Raw& raw) { return raw.form == words_of(shape.type).form; }

// Of two scalar parts the word wins unless the text starts like a number; of two
// lists the one whose items have the form of the first item.
const Shape* choose(const Shape& shape, const Raw& raw) {
  const Shape* best = nullptr;
  for (const Shape& part : shape.parts) {
    if (!accepts(part, raw)) continue;
    if (best == nullptr) best = &part;
    const bool numeric = !raw.text.empty() && raw.text.find_first_of("0123456789") <= 1;
    if (raw.form == Raw::Form::scalar && part.type == Type::integer && numeric) best = &part;
    if (raw.form == Raw::Form::list && !raw.items.empty() && accepts(part.parts[0], raw.items[0])) best = &part;
  }
  return best;
}

}  // namespace qs::input
