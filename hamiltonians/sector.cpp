#include "hamiltonians/sector.h"

#include <fmt/format.h>

#include <array>
#include <cmath>

#include "engine/base/error.h"

namespace qs {

namespace {

constexpr int kMaxModes = 64;  // one word; signed 64-bit binomials are exact to 66
constexpr std::int64_t kMaxDimension = std::int64_t{1} << 40;
constexpr int kMaxTableModes = 40;  // two tables of at most 2^20 entries

using BinomialTable = std::array<std::array<std::int64_t, kMaxModes + 2>, kMaxModes + 1>;

constexpr BinomialTable make_binomials() {
  BinomialTable table{};
  for (int n = 0; n <= kMaxModes; ++n) {
    table[n][0] = 1;
    for (int k = 1; k <= n; ++k) table[n][k] = table[n - 1][k - 1] + (k < n ? table[n - 1][k] : 0);
  }
  return table;
}

constexpr BinomialTable kBinomial = make_binomials();

std::int64_t binomial(int n, int k) { return k < 0 || k > n ? 0 : kBinomial[n][k]; }

double log_binomial(int n, int k) { return std::lgamma(n + 1.0) - std::lgamma(k + 1.0) - std::lgamma(n - k + 1.0); }

void check_fermions(const char* key, int count, int sites, const char* limit) {
  if (count < 0) throw InputError(fmt::format("{} is missing or negative (fermion numbers are conserved): give the number of particles", key));
  if (count > sites) throw InputError(fmt::format("{} {} exceeds {} sites ({})", key, count, sites, limit));
}

void check_options(const SectorOptions& options) {
  if (options.sites < 1) throw InputError(fmt::format("system.lattice has {} sites (a sector needs at least one)", options.sites));
  switch (options.kind) {
    case SectorKind::spin_half:
      if (options.up > options.sites) {
        throw InputError(fmt::format("system.sector.total_sz asks for {} up spins on {} sites (|total_sz| is at most {}/2)", options.up,
                                     options.sites, options.sites));
      }
      if (options.up < -1) {
        throw InputError(fmt::format("system.sector.total_sz asks for {} up spins (|total_sz| is at most {}/2)", options.up, options.sites));
      }
      if (options.down != -1) throw InputError("system.sector.down belongs to spinful_fermions (spins are fixed by total_sz): remove it");
      break;
    case SectorKind::spinless_fermions:
      check_fermions("system.sector.particles", options.up, options.sites, "one fermion per site at most");
      if (options.down != -1) throw InputError("system.sector.down belongs to spinful_fermions (these fermions have no spin): remove it");
      break;
    case SectorKind::spinful_fermions:
      check_fermions("system.sector.up", options.up, options.sites, "one fermion per site and spin at most");
      check_fermions("system.sector.down", options.down, options.sites, "one fermion per site and spin at most");
      break;
  }
}

int count_bits(const Word* row, int first, int count) {
  int total = 0;
  for (int mode = first; mode < first + count;) {
    const int offset = mode & 63;
    const int take = std::min(64 - offset, first + count - mode);
    total += std::popcount((row[mode >> 6] >> offset) & low_bits(take));
    mode += take;
  }
  return total;
}

}  // namespace

Sector::Sector(SectorOptions options) : options_(options) {
  check_options(options_);
  const int n = options_.sites;
  blocks_.push_back({0, n, options_.kind == SectorKind::spinful_fermions ? options_.down : options_.up});
  if (options_.kind == SectorKind::spinful_fermions) blocks_.push_back({n, n, options_.up});

  if (!why_not_enumerable().empty()) return;
  auto tables = std::make_shared<Tables>();
  for (const Block& block : blocks_) {
    tables->blocks.push_back(make_table(block, tables->dimension));
    tables->dimension *= tables->blocks.back().dimension;
  }
  tables_ = std::move(tables);
}

// Words with k set bits in increasing order: sorted by the high half first, then by the low half, which holds the other k - popcount(high) bits.
Sector::BlockTable Sector::make_table(const Block& block, std::int64_t stride) {
  BlockTable table;
  table.first_mode = block.first_mode;
  table.mask = low_bits(block.modes);
  table.stride = stride;
  const bool free = block.set_bits < 0;
  table.dimension = free ? std::int64_t{1} << block.modes : binomial(block.modes, block.set_bits);
  if (block.modes > kMaxTableModes) return table;

  table.low_modes = block.modes / 2;
  table.low_mask = (Word{1} << table.low_modes) - 1;
  table.low.resize(std::size_t{1} << table.low_modes);
  table.high.resize(std::size_t{1} << (block.modes - table.low_modes));
  std::vector<std::int32_t> seen(table.low_modes + 1, 0);
  for (std::size_t low = 0; low < table.low.size(); ++low) table.low[low] = free ? static_cast<std::int32_t>(low) : seen[std::popcount(low)]++;
  std::int64_t offset = 0;
  for (std::size_t high = 0; high < table.high.size(); ++high) {
    table.high[high] = offset;
    offset += free ? std::int64_t{1} << table.low_modes : binomial(table.low_modes, block.set_bits - std::popcount(high));
  }
  return table;
}

// The rank of the word with set bits p_1 < ... < p_k among words with k set bits is sum_j C(p_j, j) (combinatorial number system).
std::int64_t Sector::rank_by_binomials(Word bits) {
  std::int64_t rank = 0;
  for (int j = 1; bits != 0; ++j, bits &= bits - 1) rank += binomial(std::countr_zero(bits), j);
  return rank;
}

double Sector::particles() const {
  switch (options_.kind) {
    case SectorKind::spin_half:
      return options_.up < 0 ? 0.5 * options_.sites : options_.up;
    case SectorKind::spinless_fermions:
      return options_.up;
    case SectorKind::spinful_fermions:
      return options_.up + options_.down;
  }
  return 0;
}

double Sector::degrees_of_freedom() const { return fermionic() ? particles() : options_.sites; }

double Sector::log_dimension() const {
  double total = 0;
  for (const Block& block : blocks_) total += block.set_bits < 0 ? block.modes * std::log(2.0) : log_binomial(block.modes, block.set_bits);
  return total;
}

std::string Sector::why_not_enumerable() const {
  if (modes() > kMaxModes) return fmt::format("it has {} modes, and states are numbered up to {} modes (one machine word)", modes(), kMaxModes);
  // The bound is taken from the logarithm, so no intermediate overflows.
  if (log_dimension() > std::log(static_cast<double>(kMaxDimension)) - 1e-9)
    return fmt::format("it has about {:.1e} states, and at most 2^40 are numbered", std::exp(log_dimension()));
  return {};
}

std::int64_t Sector::dimension() const {
  QS_ASSERT(enumerable());
  return tables_->dimension;
}

Word Sector::state(std::int64_t index) const {
  QS_ASSERT(enumerable() && index >= 0 && index < tables_->dimension);
  Word state = 0;
  for (std::size_t b = 0; b < blocks_.size(); ++b) {
    const BlockTable& table = tables_->blocks[b];
    std::int64_t rank = index / table.stride % table.dimension;
    Word bits = blocks_[b].set_bits < 0 ? static_cast<Word>(rank) : 0;
    for (int mode = blocks_[b].modes - 1, left = blocks_[b].set_bits; left > 0; --mode) {
      const std::int64_t without = binomial(mode, left);  // words that leave this mode empty come first
      if (rank < without) continue;
      rank -= without;
      bits |= Word{1} << mode;
      --left;
    }
    state |= bits << table.first_mode;
  }
  return state;
}

bool Sector::contains(const Word* row) const {
  for (const Block& block : blocks_) {
    if (block.set_bits >= 0 && count_bits(row, block.first_mode, block.modes) != block.set_bits) return false;
  }
  const int padding = 64 * words_for(modes()) - modes();
  return count_bits(row, modes(), padding) == 0;
}

std::string Sector::describe() const {
  switch (options_.kind) {
    case SectorKind::spin_half:
      if (options_.up < 0) return fmt::format("{} spins 1/2, Sz free", options_.sites);
      return fmt::format("{} spins 1/2, {} up (2 Sz = {})", options_.sites, options_.up, 2 * options_.up - options_.sites);
    case SectorKind::spinless_fermions:
      return fmt::format("{} spinless fermions on {} sites", options_.up, options_.sites);
    case SectorKind::spinful_fermions:
      return fmt::format("{} up and {} down fermions on {} sites", options_.up, options_.down, options_.sites);
  }
  return {};
}

}  // namespace qs
