#include "engine/base/shape.h"

#include <fmt/format.h>

#include <utility>

namespace qs {

namespace shape {

Shape integer(double low, double high) { return {.type = Type::integer, .range = {low, high, false, false, 0}}; }
Shape number(Range range) { return {.type = Type::number, .range = range}; }
Shape flag() { return {.type = Type::flag}; }
Shape text() { return {.type = Type::text}; }
Shape folder() { return {.type = Type::folder}; }
Shape file() { return {.type = Type::file}; }
Shape choice(std::vector<std::string> words) { return {.type = Type::choice, .words = std::move(words)}; }
Shape duration() { return {.type = Type::duration}; }
Shape size() { return {.type = Type::size}; }
Shape list(Shape item, std::size_t min_items, std::size_t max_items) {
  return {.type = Type::list, .parts = {std::move(item)}, .min_items = min_items, .max_items = max_items};
}
Shape set(Shape item, std::size_t min_items) {
  Shape out = list(std::move(item), min_items);
  out.unique = true;
  return out;
}
Shape section(std::string name) { return {.type = Type::section, .name = std::move(name)}; }
Shape overriding(std::string name) { return {.type = Type::section, .name = std::move(name), .overrides = true}; }
Shape family() { return {.type = Type::family}; }
Shape values() { return {.type = Type::values}; }
Shape open(Shape item) { return {.type = Type::open, .parts = {std::move(item)}}; }
Shape either(std::vector<Shape> parts) { return {.type = Type::either, .parts = std::move(parts)}; }
Range at_least(double low) { return {.low = low}; }
Range above(double low) { return {.low = low, .low_open = true}; }
Range between(double low, double high) { return {.low = low, .high = high}; }

}  // namespace shape

Default required(std::string example) { return {Default::Kind::required, std::move(example)}; }
Default value(std::string yaml) { return {Default::Kind::value, std::move(yaml)}; }
Default absent(std::string meaning) { return {Default::Kind::absent, std::move(meaning)}; }

std::string format_number(double value) {
  std::string out = fmt::format("{}", value);
  const std::size_t exponent = out.find('e');
  if (out.find('.') == std::string::npos) out.insert(exponent == std::string::npos ? out.size() : exponent, ".0");
  return out;
}

}  // namespace qs
