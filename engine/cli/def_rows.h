// The .def files of HPhi and mVMC: five lines of head, of which the second says how many rows of numbers follow.
#pragma once

#include <string>
#include <vector>

namespace qs {

class DefRow {
 public:
  DefRow(std::string place, std::vector<double> numbers) : place_(std::move(place)), numbers_(std::move(numbers)) {}
  double operator[](std::size_t column) const { return numbers_[column]; }
  // An integer from 0 to limit - 1; InputError naming `what` if it is none.
  int index(std::size_t column, int limit, const char* what) const;
  [[noreturn]] void refuse(const std::string& why) const;  // InputError with file and line

 private:
  std::string place_;  // "trans.def:6"
  std::vector<double> numbers_;
};

enum class DefCount { rows, other };  // what the number in the head counts

// InputError with file and line for rows of another length, words that are no numbers, and rows that are missing or too many.
std::vector<DefRow> read_def(const std::string& file, std::size_t columns, DefCount count = DefCount::rows);
// The text of a file of such a model, at most 16 MiB. FileError if it cannot be read.
std::string read_model_file(const std::string& file);

}  // namespace qs
