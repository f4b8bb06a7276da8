#include "hamiltonians/bipartition.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "engine/base/error.h"

namespace qs {
namespace {

std::vector<int> checked(std::vector<int> region, int sites) {
  std::sort(region.begin(), region.end());
  for (const int site : region) {
    if (site < 0 || site >= sites) throw InputError(fmt::format("the region has site {}, but sites are 0 to {}; write others", site, sites - 1));
  }
  if (const auto twice = std::adjacent_find(region.begin(), region.end()); twice != region.end())
    throw InputError(fmt::format("the region has site {} twice; write it once", *twice));
  if (region.empty() || static_cast<int>(region.size()) == sites)
    throw InputError(
        fmt::format("the region has {} of {} sites (a part without sites is not entangled); write some of them, not all", region.size(), sites));
  return region;
}

}  // namespace

Bipartition::Bipartition(const Sector& sector, const std::vector<int>& region) : fermionic_(sector.fermionic()), mask_(words_for(sector.modes())) {
  const std::vector<int> sites = checked(region, sector.sites());
  for (int first = 0; first < sector.modes(); first += sector.sites()) {
    for (const int site : sites) flip_bit(mask_.data(), first + site);
  }
  label_ = fmt::format("{}", fmt::join(sites, ","));
}

void Bipartition::swap(Word* n, Word* n_prime) const {
  for (std::size_t w = 0; w < mask_.size(); ++w) {
    const Word differ = (n[w] ^ n_prime[w]) & mask_[w];
    n[w] ^= differ;
    n_prime[w] ^= differ;
  }
}

bool Bipartition::same_a(const Word* n, const Word* n_prime) const {
  Word differ = 0;
  for (std::size_t w = 0; w < mask_.size(); ++w) differ |= (n[w] ^ n_prime[w]) & mask_[w];
  return differ == 0;
}

bool Bipartition::same_b(const Word* n, const Word* n_prime) const {
  Word differ = 0;
  for (std::size_t w = 0; w < mask_.size(); ++w) differ |= (n[w] ^ n_prime[w]) & ~mask_[w];
  return differ == 0;
}

int Bipartition::sign(const Word* row) const {
  if (!fermionic_) return 1;
  bool odd = false, odd_behind = false;  // of the pairs, and of the occupied modes of B before the present one
  for (std::size_t w = 0; w < mask_.size(); ++w) {
    for (Word rest = row[w]; rest != 0; rest &= rest - 1) {
      const bool in_a = (rest & -rest & mask_[w]) != 0;
      if (in_a)
        odd ^= odd_behind;
      else
        odd_behind = !odd_behind;
    }
  }
  return odd ? -1 : 1;
}

}  // namespace qs
