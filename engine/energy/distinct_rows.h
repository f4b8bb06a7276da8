// Configurations numbered as they come, equal ones once.
#pragma once

#include <algorithm>
#include <cstdint>
#include <vector>

#include "hamiltonians/configuration.h"

namespace qs {

class DistinctRows {
 public:
  explicit DistinctRows(int modes) : rows_(modes, 0), slots_(smallest, empty) {}

  // The number of an equal configuration of the same problem, or the next one.
  std::int32_t number(const Word* row, std::int32_t problem) {
    if (2 * (rows_.rows() + 1) > static_cast<std::int64_t>(slots_.size())) grow();
    std::int32_t& slot = slots_[slot_of(row, problem)];
    if (slot == empty) {
      slot = static_cast<std::int32_t>(rows_.rows());
      rows_.push_back(row, problem);
    }
    return slot;
  }
  const ConfigurationBatch& rows() const { return rows_; }
  void clear() {
    rows_.resize(0);
    std::fill(slots_.begin(), slots_.end(), empty);
  }

 private:
  static constexpr std::int32_t empty = -1;
  static constexpr std::size_t smallest = 1024;  // a power of two, as all sizes

  // Where the configuration stands, or would stand: linear probing from its hash.
  std::size_t slot_of(const Word* row, std::int32_t problem) const {
    Word hash = static_cast<Word>(problem);
    for (int w = 0; w < rows_.words; ++w) {  // splitmix64
      hash += row[w] + 0x9e3779b97f4a7c15;
      hash = (hash ^ (hash >> 30)) * 0xbf58476d1ce4e5b9;
      hash = (hash ^ (hash >> 27)) * 0x94d049bb133111eb;
      hash ^= hash >> 31;
    }
    std::size_t slot = hash & (slots_.size() - 1);
    while (slots_[slot] != empty && !equal(slots_[slot], row, problem)) slot = (slot + 1) & (slots_.size() - 1);
    return slot;
  }
  bool equal(std::int32_t number, const Word* row, std::int32_t problem) const {
    return rows_.problem[number] == problem && std::equal(row, row + rows_.words, rows_.row(number));
  }
  void grow() {
    slots_.assign(2 * slots_.size(), empty);
    for (std::int64_t i = 0; i < rows_.rows(); ++i) slots_[slot_of(rows_.row(i), rows_.problem[i])] = static_cast<std::int32_t>(i);
  }

  ConfigurationBatch rows_;
  std::vector<std::int32_t> slots_;
};

}  // namespace qs
