// Metropolis moves of a sector, as the flat tables that kernels/api/moves.h proposes from, on the host and on devices.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "hamiltonians/configuration.h"
#include "hamiltonians/lattice.h"
#include "hamiltonians/sector.h"
#include "kernels/api/moves.h"

namespace qs {

// exchange: one of the n(sigma) listed pairs with unlike ends, uniformly, L = ln n(sigma) - ln n(sigma'). flip: one site, uniformly. hop: exchange
// of occupation numbers, the pair list copied for each spin.
enum class MoveKind { exchange, flip, hop };

struct MoveOptions {
  MoveKind kind = MoveKind::exchange;
  std::vector<int> shells = {1};  // graph on which d_max counts hops
  int d_max = 1;
  double weight = 1;  // probability in a mixture (state independent)
};

class Move {
 public:
  // n(sigma): how many equally likely proposals there are.
  int proposals(const Word* row) const { return kernels::count_proposals(table(), row); }
  // Points into this.
  kernels::MoveTable table() const { return {rule_, modes_, words_for(modes_), partners_.data(), log_count_.data()}; }

  const std::string& name() const { return name_; }
  const std::vector<Word>& partners() const { return partners_; }
  const std::vector<double>& log_count() const { return log_count_; }

 private:
  friend Move make_move(const MoveOptions& options, const Lattice& lattice, const Sector& sector);
  Move(std::string name, kernels::MoveRule rule, int modes) : name_(std::move(name)), rule_(rule), modes_(modes) {}
  void add_pairs(const std::vector<std::pair<int, int>>& pairs, const Sector& sector);

  std::string name_;
  kernels::MoveRule rule_;
  int modes_;
  std::vector<Word> partners_;     // see kernels::MoveTable; empty for flips
  std::vector<double> log_count_;  // so that devices have the host's logarithms, bit for bit
};

// InputError if the move does not conserve the sector or finds no pair.
Move make_move(const MoveOptions& options, const Lattice& lattice, const Sector& sector);
// Unordered pairs (i < j) with 1 <= hop distance <= d_max on the graph of `shells`.
std::vector<std::pair<int, int>> pairs_within(const Lattice& lattice, const std::vector<int>& shells, int d_max);

}  // namespace qs
