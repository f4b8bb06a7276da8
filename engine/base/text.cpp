#include "engine/base/text.h"

#include <algorithm>
#include <array>
#include <iterator>

namespace qs {
namespace {

std::string hexadecimal(const char* mark, std::uint32_t value, int digits) {
  std::string text = mark;
  for (int shift = 4 * (digits - 1); shift >= 0; shift -= 4) text += "0123456789abcdef"[(value >> shift) & 15];
  return text;
}

std::string code_point(std::uint32_t code) { return code < 0x80 ? hexadecimal("\\x", code, 2) : hexadecimal("\\u", code, 4); }

}  // namespace

Character character_at(std::string_view text, std::size_t position) {
  const auto byte = [&](std::size_t k) { return position + k < text.size() ? static_cast<unsigned char>(text[position + k]) : 0u; };
  const std::uint32_t first = byte(0);
  if (first < 0x80) return {1, first};
  if (first < 0xC2 || first > 0xF4) return {};
  const std::size_t length = first >= 0xF0 ? 4 : first >= 0xE0 ? 3 : 2;
  std::uint32_t code = first & (0x7F >> length);
  for (std::size_t k = 1; k < length; ++k) {
    if ((byte(k) & 0xC0) != 0x80) return {};
    code = code << 6 | (byte(k) & 0x3F);
  }
  constexpr std::uint32_t smallest[] = {0x80, 0x800, 0x10000};
  const bool surrogate = code >= 0xD800 && code <= 0xDFFF;
  if (code < smallest[length - 2] || code > 0x10FFFF || surrogate) return {};
  return {length, code};
}

bool is_unprintable(std::uint32_t code) {
  struct Run {
    std::uint32_t first, last;
  };
  constexpr std::array<Run, 9> runs = {{{0x00, 0x08},      // C0 up to the tab
                                        {0x0B, 0x1F},      // C0 after the line feed
                                        {0x7F, 0x9F},      // DEL and C1
                                        {0x061C, 0x061C},  // Arabic letter mark
                                        {0x200E, 0x200F},  // left-to-right and right-to-left marks
                                        {0x2028, 0x2029},  // line and paragraph separators
                                        {0x202A, 0x202E},  // embeddings and overrides
                                        {0x2066, 0x2069},  // isolates
                                        {0xFEFF, 0xFEFF}}};
  return std::any_of(runs.begin(), runs.end(), [&](const Run& run) { return run.first <= code && code <= run.last; });
}

std::string printable(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  for (std::size_t i = 0; i < text.size();) {
    const Character character = character_at(text, i);
    if (character.length == 0) {
      out += hexadecimal("\\x", static_cast<unsigned char>(text[i]), 2);
    } else if (is_unprintable(character.code)) {
      out += code_point(character.code);
    } else {
      out += text.substr(i, character.length);
    }
    i += character.length == 0 ? 1 : character.length;
  }
  return out;
}

std::string escaped(std::string_view text) {
  constexpr std::size_t limit = 80;
  std::string out;
  for (const char c : text) {
    const std::string shown = c >= 0x20 && c < 0x7f ? std::string(1, c) : hexadecimal("\\x", static_cast<unsigned char>(c), 2);
    if (out.size() + shown.size() > limit) return out + "...";
    out += shown;
  }
  return out;
}

std::string quote(std::string_view text) {
  constexpr std::size_t limit = 80;
  std::string out = "'";
  for (std::size_t i = 0; i < text.size();) {
    const std::size_t length = std::max<std::size_t>(1, character_at(text, i).length);
    const std::string shown = text[i] == '\n' ? "\\n" : printable(text.substr(i, length));
    if (out.size() + shown.size() > limit) return out + "...'";
    out += shown;
    i += length;
  }
  return out + "'";
}

std::string joined(std::span<const std::string> words, std::string_view separator) {
  std::string out;
  for (const std::string& word : words) out.append(out.empty() ? "" : separator).append(word);
  return out;
}

}  // namespace qs
