// A sector's states cut into high and low modes: state = high << low_modes | low. For a fixed high part the low parts form one contiguous run of
// indices (states are ordered as integers), and which low parts may follow depends only on a small class of the high part: the bits it leaves to
// them.
#pragma once

#include <cstdint>
#include <vector>

#include "hamiltonians/sector.h"

namespace qs {

class SplitBasis {
 public:
  // About half of the modes are low, fewer if there were more than 8192 low parts, whose tables must stay in the L2 cache. Requires enumerable().
  explicit SplitBasis(const Sector& sector);

  int low_modes() const { return low_modes_; }
  Word low_mask() const { return (Word{1} << low_modes_) - 1; }
  std::int64_t highs() const { return static_cast<std::int64_t>(high_.size()); }
  Word high(std::int64_t h) const { return high_[h]; }
  int classes() const { return static_cast<int>(low_.size()); }
  int class_of(std::int64_t h) const { return class_[h]; }
  // Low parts of a class, increasing.
  const std::vector<Word>& low(int c) const { return low_[c]; }
  // Index in the sector of the first state with this high part; offset(highs()) = dimension.
  std::int64_t offset(std::int64_t h) const { return offset_[h]; }
  std::int64_t dimension() const { return offset_.back(); }

  // Position of a high part, -1 if no state has it.
  std::int64_t find_high(Word high) const;
  // Position of a low part within its class, and the class (-1 if none).
  std::int32_t low_rank(Word low) const { return low_rank_[low]; }
  int low_class(Word low) const { return low_class_[low]; }

 private:
  int low_modes_ = 0;
  std::vector<Word> high_;
  std::vector<int> class_;
  std::vector<std::int64_t> offset_;
  std::vector<std::vector<Word>> low_;
  std::vector<std::int32_t> low_rank_, low_class_;  // [2^low_modes]
  std::vector<std::int32_t> high_rank_;             // [2^high modes], empty if that is too large: then by bisection
};

}  // namespace qs
