// The resolved document as YAML. Own writer: flow style for leaves, and numbers that read back to the same bits everywhere.
#include <fmt/format.h>

#include "engine/input/scalar.h"
#include "engine/input/validate.h"

namespace qs::input {
namespace {

bool plain_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || c == '/'; }

// Words that no YAML reader takes for anything but text; everything else is quoted.
std::string text_of(const std::string& text) {
  static const std::string more = "0123456789.-";
  bool plain = !text.empty() && plain_letter(text[0]);
  for (const char c : text) plain = plain && (plain_letter(c) || more.find(c) != std::string::npos);
  for (const char* word : {"true", "false", "null", "yes", "no", "on", "off", "y", "n"})
    if (text.size() < 6 && fmt::format("{}", word).size() == text.size()) {
      bool same = true;
      for (std::size_t i = 0; i < text.size(); ++i) same = same && (text[i] | 0x20) == word[i];
      // One-letter names of couplings (N) stand in our own files; readers of YAML 1.2 and PyYAML agree that they are text.
      if (same && text.size() > 1) plain = false;
    }
  if (plain) return text;
  std::string out = "\"";
  for (const char c : text) {
    const unsigned char u = static_cast<unsigned char>(c);
    if (c == '"' || c == '\\')
      out += '\\', out += c;
    else if (c == '\n')
      out += "\\n";
    else if (u < 0x20 || u == 0x7F)
      out += fmt::format("\\x{:02x}", u);
    else
      out += c;
  }
  return out + "\"";
}

std::string scalar_of(const Node::Data& data) {
  switch (data.form) {
    case Form::flag:
      return data.flag ? "true" : "false";
    case Form::integer:
      return data.text.empty() ? fmt::format("{}", data.integer) : data.text;
    case Form::number:
      return format_number(data.number);
    default:
      return text_of(data.text);
  }
}

std::string flow(const Node::Data& data) {
  std::string out;
  if (data.is(Form::list)) {
    for (const DataPtr& item : data.items) out += (out.empty() ? "" : ", ") + flow(*item);
    return "[" + out + "]";
  }
  if (!data.is(Form::map)) return scalar_of(data);
  for (const auto& [key, value] : data.entries)
    if (!value->is(Form::null)) out += (out.empty() ? "" : ", ") + text_of(key) + ": " + flow(*value);
  return "{" + out + "}";
}

void block(const Node::Data& map, const std::string& indent, std::string& out) {
  for (const auto& [key, value] : map.entries) {
    if (value->is(Form::null)) continue;
    out += indent + text_of(key) + ":";
    if (key == "stages" && value->is(Form::list)) {
      out += "\n";
      for (const DataPtr& stage : value->items) {
        std::string body;
        block(*stage, indent + "    ", body);
        body[indent.size() + 2] = '-';
        out += body;
      }
    } else if (value->is(Form::map) && indent.empty() && !value->entries.empty()) {
      std::string body;
      block(*value, "  ", body);
      out += body.empty() ? " {}\n" : "\n" + body;
    } else {
      out += " " + flow(*value) + "\n";
    }
  }
}

}  // namespace

std::string emit_yaml(const Node::Data& root) {
  std::string out;
  block(root, "", out);
  return out;
}

}  // namespace qs::input
