#include "engine/sampling/move_mixture.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <set>

#include "engine/base/error.h"

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

bool has_one_state(const Sector& sector) {
  return std::all_of(sector.blocks().begin(), sector.blocks().end(),
                     [](const Sector::Block& block) { return block.set_bits == 0 || block.set_bits == block.modes; });
}

bool same_sector(const Sector& a, const Sector& b) {
  const SectorOptions &x = a.options(), &y = b.options();
  return x.kind == y.kind && x.sites == y.sites && x.up == y.up && x.down == y.down;
}

}  // namespace

MoveMixture::MoveMixture(const std::vector<MoveOptions>& options, const Lattice& lattice, const Sector& sector) : frozen_(has_one_state(sector)) {
  if (options.empty()) throw InputError("the sampler has no move (chains would never change); give at least one");
  double total = 0;
  for (const MoveOptions& option : options) {
    if (!(option.weight > 0) || !std::isfinite(option.weight)) {
      throw InputError(fmt::format("a move has weight {} (weights are relative probabilities); give a positive number", option.weight));
    }
    moves_.push_back(make_move(option, lattice, sector));
    total += option.weight;
    edges_.push_back(total);
  }
  for (double& edge : edges_) edge /= total;
  require_reach(options, lattice, sector);
}

std::vector<std::string> MoveMixture::names() const {
  std::vector<std::string> names;
  for (const auto& move : moves_) names.push_back(move.name());
  return names;
}

std::vector<std::shared_ptr<const MoveMixture>> mixtures_of(const std::vector<MoveOptions>& options, const Problems& problems) {
  std::vector<std::shared_ptr<const MoveMixture>> moves;
  for (int g = 0; g < problems.size(); ++g) {
    const Sector& sector = problems[g].sector;
    const Lattice& lattice = problems.family_of(g).lattice;
    const bool repeated = g > 0 && &lattice == &problems.family_of(g - 1).lattice && same_sector(sector, problems[g - 1].sector);
    moves.push_back(repeated ? moves.back() : std::make_shared<const MoveMixture>(options, lattice, sector));
  }
  return moves;
}

namespace {

struct FlatMixtures {
  std::vector<Word> partners;
  std::vector<double> log_count;           // the longest: it holds all others
  std::vector<kernels::MoveTable> tables;  // [problems][moves]
  std::vector<std::size_t> first;          // [problems][moves]: of the partners
};

FlatMixtures flatten(const std::vector<std::shared_ptr<const MoveMixture>>& mixtures) {
  FlatMixtures flat;
  for (std::size_t g = 0; g < mixtures.size(); ++g) {
    const MoveMixture& mixture = *mixtures[g];
    const bool repeated = g > 0 && mixtures[g] == mixtures[g - 1];
    for (int k = 0; k < mixture.size(); ++k) {
      const Move& move = mixture.move(k);
      flat.first.push_back(repeated ? flat.first[flat.first.size() - mixture.size()] : flat.partners.size());
      flat.tables.push_back(move.table());
      if (!repeated) flat.partners.insert(flat.partners.end(), move.partners().begin(), move.partners().end());
      if (move.log_count().size() > flat.log_count.size()) flat.log_count = move.log_count();
    }
  }
  return flat;
}

}  // namespace

DeviceMixtures::DeviceMixtures(Device device, const std::vector<std::shared_ptr<const MoveMixture>>& mixtures)
    : edges_(buffer_of(device, mixtures.front()->edges())) {
  FlatMixtures flat = flatten(mixtures);
  partners_ = buffer_of(device, flat.partners);
  log_count_ = buffer_of(device, flat.log_count);
  for (std::size_t t = 0; t < flat.tables.size(); ++t) {
    if (flat.tables[t].rule == kernels::MoveRule::flip) continue;
    flat.tables[t].partners = partners_.data() + flat.first[t];
    flat.tables[t].log_count = log_count_.data();
  }
  tables_ = buffer_of(device, flat.tables);
}

std::size_t DeviceMixtures::bytes(const std::vector<std::shared_ptr<const MoveMixture>>& mixtures) {
  const FlatMixtures flat = flatten(mixtures);
  return flat.partners.size() * sizeof(Word) + (flat.log_count.size() + mixtures.front()->edges().size()) * sizeof(double) +
         flat.tables.size() * sizeof(kernels::MoveTable);
}

}  // namespace qs
