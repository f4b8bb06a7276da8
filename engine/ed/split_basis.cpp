#include "engine/ed/split_basis.h"

#include <algorithm>
#include <bit>

#include "engine/base/error.h"

namespace qs {
namespace {

constexpr double most_low_parts = 8192;
constexpr int most_table_modes = 20;  // 4 MiB per table

// Part of a sector block: `modes` bits from `first`, between `least` and `most` of them set.
struct Segment {
  int first, modes, least, most;
};

std::vector<Segment> segments(const Sector& sector, int begin, int end) {
  std::vector<Segment> parts;
  for (const Sector::Block& block : sector.blocks()) {
    const int first = std::max(begin, block.first_mode), last = std::min(end, block.first_mode + block.modes);
    if (first >= last) continue;
    const int modes = last - first, elsewhere = block.modes - modes;
    if (block.set_bits < 0)
      parts.push_back({first - begin, modes, 0, modes});
    else
      parts.push_back({first - begin, modes, std::max(0, block.set_bits - elsewhere), std::min(modes, block.set_bits)});
  }
  std::sort(parts.begin(), parts.end(), [](const Segment& a, const Segment& b) { return a.first > b.first; });
  return parts;
}

double count(const std::vector<Segment>& parts) {
  double product = 1;
  for (const Segment& part : parts) {
    double sum = 0, binomial = 1;
    for (int k = 0; k <= part.most; ++k) {
      if (k >= part.least) sum += binomial;
      binomial = binomial * (part.modes - k) / (k + 1);
    }
    product *= sum;
  }
  return product;
}

// All words of `modes` bits with least..most set bits after the prefix, increasing.
void grow(Word prefix, int modes, int least, int most, int shift, std::vector<Word>& out) {
  if (most < 0 || least > modes) return;
  if (modes == 0) {
    out.push_back(prefix);
    return;
  }
  grow(prefix, modes - 1, least, most, shift, out);
  grow(prefix | Word{1} << (modes - 1 + shift), modes - 1, least - 1, most - 1, shift, out);
}

std::vector<Word> enumerate(const std::vector<Segment>& parts) {  // highest segment first
  std::vector<Word> words{0};
  for (const Segment& part : parts) {
    std::vector<Word> longer;
    for (const Word prefix : words) grow(prefix, part.modes, part.least, part.most, part.first, longer);
    words = std::move(longer);
  }
  return words;
}

}  // namespace

SplitBasis::SplitBasis(const Sector& sector) {
  QS_ASSERT(sector.enumerable());
  const int modes = sector.modes();
  low_modes_ = std::min(modes / 2, most_table_modes);
  while (count(segments(sector, 0, low_modes_)) > most_low_parts) --low_modes_;

  // The class of a part: the set bits that the block which is cut leaves to the low modes. Other blocks do not care.
  Word cut = 0;
  int cut_bits = 0;
  for (const Sector::Block& block : sector.blocks()) {
    if (block.set_bits < 0 || block.first_mode >= low_modes_ || block.first_mode + block.modes <= low_modes_) continue;
    cut = low_bits(block.modes) << block.first_mode;
    cut_bits = block.set_bits;
  }
  const std::vector<Word> lows = enumerate(segments(sector, 0, low_modes_));
  low_rank_.assign(std::size_t{1} << low_modes_, -1);
  low_class_.assign(std::size_t{1} << low_modes_, -1);
  for (const Word low : lows) {
    const int c = std::popcount(low & cut);
    if (c >= classes()) low_.resize(c + 1);
    low_class_[low] = c;
    low_rank_[low] = static_cast<std::int32_t>(low_[c].size());
    low_[c].push_back(low);
  }

  high_ = enumerate(segments(sector, low_modes_, modes));
  const int high_modes = modes - low_modes_;
  if (high_modes <= most_table_modes) high_rank_.assign(std::size_t{1} << high_modes, -1);
  offset_.push_back(0);
  for (std::int64_t h = 0; h < highs(); ++h) {
    const int c = cut ? cut_bits - std::popcount(high_[h] & (cut >> low_modes_)) : 0;
    class_.push_back(c);
    offset_.push_back(offset_.back() + static_cast<std::int64_t>(low_[c].size()));
    if (!high_rank_.empty()) high_rank_[high_[h]] = static_cast<std::int32_t>(h);
  }
  QS_ASSERT(dimension() == sector.dimension());
}

std::int64_t SplitBasis::find_high(Word high) const {
  if (!high_rank_.empty()) return high_rank_[high];
  const auto found = std::lower_bound(high_.begin(), high_.end(), high);
  return found != high_.end() && *found == high ? found - high_.begin() : -1;
}

}  // namespace qs
