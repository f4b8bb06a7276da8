// JSON Schema (draft 7) from the table.
#include <nlohmann/json.hpp>

#include <cmath>

#include "engine/input/scalar.h"
#include "engine/input/schema.h"

namespace qs::input {
namespace {

using Json = nlohmann::ordered_json;

enum class Completeness { whole, override };

Json section_schema(const Schema& schema, const std::string& name, Completeness completeness);

void add_range(const Range& range, Json& out) {
  if (std::isfinite(range.low)) out[range.low_open ? "exclusiveMinimum" : "minimum"] = range.low;
  if (std::isfinite(range.high)) out[range.high_open ? "exclusiveMaximum" : "maximum"] = range.high;
  if (range.multiple_of != 0) out["multipleOf"] = range.multiple_of;
}

Json number_lists() { return {{"type", "array"}, {"items", {{"type", "number"}}}, {"minItems", 1}}; }

Json family_schema() {
  const Json names = {{"type", "array"}, {"items", {{"type", "string"}}}, {"minItems", 1}, {"uniqueItems", true}};
  const Json rows = {{"type", "array"}, {"items", number_lists()}, {"minItems", 1}};
  const Json table = {
      {"type", "object"}, {"properties", {{"names", names}, {"rows", rows}}}, {"required", {"names", "rows"}}, {"additionalProperties", false}};
  const Json lists = {{"type", "object"}, {"additionalProperties", number_lists()}, {"propertyNames", {{"not", {{"enum", {"names", "rows"}}}}}}};
  return {{"anyOf", {lists, table}}};
}

Json shape_schema(const Shape& shape) {
  Json out = Json::object();
  switch (shape.type) {
    case Type::integer:
    case Type::number:
      out["type"] = shape.type == Type::integer ? "integer" : "number";
      add_range(shape.range, out);
      return out;
    case Type::flag:
      return {{"type", "boolean"}};
    case Type::text:
      return {{"type", "string"}};
    case Type::folder:
    case Type::file:
      return {{"type", "string"}, {"pattern", "^(?!/)(?!(.*/)?\\.\\.(/|$)).+$"}};
    case Type::choice:
      return {{"enum", shape.words}};
    case Type::duration:
      return {{"type", "string"}, {"pattern", duration_pattern}};
    case Type::size:
      return {{"type", "string"}, {"pattern", size_pattern}};
    case Type::list:
      out = {{"type", "array"}, {"items", shape_schema(shape.parts[0])}, {"minItems", shape.min_items}};
      if (shape.max_items != std::numeric_limits<std::size_t>::max()) out["maxItems"] = shape.max_items;
      if (shape.unique) out["uniqueItems"] = true;
      return out;
    case Type::section:
      return {{"$ref", "#/definitions/" + shape.name + (shape.overrides ? ".override" : "")}};
    case Type::family:
      return family_schema();
    case Type::values:
      return {{"type", "object"}, {"additionalProperties", number_lists()}};
    case Type::open:
      return {{"type", "object"}, {"additionalProperties", shape_schema(shape.parts[0])}};
    case Type::either:
      break;
  }
  for (const Shape& part : shape.parts) out["anyOf"].push_back(shape_schema(part));
  return out;
}

Json key_schema(const Key& key) {
  Json out = shape_schema(key.shape);
  if (out.contains("$ref")) out = {{"allOf", Json::array({out})}};  // draft 7 ignores what stands beside $ref
  out["description"] = key.doc + (key.unit.empty() ? "" : " [" + key.unit + "]");
  return out;
}

// The keys of one variant. Several rows of one name exist only for different variants.
Json variant_schema(const Schema& schema, const std::string& section, const std::string& kind, Completeness completeness) {
  Json out = {{"type", "object"}, {"properties", Json::object()}, {"additionalProperties", false}};
  Json needed = Json::array();
  for (const Key* key : schema.keys_of(section, kind)) {
    out["properties"][key->name] = key_schema(*key);
    if (key->name == "kind") {
      out["properties"]["kind"] = {{"const", kind}, {"description", key->doc}};
    }
    if (key->otherwise.kind == Default::Kind::required && (completeness == Completeness::whole)) needed.push_back(key->name);
  }
  if (!needed.empty()) out["required"] = needed;
  return out;
}

Json section_schema(const Schema& schema, const std::string& name, Completeness completeness) {
  const std::vector<std::string> variants = schema.kinds_of(name);
  if (variants.empty()) return variant_schema(schema, name, "", completeness);
  Json out;
  for (const std::string& kind : variants) out["anyOf"].push_back(variant_schema(schema, name, kind, completeness));
  return out;
}

void collect(const Schema& schema, const Shape& shape, Json& definitions) {
  for (const Shape& part : shape.parts) collect(schema, part, definitions);
  if (shape.type != Type::section) return;
  const std::string name = shape.name + (shape.overrides ? ".override" : "");
  if (definitions.contains(name)) return;
  definitions[name] = section_schema(schema, shape.name, shape.overrides ? Completeness::override : Completeness::whole);
  for (const Key& key : schema.keys())
    if (key.section == shape.name) collect(schema, key.shape, definitions);
}

}  // namespace

std::string json_schema(const Schema& schema) {
  Json out = {{"$schema", "http://json-schema.org/draft-07/schema#"}, {"title", "qstage-vmc input, format 1"}};
  out.update(section_schema(schema, "", Completeness::whole));
  Json definitions = Json::object();
  for (const Key& key : schema.keys())
    if (key.section.empty()) collect(schema, key.shape, definitions);
  // A stage's sampler may leave out its kind only where there is a global one to merge it over.
  out["if"] = {{"required", Json::array({"sampler"})}};
  out["else"] = Json::parse(R"({"properties": {"stages": {"items": {"properties": {"sampler": {"required": ["kind"]}}}}}})");
  out["definitions"] = definitions;
  return out.dump(2) + "\n";
}

}  // namespace qs::input
