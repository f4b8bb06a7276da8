#include "engine/cli/def_rows.h"

#include <fmt/format.h>

#include <cmath>
#include <cstdint>
#include <cstdlib>
#include <iterator>
#include <sstream>

#include "engine/base/error.h"
#include "engine/base/text.h"
#include "engine/files/files.h"

namespace qs {
namespace {

constexpr int head_lines = 5;

std::vector<double> numbers_of(const std::string& line, const std::string& place) {
  std::istringstream words(line);
  std::vector<double> numbers;
  for (std::string word; words >> word;) {
    char* end = nullptr;
    numbers.push_back(std::strtod(word.c_str(), &end));
    if (*end != 0 || !std::isfinite(numbers.back())) throw InputError(fmt::format("{}: error: {} is not a finite number", place, quote(word)));
  }
  return numbers;
}

}  // namespace

int DefRow::index(std::size_t column, int limit, const char* what) const {
  const double value = numbers_[column];
  if (value != std::floor(value) || value < 0 || value >= limit) refuse(fmt::format("{:g} is no {} (0 to {})", value, what, limit - 1));
  return static_cast<int>(value);
}

void DefRow::refuse(const std::string& why) const { throw InputError(place_ + ": error: " + why); }

std::vector<DefRow> read_def(const std::string& file, std::size_t columns, DefCount count) {
  std::istringstream stream(read_model_file(file));
  std::vector<DefRow> rows;
  std::string line, word;
  std::int64_t announced = 0;
  int number = 1;
  for (; std::getline(stream, line); ++number) {
    const std::string place = fmt::format("{}:{}", file, number);
    if (number == 2 && (!(std::istringstream(line) >> word >> announced) || announced < 0))
      throw InputError(place + ": error: the second line of the head is a word and the number of rows, e.g. 'NTransfer 24'");
    if (number <= head_lines || line.find_first_not_of(" \t\r") == std::string::npos) continue;
    std::vector<double> numbers = numbers_of(line, place);
    if (numbers.size() != columns) throw InputError(fmt::format("{}: error: {} numbers in a row, not {}", place, numbers.size(), columns));
    rows.emplace_back(place, std::move(numbers));
  }
  if (number <= head_lines) throw InputError(file + ": error: the file ends within its head, which has five lines");
  if (count == DefCount::rows && std::ssize(rows) != announced)
    throw InputError(
        fmt::format("{}:2: error: the head announces {} rows, but {} follow; the file is cut or was edited", file, announced, rows.size()));
  return rows;
}

std::string read_model_file(const std::string& file) { return read_text(file, 1u << 24); }

}  // namespace qs
