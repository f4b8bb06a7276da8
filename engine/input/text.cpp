// Bytes before the YAML reader and words in messages.
#include <fmt/format.h>

#include <algorithm>

#include "engine/base/text.h"
#include "engine/input/raw.h"

namespace qs::input {
namespace {

// Before its first event yaml-cpp scans ahead over all open brackets, at 100 bytes each; the count here includes brackets in text, hence
// the generous limit.
constexpr int max_open_brackets = 1024;

std::string describe_unprintable(std::uint32_t code) {
  if (code < 0x80) return fmt::format("control character 0x{:02x}", code);
  return fmt::format("invisible character U+{:04X} (a terminal obeys it instead of showing it)", code);
}

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
    const auto [length, code] = character_at(text, i);
    if (length == 0) return fail("not UTF-8 text");
    if (is_unprintable(code) && c != '\r') return fail(describe_unprintable(code) + " in the text");
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

std::optional<std::string> unprintable_in(const std::string& text) {
  for (std::size_t i = 0; i < text.size();) {
    const auto [length, code] = character_at(text, i);
    if (length == 0) return "bytes that are no UTF-8";
    if (is_unprintable(code)) return describe_unprintable(code);
    i += length;
  }
  return std::nullopt;
}

}  // namespace qs::input
