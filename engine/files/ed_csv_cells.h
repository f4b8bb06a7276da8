// Inside engine/files only: cells of one CSV line, and the literals Q-stage files consist of. Every error names line and column.
#pragma once

#include <complex>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace qs {

struct Cell {
  std::string_view text;
  std::size_t column = 1;  // of its first byte, from 1
};

class CsvLine {
 public:
  CsvLine(const std::string& file, std::size_t line, std::string_view text) : file_(file), line_(line), text_(text) {}

  bool at_end() const { return done_; }
  Cell next();  // requires !at_end()
  std::size_t cell_count() const;
  std::size_t end_column() const { return text_.size() + 1; }

  // FileError "file:line:column: error: <problem>".
  [[noreturn]] void fail(std::size_t column, const std::string& problem) const;
  double number(Cell cell, const std::string& what) const;  // finite
  std::complex<double> complex_number(Cell cell) const;     // "(a+bj)" or "bj", as Python prints them; finite
  std::uint64_t mask(Cell cell) const;                      // decimal, no sign
  std::vector<double> bracketed_numbers(Cell cell) const;   // "[e0 e1 e2 e3]", as numpy prints them

 private:
  // Parses one number at `at` of the cell and moves `at` behind it.
  double number_at(Cell cell, std::size_t& at, const std::string& what) const;

  std::string file_;
  std::size_t line_;
  std::string_view text_;
  std::size_t position_ = 0;
  bool done_ = false;
};

}  // namespace qs
