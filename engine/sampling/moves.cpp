#include "engine/sampling/moves.h"

#include <fmt/format.h>

#include <cmath>

#include "engine/base/error.h"

namespace qs {

void Move::add_pairs(const std::vector<std::pair<int, int>>& pairs, const Sector& sector) {
  const int words = words_for(modes_);
  partners_.assign(static_cast<std::size_t>(modes_) * words, 0);
  for (const Sector::Block& block : sector.blocks()) {  // pairs join modes of the same block
    for (auto [i, j] : pairs) {
      flip_bit(partners_.data() + static_cast<std::size_t>(block.first_mode + i) * words, block.first_mode + j);
      flip_bit(partners_.data() + static_cast<std::size_t>(block.first_mode + j) * words, block.first_mode + i);
    }
  }
  const std::size_t most = pairs.size() * sector.blocks().size();
  for (std::size_t n = 0; n <= most; ++n) log_count_.push_back(std::log(static_cast<double>(n)));
}

std::vector<std::pair<int, int>> pairs_within(const Lattice& lattice, const std::vector<int>& shells, int d_max) {
  const std::vector<int> distance = lattice.graph_distance(shells);
  const int sites = lattice.sites();
  std::vector<std::pair<int, int>> pairs;
  for (int i = 0; i < sites; ++i) {
    for (int j = i + 1; j < sites; ++j) {
      const int hops = distance[static_cast<std::size_t>(i) * sites + j];
      if (hops >= 1 && hops <= d_max) pairs.emplace_back(i, j);
    }
  }
  return pairs;
}

Move make_move(const MoveOptions& options, const Lattice& lattice, const Sector& sector) {
  if (options.kind == MoveKind::flip) {
    for (const Sector::Block& block : sector.blocks()) {
      if (block.set_bits < 0) continue;
      throw InputError(fmt::format("move 'flip' changes the number that the sector conserves ({}); use 'exchange' for spins or 'hop' for fermions",
                                   sector.describe()));
    }
    return {"flip", kernels::MoveRule::flip, sector.modes()};
  }
  const bool exchange = options.kind == MoveKind::exchange;
  if (exchange && sector.options().kind == SectorKind::spinful_fermions) {
    throw InputError("move 'exchange' swaps two sites and knows one bit per site (spinful fermions have two); use 'hop'");
  }
  if (!exchange && !sector.fermionic()) throw InputError("move 'hop' moves fermions (the system has spins); use 'exchange' or 'flip'");

  Move move(exchange ? "exchange" : "hop", kernels::MoveRule::swap, sector.modes());
  const std::vector<std::pair<int, int>> pairs = pairs_within(lattice, options.shells, options.d_max);
  if (pairs.empty()) {
    throw InputError(fmt::format("move '{}' finds no pair of sites (no bond in the given shells on {}, or d_max {} < 1); add a shell or raise d_max",
                                 move.name(), lattice.describe(), options.d_max));
  }
  move.add_pairs(pairs, sector);
  return move;
}

}  // namespace qs
