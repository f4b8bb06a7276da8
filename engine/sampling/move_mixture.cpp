#include "engine/sampling/move_mixture.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <set>

#include "kernels/api/error.h"

namespace qs {
namespace {

// Flips reach every state of a free sector. Swaps along a connected graph generate all permutations of its sites, hence reach every state with
// the same numbers; along a graph in two parts they also conserve the number in each part.
void require_reach(const std::vector<MoveOptions>& options, const Lattice& lattice, const Sector& sector) {
  const bool free_block = std::any_of(sector.blocks().begin(), sector.blocks().end(), [](const Sector::Block& block) { return block.set_bits < 0; });
  const bool flips = std::any_of(options.begin(), options.end(), [](const MoveOptions& move) { return move.kind == MoveKind::flip; });
  if (flips) return;
  if (free_block) {
    throw InputError(fmt::format(
        "the moves conserve a number that the sector leaves free ({}), so most states are never reached; add move 'flip' or fix the sector",
        sector.describe()));
  }
  std::set<int> shells;
  for (const MoveOptions& move : options) shells.insert(move.shells.begin(), move.shells.end());
  const std::vector<int> distance = lattice.graph_distance({shells.begin(), shells.end()});
  if (std::any_of(distance.begin(), distance.end(), [](int hops) { return hops < 0; })) {
    throw InputError(
        fmt::format("the moves' shells do not connect all sites ({}), so the number in each part never changes; add shell 1", lattice.describe()));
  }
}

bool same_sector(const Sector& a, const Sector& b) {
  const SectorOptions &x = a.options(), &y = b.options();
  return x.kind == y.kind && x.sites == y.sites && x.up == y.up && x.down == y.down;
}

}  // namespace

MoveMixture::MoveMixture(const std::vector<MoveOptions>& options, const Lattice& lattice, const Sector& sector) {
  if (options.empty()) throw InputError("the sampler has no move (chains would never change); give at least one");
  double total = 0;
  for (const MoveOptions& option : options) {
    if (!(option.weight > 0) || !std::isfinite(option.weight)) {
      throw InputError(fmt::format("a move has weight {} (weights are relative probabilities); give a positive number", option.weight));
    }
    moves_.push_back(make_move(option, lattice, sector));
    total += option.weight;
    cumulative_.push_back(total);
  }
  for (double& edge : cumulative_) edge /= total;
  require_reach(options, lattice, sector);
}

std::vector<std::string> MoveMixture::names() const {
  std::vector<std::string> names;
  for (const auto& move : moves_) names.push_back(move->name());
  return names;
}

int MoveMixture::pick(double uniform) const {
  const auto edge = std::upper_bound(cumulative_.begin(), cumulative_.end() - 1, uniform);
  return static_cast<int>(edge - cumulative_.begin());
}

std::vector<std::shared_ptr<const MoveMixture>> mixtures_of(const std::vector<MoveOptions>& options, const ProblemFamily& family) {
  std::vector<std::shared_ptr<const MoveMixture>> moves;
  for (int g = 0; g < family.size(); ++g) {
    const Sector& sector = family.problems[g].sector;
    const bool repeated = g > 0 && same_sector(sector, family.problems[g - 1].sector);
    moves.push_back(repeated ? moves.back() : std::make_shared<const MoveMixture>(options, family.lattice, sector));
  }
  return moves;
}

}  // namespace qs
