#include "engine/input/shape_match.h"

#include <fmt/format.h>

#include "engine/base/text.h"

namespace qs::input {

const char* form_name(const Raw& raw) { return raw.form == Raw::Form::map ? "a map" : raw.form == Raw::Form::list ? "a list" : "a single value"; }

// "an integer", "a list of numbers": what a shape wants, for messages.
std::string wants(const Shape& shape) {
  switch (shape.type) {
    case Type::integer:
      return "an integer";
    case Type::number:
      return "a number";
    case Type::flag:
      return "true or false";
    case Type::text:
      return "text";
    case Type::folder:
      return "the name of a folder";
    case Type::file:
      return "the name of a file";
    case Type::choice:
      return shape.words.size() == 1 ? "'" + shape.words[0] + "'" : fmt::format("one of {}", joined(shape.words));
    case Type::duration:
      return "a duration";
    case Type::size:
      return "a size";
    case Type::list:
      return "a list";
    case Type::section:
      return "a map";
    case Type::family:
    case Type::values:
      return "a map of coupling names to lists";
    case Type::open:
      return "a map of names";
    case Type::either:
      break;
  }
  std::string out;
  for (const Shape& part : shape.parts) out += (out.empty() ? "" : " or ") + wants(part);
  return out;
}

bool accepts(const Shape& shape, const Raw& raw) {
  switch (shape.type) {
    case Type::list:
      return raw.form == Raw::Form::list;
    case Type::section:
    case Type::family:
    case Type::values:
    case Type::open:
      return raw.form == Raw::Form::map;
    default:
      return raw.form == Raw::Form::scalar;
  }
}

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
