#include "engine/files/ed_csv_cells.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cmath>

#include "engine/base/error.h"
#include "engine/base/text.h"

namespace qs {

Cell CsvLine::next() {
  const std::size_t comma = std::min(text_.find(',', position_), text_.size());
  const Cell cell{text_.substr(position_, comma - position_), position_ + 1};
  done_ = comma == text_.size();
  position_ = comma + 1;
  return cell;
}

std::size_t CsvLine::cell_count() const { return static_cast<std::size_t>(std::count(text_.begin(), text_.end(), ',')) + 1; }

void CsvLine::fail(std::size_t column, const std::string& problem) const {
  throw FileError(fmt::format("{}:{}:{}: error: {}", file_, line_, column, problem));
}

double CsvLine::number_at(Cell cell, std::size_t& at, const std::string& what) const {
  const std::string_view rest = cell.text.substr(at);
  const std::size_t plus = !rest.empty() && rest.front() == '+' ? 1 : 0;  // from_chars knows no plus sign
  const char* first = rest.data() + plus;
  double value = 0;
  const auto [end, failure] = std::from_chars(first, rest.data() + rest.size(), value);
  if (failure == std::errc::invalid_argument || (plus == 1 && end > first && *first == '-')) {
    fail(cell.column + at, fmt::format("{} expected at {} (cells hold plain decimal numbers); check the file for damage", what, quote(rest)));
  }
  if (failure == std::errc::result_out_of_range) {
    fail(cell.column + at, fmt::format("{} {} does not fit a 64-bit float (its exponent is too large or too small)", what, quote(rest)));
  }
  if (!std::isfinite(value)) {
    fail(cell.column + at, fmt::format("{} {} is not finite (the diagonalisation that wrote it failed); repeat it", what, quote(rest)));
  }
  at += static_cast<std::size_t>(end - rest.data());
  return value;
}

double CsvLine::number(Cell cell, const std::string& what) const {
  std::size_t at = 0;
  const double value = number_at(cell, at, what);
  if (at != cell.text.size())
    fail(cell.column + at, fmt::format("unexpected {} after {} (a cell holds one number)", quote(cell.text.substr(at)), what));
  return value;
}

std::complex<double> CsvLine::complex_number(Cell cell) const {
  const std::string form = "amplitude";
  std::size_t at = 0;
  const bool parenthesis = !cell.text.empty() && cell.text.front() == '(';
  if (parenthesis) ++at;
  double real = 0;
  double imaginary = number_at(cell, at, form);
  const auto byte_at = [&cell](std::size_t position) { return position < cell.text.size() ? cell.text[position] : '\0'; };
  if (parenthesis && (byte_at(at) == '+' || byte_at(at) == '-')) {
    real = imaginary;
    imaginary = number_at(cell, at, form);
  } else if (parenthesis) {
    fail(cell.column + at, fmt::format("amplitude {} has no imaginary part (amplitudes are written (a+bj))", quote(cell.text)));
  }
  if (byte_at(at) != 'j') fail(cell.column + at, fmt::format("'j' is missing in amplitude {} (amplitudes are written (a+bj))", quote(cell.text)));
  ++at;
  if (parenthesis && byte_at(at) != ')') fail(cell.column + at, fmt::format("')' is missing in amplitude {}", quote(cell.text)));
  at += parenthesis ? 1 : 0;
  if (at != cell.text.size()) fail(cell.column + at, fmt::format("unexpected {} after an amplitude", quote(cell.text.substr(at))));
  return {real, imaginary};
}

std::uint64_t CsvLine::mask(Cell cell) const {
  std::uint64_t value = 0;
  const char* end = cell.text.data() + cell.text.size();
  const auto parsed = std::from_chars(cell.text.data(), end, value);
  if (parsed.ec != std::errc() || parsed.ptr != end) {
    fail(cell.column, fmt::format("bitmask expected, found {} (bitmasks are non-negative decimal integers below 2^64)", quote(cell.text)));
  }
  return value;
}

std::vector<double> CsvLine::bracketed_numbers(Cell cell) const {
  if (cell.text.size() < 2 || cell.text.front() != '[' || cell.text.back() != ']') {
    fail(cell.column, fmt::format("eigenvalues expected as [e0 e1 e2 e3], found {}", quote(cell.text)));
  }
  std::vector<double> values;
  const Cell inside{cell.text.substr(0, cell.text.size() - 1), cell.column};
  std::size_t at = 1;
  while (true) {
    while (at < inside.text.size() && inside.text[at] == ' ') ++at;
    if (at == inside.text.size()) return values;
    values.push_back(number_at(inside, at, "eigenvalue"));
    if (at < inside.text.size() && inside.text[at] != ' ') {
      fail(cell.column + at, fmt::format("unexpected {} after an eigenvalue (they are separated by spaces)", quote(inside.text.substr(at))));
    }
  }
}

}  // namespace qs
