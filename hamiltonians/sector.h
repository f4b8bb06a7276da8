// A sector of conserved numbers and its one encoding state <-> index. Blocks are disjoint runs of modes, each with a fixed number
// of set bits (or unconstrained). Index order = increasing packed integer.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "hamiltonians/configuration.h"

namespace qs {

enum class SectorKind { spin_half, spinless_fermions, spinful_fermions };

struct SectorOptions {
  SectorKind kind = SectorKind::spin_half;
  int sites = 0;
  // spin_half: set bits fixed iff up >= 0 (2 Sz = 2 up - N); spinless: particles; spinful: up and down.
  int up = -1;    // spins up, particles (spinless), spin-up particles (spinful); -1 = not conserved (spin_half only)
  int down = -1;  // spinful only
};

class Sector {
 public:
  explicit Sector(SectorOptions options);  // InputError on contradiction (13 particles on 12 sites, ...)

  const SectorOptions& options() const { return options_; }
  int sites() const { return options_.sites; }
  int modes() const { return options_.kind == SectorKind::spinful_fermions ? 2 * options_.sites : options_.sites; }
  bool fermionic() const { return options_.kind != SectorKind::spin_half; }
  double particles() const;           // N of the couplings; spins: number of up spins (N/2 if free)
  double degrees_of_freedom() const;  // N_dof of the V-score: sites, n_p, n_up + n_down

  struct Block {
    int first_mode, modes, set_bits;
  };  // set_bits = -1: free
  const std::vector<Block>& blocks() const { return blocks_; }

  double log_dimension() const;                           // natural log, any size
  bool enumerable() const { return tables_ != nullptr; }  // modes <= 64 and dimension < 2^40
  std::string why_not_enumerable() const;                 // "it has 126 modes, and ..."; "" if it is
  std::int64_t dimension() const;                         // requires enumerable()
  // index() is two table look-ups per block (Lin, Phys. Rev. B 42, 6561 (1990)); state() is O(modes). Both require enumerable().
  std::int64_t index(Word state) const;  // state must lie in the sector
  Word state(std::int64_t index) const;
  bool contains(const Word* row) const;
  std::string describe() const;

 private:
  // Rank of a block's bits among all words with the same number of set bits = high[bits >> low_modes] + low[bits & low_mask].
  // Blocks too long for two tables of 2^20 entries leave them empty and sum binomials instead.
  struct BlockTable {
    int first_mode = 0, low_modes = 0;
    Word mask = 0, low_mask = 0;
    std::int64_t stride = 1, dimension = 1;
    std::vector<std::int64_t> high;
    std::vector<std::int32_t> low;
  };
  struct Tables {
    std::vector<BlockTable> blocks;
    std::int64_t dimension = 1;
  };
  static BlockTable make_table(const Block& block, std::int64_t stride);
  static std::int64_t rank_by_binomials(Word bits);

  SectorOptions options_;
  std::vector<Block> blocks_;
  std::shared_ptr<const Tables> tables_;  // built in the constructor iff enumerable, shared by copies
};

inline std::int64_t Sector::index(Word state) const {
  std::int64_t result = 0;
  for (const BlockTable& table : tables_->blocks) {
    const Word bits = (state >> table.first_mode) & table.mask;
    const std::int64_t rank = table.high.empty() ? rank_by_binomials(bits) : table.high[bits >> table.low_modes] + table.low[bits & table.low_mask];
    result += table.stride * rank;
  }
  return result;
}

}  // namespace qs
