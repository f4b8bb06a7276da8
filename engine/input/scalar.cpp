#include "engine/input/scalar.h"

#include <fmt/format.h>

#include <charconv>
#include <cmath>
#include <optional>
#include <regex>

namespace qs::input {
namespace {

bool digits(const std::string& text) { return !text.empty() && text.find_first_not_of("0123456789") == std::string::npos; }

// Sign and digits; a leading zero would be octal for YAML 1.1 readers.
bool decimal_integer(const std::string& text) {
  const std::string body = text.substr(text.rfind('-', 0) == 0 ? 1 : 0);
  return digits(body) && (body.size() == 1 || body[0] != '0');
}

// [sign] digits [. digits] [e [sign] digits], at least one digit before the exponent, no superfluous zero in front.
bool decimal_number(const std::string& text) {
  std::size_t i = 0;
  const auto run = [&] {
    const std::size_t start = i;
    while (i < text.size() && text[i] >= '0' && text[i] <= '9') ++i;
    return i - start;
  };
  if (i < text.size() && (text[i] == '-' || text[i] == '+')) ++i;
  const std::size_t first = i;
  std::size_t mantissa = run();
  if (mantissa > 1 && text[first] == '0') return false;
  if (i < text.size() && text[i] == '.') {
    ++i;
    mantissa += run();
  }
  if (mantissa == 0) return false;
  if (i < text.size() && (text[i] == 'e' || text[i] == 'E')) {
    ++i;
    if (i < text.size() && (text[i] == '-' || text[i] == '+')) ++i;
    if (run() == 0) return false;
  }
  return i == text.size();
}

std::optional<double> to_double(const std::string& text) {
  if (!decimal_number(text)) return std::nullopt;
  double value = 0;
  const char* begin = text.data() + (text[0] == '+' ? 1 : 0);
  const auto [end, error] = std::from_chars(begin, text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

// What the user probably meant by a word that is no strict decimal: 1e3, 12.0, 0x10, 010, 1_000.
std::optional<std::int64_t> integer_meant(std::string text) {
  std::erase(text, '_');
  if (const auto value = to_double(text); value && std::abs(*value) < 1e15 && *value == std::floor(*value)) return static_cast<std::int64_t>(*value);
  const bool hex = text.rfind("0x", 0) == 0 || text.rfind("0X", 0) == 0;
  const bool octal = text.rfind("0o", 0) == 0;
  const int base = hex ? 16 : octal ? 8 : 10;
  const std::size_t skip = hex || octal ? 2 : 0;
  std::int64_t value = 0;
  const auto [end, error] = std::from_chars(text.data() + skip, text.data() + text.size(), value, base);
  if (error != std::errc() || end != text.data() + text.size() || text.size() == skip) return std::nullopt;
  return value;
}

std::string hint(const std::string& text) {
  const auto meant = integer_meant(text);
  return meant ? fmt::format(" (write {})", *meant) : "";
}

template <class T>
Scalar<T> failure(std::string problem) {
  return {false, T{}, std::move(problem)};
}

bool inside(double value, const Range& range) {
  const bool low = range.low_open ? value > range.low : value >= range.low;
  const bool high = range.high_open ? value < range.high : value <= range.high;
  return low && high && (range.multiple_of == 0 || std::remainder(value, range.multiple_of) == 0);
}

std::string bound(double value) {
  return value == std::floor(value) && std::abs(value) < 1e19 ? fmt::format("{:.0f}", value) : fmt::format("{}", value);
}

// The longest unit first, each at most once: 11h30min. Sums cannot overflow: at most 6 digits of days, 9 of seconds.
const std::regex& duration_form() {
  static const std::regex form("(?:([0-9]{1,6})d)?(?:([0-9]{1,6})h)?(?:([0-9]{1,6})min)?(?:([0-9]{1,9})s)?");
  return form;
}

}  // namespace

Scalar<std::int64_t> parse_integer(const Raw& raw, const Range& range) {
  if (raw.quoted) return failure<std::int64_t>("is quoted text, not an integer (remove the quotes)");
  if (!decimal_integer(raw.text)) return failure<std::int64_t>("is not an integer" + hint(raw.text));
  std::int64_t value = 0;
  const auto [end, error] = std::from_chars(raw.text.data(), raw.text.data() + raw.text.size(), value);
  if (error != std::errc()) return failure<std::int64_t>("is too large for a 64-bit integer");
  if (!inside(static_cast<double>(value), range)) return failure<std::int64_t>("is out of range (" + describe(range) + ")");
  return {true, value, ""};
}

Scalar<double> parse_number(const Raw& raw, const Range& range) {
  if (raw.quoted) return failure<double>("is quoted text, not a number (remove the quotes)");
  if (!decimal_number(raw.text)) {
    static const std::regex nonfinite("[-+]?\\.?(inf|nan|infinity)", std::regex::icase);
    if (raw.text.size() < 16 && std::regex_match(raw.text, nonfinite)) return failure<double>("is not a finite number");
    return failure<double>("is not a number" + hint(raw.text));
  }
  const auto value = to_double(raw.text);
  if (!value || !std::isfinite(*value)) return failure<double>("is outside the range of float64");
  if (!inside(*value, range)) return failure<double>("is out of range (" + describe(range) + ")");
  return {true, *value, ""};
}

Scalar<bool> parse_flag(const Raw& raw) {
  if (raw.quoted) return failure<bool>("is quoted text, not a flag (write true or false without quotes)");
  if (raw.text == "true" || raw.text == "false") return {true, raw.text == "true", ""};
  static const std::regex yes("true|yes|y|on|1", std::regex::icase), no("false|no|n|off|0", std::regex::icase);
  if (raw.text.size() < 8 && std::regex_match(raw.text, yes)) return failure<bool>("is not a flag (write true)");
  if (raw.text.size() < 8 && std::regex_match(raw.text, no)) return failure<bool>("is not a flag (write false)");
  return failure<bool>("is not a flag (write true or false)");
}

Scalar<std::int64_t> parse_duration(const Raw& raw) {
  std::smatch match;
  if (raw.text.empty() || raw.text.size() > 40 || !std::regex_match(raw.text, match, duration_form())) {
    const bool bare = to_double(raw.text).has_value();
    return failure<std::int64_t>("is not a duration " +
                                 (bare ? fmt::format("(it needs a unit: write {}s)", raw.text) : std::string("(write e.g. 30s, 5min, 11h30min)")));
  }
  std::int64_t seconds = 0;
  const std::int64_t unit[] = {86400, 3600, 60, 1};
  for (int k = 0; k < 4; ++k)
    if (match[k + 1].matched) seconds += unit[k] * std::stoll(match[k + 1].str());
  return {true, seconds, ""};
}

Scalar<std::int64_t> parse_size(const Raw& raw) {
  static const std::regex form("([0-9]{1,9})(B|KiB|MiB|GiB|TiB)");
  std::smatch match;
  if (raw.text.size() > 20 || !std::regex_match(raw.text, match, form)) {
    return failure<std::int64_t>("is not a size (write e.g. 512MiB, 4GiB; units B, KiB, MiB, GiB, TiB)");
  }
  const std::string unit = match[2].str();
  const int shift = unit == "KiB" ? 10 : unit == "MiB" ? 20 : unit == "GiB" ? 30 : unit == "TiB" ? 40 : 0;
  const std::int64_t count = std::stoll(match[1].str());
  if (count > (std::int64_t{1} << (62 - shift))) return failure<std::int64_t>("is too large for a size");
  return {true, count << shift, ""};
}

std::string describe(const Range& range) {
  const bool low = std::isfinite(range.low), high = range.high < 1e9;  // larger bounds only guard arithmetic: not worth a word
  std::string out;
  if (low && high && range.low == range.high)
    out = "must be " + bound(range.low);
  else if (low && high) {
    out = fmt::format("must be between {}{} and {}{}", bound(range.low), range.low_open ? " (excluded)" : "", bound(range.high),
                      range.high_open ? " (excluded)" : "");
  } else if (low) {
    out = fmt::format("must be {} {}", range.low_open ? ">" : ">=", bound(range.low));
  } else if (high) {
    out = fmt::format("must be {} {}", range.high_open ? "<" : "<=", bound(range.high));
  }
  if (range.multiple_of != 0) out += fmt::format("{}a multiple of {}", out.empty() ? "must be " : ", ", range.multiple_of);
  return out;
}

}  // namespace qs::input
