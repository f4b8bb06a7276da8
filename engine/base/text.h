// Text for messages: it may come from a file or a command line and is on its way to a terminal.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

namespace qs {

// One character of UTF-8 text. Bytes that are no UTF-8 (overlong forms and surrogates included) are characters of length 0: the caller decides.
struct Character {
  std::size_t length = 0;
  std::uint32_t code = 0;
};
Character character_at(std::string_view text, std::size_t position);

// Commands a terminal obeys (C0 but line feed and tab, DEL, C1) and marks that change the order or the lines of what is seen: with them a file name
// can erase the line before it or look like another (unicode.org/reports/tr36, "bidirectional text spoofing").
bool is_unprintable(std::uint32_t code);

// The same text with unprintable characters as \x1b or \u202e and bytes that are no UTF-8 as \x9b.
std::string printable(std::string_view text);
// At most 80 bytes of it, what is not printable ASCII as \xNN: names that a file chose.
std::string escaped(std::string_view text);
// printable() in single quotes, at most 80 bytes of it.
std::string quote(std::string_view text);

// "a, b, c"
std::string joined(std::span<const std::string> words, std::string_view separator = ", ");

}  // namespace qs
