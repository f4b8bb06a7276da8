// Which shape of the table a piece of YAML is meant for.
#pragma once

#include <string>

#include "engine/input/raw.h"
#include "engine/input/schema.h"

namespace qs::input {

struct TypeWords {
  Raw::Form form;     // of a value of this type
  const char* wants;  // "an integer", for messages
  const char* holds;  // "integer", for help
};
const TypeWords& words_of(Type type);

const char* form_name(const Raw& raw);             // "a list", for messages
std::string wants(const Shape& shape);             // "an integer", "a number or a map"
bool accepts(const Shape& shape, const Raw& raw);  // by form alone: scalar, list or map
// The part of an `either` that a value is meant for; nullptr if its form fits none.
const Shape* choose(const Shape& shape, const Raw& raw);

}  // namespace qs::input
