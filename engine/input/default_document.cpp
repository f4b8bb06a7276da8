// --dump-default: every key with its default. The usual variant of each section is active, the others stand beside it as comments.
#include <fmt/format.h>

#include "engine/input/input.h"
#include "engine/input/schema.h"

namespace qs::input {
namespace {

enum class Style { active, comment };

class Writer {
 public:
  explicit Writer(const Schema& schema) : schema_(schema) {}
  void section(const std::string& name, int depth);
  std::string take() { return std::move(out_); }

 private:
  void keys(const std::string& section, const std::string& kind, int depth, Style style);
  void line(int depth, Style style, const std::string& text, const std::string& doc);
  void stages(const Key& key);
  bool nested(const Key& key) const;
  bool all_absent(const std::string& section) const;

  const Schema& schema_;
  std::string out_;
};

void Writer::line(int depth, Style style, const std::string& text, const std::string& doc) {
  const std::string code = std::string(2 * depth, ' ') + (style == Style::comment ? "# " : "") + text;
  out_ += doc.empty() ? code + "\n" : fmt::format("{:<44}  # {}\n", code, doc);
}

std::string note(const Key& key) { return key.doc + (key.unit.empty() ? "" : " [" + key.unit + "]"); }

// Sections with variants below a stage are long: they stand as one line there, their keys at the end of the document.
bool Writer::nested(const Key& key) const {
  return key.shape.type == Type::section && (key.section != "stages" || (!key.shape.overrides && schema_.kinds_of(key.shape.name).empty()));
}

// Nothing but comments would follow: YAML wants an explicit empty map then.
bool Writer::all_absent(const std::string& section) const {
  for (const Key* key : schema_.keys_of(section, ""))
    if (key->otherwise.kind != Default::Kind::absent) return false;
  return true;
}

void Writer::keys(const std::string& section, const std::string& kind, int depth, Style style) {
  for (const Key* key : schema_.keys_of(section, kind)) {
    const bool unset = key->otherwise.kind == Default::Kind::absent;
    if (key->name == "kind") continue;
    if (key->name == "stages") {
      stages(*key);
    } else if (nested(*key) && style == Style::active && (!unset || depth == 0)) {
      line(depth, style, key->name + (all_absent(key->shape.name) ? ": {}" : ":"), note(*key));
      this->section(key->shape.name, depth + 1);
    } else if (key->name == "move") {
      line(depth, style, "move: {kind: hop, shells: [1], d_max: 1, weight: 1.0}", note(*key));
    } else if (unset) {
      line(depth, Style::comment, key->name + ":", fmt::format("{} (default: {})", note(*key), key->otherwise.text));
      if (nested(*key) && schema_.kinds_of_section(key->shape.name).empty()) keys(key->shape.name, "", depth + 1, Style::comment);
    } else {
      line(depth, style, key->name + ": " + key->otherwise.text, note(*key));
    }
  }
}

void Writer::section(const std::string& name, int depth) {
  const std::vector<Kind> variants = schema_.kinds_of_section(name);
  if (variants.empty()) return keys(name, "", depth, Style::active);
  const std::string active = name == "system.sector" ? "spinless_fermions" : variants.front().name;
  for (const Kind& kind : variants)
    if (kind.name == active) line(depth, Style::active, "kind: " + kind.name, kind.doc);
  keys(name, active, depth, Style::active);
  for (const Kind& kind : variants) {
    if (kind.name == active) continue;
    line(depth, Style::comment, "kind: " + kind.name, kind.doc);
    keys(name, kind.name, depth, Style::comment);
  }
}

void Writer::stages(const Key& key) {
  line(0, Style::active, "stages:", note(key));
  for (const Kind& kind : schema_.kinds_of_section("stages")) {
    line(1, Style::active, "- kind: " + kind.name, kind.doc);
    keys("stages", kind.name, 2, Style::active);
  }
  for (const std::string section : {"optimizer", "schedule", "moves", "term", "cosine", "plane_wave", "random", "own_observable"}) {
    out_ += fmt::format("# Keys of '{}':\n", section);
    for (const Kind& kind : schema_.kinds_of_section(section)) {
      line(1, Style::comment, "kind: " + kind.name, kind.doc);
      keys(section, kind.name, 1, Style::comment);
    }
    if (schema_.kinds_of(section).empty()) keys(section, "", 1, Style::comment);
  }
}

}  // namespace

std::string default_document(const Schema& schema) {
  Writer writer(schema);
  writer.section("", 0);
  return writer.take();
}

}  // namespace qs::input
