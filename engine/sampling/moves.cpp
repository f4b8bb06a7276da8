#include "engine/sampling/moves.h"

#include <fmt/format.h>

#include <cmath>

#include "kernels/api/error.h"

namespace qs {
namespace {

// The pair list as one bit mask of partners per mode, so that pairs are counted by popcount. Pairs join modes of the same block.
class PairGraph {
 public:
  PairGraph(const std::vector<std::pair<int, int>>& pairs, const Sector& sector) : modes_(sector.modes()), words_(words_for(modes_)) {
    partners_.assign(static_cast<std::size_t>(modes_) * words_, 0);
    for (const Sector::Block& block : sector.blocks()) {
      for (auto [i, j] : pairs) {
        flip_bit(partners(block.first_mode + i), block.first_mode + j);
        flip_bit(partners(block.first_mode + j), block.first_mode + i);
      }
    }
  }

  // n(sigma): pairs whose ends differ, each counted at its set end.
  int differing(const Word* row) const {
    int count = 0;
    for_each_set(row, [&](int mode) {
      count += unlike_partners(row, mode);
      return true;
    });
    return count;
  }

  // The k-th of them as (set mode, empty mode), k < differing(row).
  std::pair<int, int> differing_pair(const Word* row, int k) const {
    std::pair<int, int> pair{-1, -1};
    for_each_set(row, [&](int mode) {
      const int here = unlike_partners(row, mode);
      if (k >= here) {
        k -= here;
        return true;
      }
      pair = {mode, nth_empty_partner(row, mode, k)};
      return false;
    });
    return pair;
  }

  // n(sigma') - n(sigma) when set mode i and empty mode j swap: only pairs at i and j change (the pair (i,j) itself differs before and after).
  int change(const Word* row, int i, int j) const {
    const int set_at_i = set_partners(row, i), set_at_j = set_partners(row, j);
    // Before: i counts empty partners, j set ones. After: the reverse, with j no longer empty among i's partners and i no longer set among j's.
    const int before = degree(i) - set_at_i + set_at_j;
    const int after = (set_at_i + 1) + degree(j) - (set_at_j - 1);
    return after - before;
  }

 private:
  Word* partners(int mode) { return partners_.data() + static_cast<std::size_t>(mode) * words_; }
  const Word* partners(int mode) const { return partners_.data() + static_cast<std::size_t>(mode) * words_; }

  template <class F>
  void for_each_set(const Word* row, F&& visit) const {
    for (int w = 0; w < words_; ++w) {
      for (Word rest = row[w]; rest != 0; rest &= rest - 1) {
        if (!visit(64 * w + std::countr_zero(rest))) return;
      }
    }
  }
  int degree(int mode) const {
    return count([mask = partners(mode)](int w) { return mask[w]; });
  }
  int set_partners(const Word* row, int mode) const {
    return count([mask = partners(mode), row](int w) { return mask[w] & row[w]; });
  }
  int unlike_partners(const Word* row, int mode) const {
    return count([mask = partners(mode), row](int w) { return mask[w] & ~row[w]; });
  }
  template <class F>
  int count(F&& word) const {
    int sum = 0;
    for (int w = 0; w < words_; ++w) sum += std::popcount(word(w));
    return sum;
  }
  int nth_empty_partner(const Word* row, int mode, int n) const {
    for (int w = 0; w < words_; ++w) {
      Word rest = partners(mode)[w] & ~row[w];
      const int here = std::popcount(rest);
      if (n >= here) {
        n -= here;
        continue;
      }
      for (; n > 0; --n) rest &= rest - 1;
      return 64 * w + std::countr_zero(rest);
    }
    QS_ASSERT(false);
    return -1;
  }

  int modes_, words_;
  std::vector<Word> partners_;  // [modes, words]
};

// Draws one of the n(sigma) listed pairs with unlike ends and swaps it: q(sigma -> sigma') = 1/n(sigma), L = ln n(sigma) - ln n(sigma').
// Conserves the number of set bits of every block.
class PairMove final : public Move {
 public:
  PairMove(std::string name, const std::vector<std::pair<int, int>>& pairs, const Sector& sector) : name_(std::move(name)), graph_(pairs, sector) {}

  std::string name() const override { return name_; }
  int proposals(const Word* row) const override { return graph_.differing(row); }

  Proposal propose(const Word* row, const RandomWords& random) const override {
    Proposal proposal{};
    const int n = graph_.differing(row);
    if (n == 0) return proposal;
    const auto [set, empty] = graph_.differing_pair(row, static_cast<int>(uniform_below(n, random.word[0], random.word[1])));
    proposal.modes[0] = set;
    proposal.modes[1] = empty;
    proposal.count = 2;
    const int change = graph_.change(row, set, empty);
    if (change != 0) proposal.log_ratio = std::log(static_cast<double>(n)) - std::log(static_cast<double>(n + change));
    return proposal;
  }

 private:
  std::string name_;
  PairGraph graph_;
};

// Flips one site, drawn uniformly: L = 0.
class FlipMove final : public Move {
 public:
  explicit FlipMove(int modes) : modes_(modes) {}
  std::string name() const override { return "flip"; }
  int proposals(const Word*) const override { return modes_; }
  Proposal propose(const Word*, const RandomWords& random) const override {
    Proposal proposal{};
    proposal.modes[0] = static_cast<int>(uniform_below(modes_, random.word[0], random.word[1]));
    proposal.count = 1;
    return proposal;
  }

 private:
  int modes_;
};

std::unique_ptr<Move> make_pair_move(const std::string& name, const MoveOptions& options, const Lattice& lattice, const Sector& sector) {
  const std::vector<std::pair<int, int>> pairs = pairs_within(lattice, options.shells, options.d_max);
  if (pairs.empty()) {
    throw InputError(fmt::format("move '{}' finds no pair of sites (no bond in the given shells on {}, or d_max {} < 1); add a shell or raise d_max",
                                 name, lattice.describe(), options.d_max));
  }
  return std::make_unique<PairMove>(name, pairs, sector);
}

}  // namespace

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

std::unique_ptr<Move> make_move(const MoveOptions& options, const Lattice& lattice, const Sector& sector) {
  switch (options.kind) {
    case MoveKind::exchange:
      if (sector.options().kind == SectorKind::spinful_fermions) {
        throw InputError("move 'exchange' swaps two sites and knows one bit per site (spinful fermions have two); use 'hop'");
      }
      return make_pair_move("exchange", options, lattice, sector);
    case MoveKind::hop:
      if (!sector.fermionic()) throw InputError("move 'hop' moves fermions (the system has spins); use 'exchange' or 'flip'");
      return make_pair_move("hop", options, lattice, sector);
    case MoveKind::flip:
      for (const Sector::Block& block : sector.blocks()) {
        if (block.set_bits < 0) continue;
        throw InputError(fmt::format("move 'flip' changes the number that the sector conserves ({}); use 'exchange' for spins or 'hop' for fermions",
                                     sector.describe()));
      }
      return std::make_unique<FlipMove>(sector.modes());
  }
  QS_ASSERT(false);
  return nullptr;
}

}  // namespace qs
