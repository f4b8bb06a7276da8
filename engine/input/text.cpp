// Bytes before the YAML reader and words in messages.
#include <fmt/format.h>

#include "engine/input/raw.h"

namespace qs::input {
namespace {

// Length of the UTF-8 sequence at `i`, 0 if it is malformed (overlong forms and surrogates included).
std::size_t utf8_length(const std::string& text, std::size_t i) {
  const auto byte = [&](std::size_t k) { return k < text.size() ? static_cast<unsigned char>(text[k]) : 0u; };
  const unsigned first = byte(i);
  if (first < 0x80) return 1;
  const std::size_t length = first >= 0xF0 ? 4 : first >= 0xE0 ? 3 : 2;
  if (first < 0xC2 || first > 0xF4) return 0;
  for (std::size_t k = 1; k < length; ++k)
    if ((byte(i + k) & 0xC0) != 0x80) return 0;
  const unsigned second = byte(i + 1);
  if ((first == 0xE0 && second < 0xA0) || (first == 0xED && second > 0x9F)) return 0;
  if ((first == 0xF0 && second < 0x90) || (first == 0xF4 && second > 0x8F)) return 0;
  return length;
}

// Before its first event yaml-cpp scans ahead over all open brackets, at 100 bytes each; the count here includes brackets in text, hence
// the generous limit.
constexpr int max_open_brackets = 1024;

}  // namespace

bool check_bytes(const std::string& text, const std::string& file, Positions positions, Diagnostics& diagnostics) {
  int line = 1, column = 1;
  bool content = false;  // seen anything but blanks and comments: a later '%' is no directive
  const auto fail = [&](const std::string& message) {
    diagnostics.error(positions == Positions::none ? Location{file, 0, 0} : Location{file, line, column}, message);
    return false;
  };
  if (text.size() > max_input_bytes) {
    line = column = 0;
    return fail(fmt::format("{} bytes are too many (an input has at most {} bytes)", text.size(), max_input_bytes));
  }
  bool comment = false;
  int open = 0;
  for (std::size_t i = 0; i < text.size();) {
    const unsigned char c = static_cast<unsigned char>(text[i]);
    const std::size_t length = utf8_length(text, i);
    if (length == 0) return fail("not UTF-8 text");
    if ((c < 0x20 && c != '\n' && c != '\r' && c != '\t') || c == 0x7F) return fail(fmt::format("control character 0x{:02x} in the text", c));
    if (c == '%' && column == 1 && !content) return fail("YAML directives ('%') are not supported; remove the line");
    if (c == '#') comment = true;
    if (c == '[' || c == '{') ++open;
    if ((c == ']' || c == '}') && open > 0) --open;
    if (open > max_open_brackets) return fail(fmt::format("nested deeper than {} levels (the limit of an input)", max_input_depth));
    if (c == '\n') {
      comment = false;
      ++line;
      column = 0;
    } else if (c != ' ' && c != '\r' && !comment) {
      content = true;
    }
    ++column;
    i += length;
  }
  return true;
}

std::string quote(const std::string& text) {
  constexpr std::size_t limit = 80;
  std::string out = "'";
  for (std::size_t i = 0; i < text.size();) {
    const std::size_t length = std::max<std::size_t>(1, utf8_length(text, i));
    if (out.size() + length > limit) return out + "...'";
    const unsigned char c = static_cast<unsigned char>(text[i]);
    if (c == '\n')
      out += "\\n";
    else if (c < 0x20 || c == 0x7F)
      out += fmt::format("\\x{:02x}", c);
    else
      out += text.substr(i, length);
    i += length;
  }
  return out + "'";
}

std::string joined(const std::vector<std::string>& words, const char* separator) {
  std::string out;
  for (const std::string& word : words) out.append(out.empty() ? "" : separator).append(word);
  return out;
}

}  // namespace qs::input
