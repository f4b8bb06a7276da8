// Metropolis moves. A move proposes sigma' and reports the exact log ratio L = ln q(sigma' -> sigma) - ln q(sigma -> sigma');
// the wavefunction plays no part here, nor does any fermion sign. Moves are immutable: one serves all chains and threads.
#pragma once

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "hamiltonians/configuration.h"
#include "hamiltonians/lattice.h"
#include "hamiltonians/sector.h"
#include "kernels/api/random.h"

namespace qs {

struct Proposal {
  int modes[4];   // bits to flip; count of them used
  int count = 0;  // 0: the chain stays, counted as a rejected proposal
  double log_ratio = 0;
};

class Move {
 public:
  virtual ~Move() = default;
  virtual std::string name() const = 0;
  // Random bits: four 32-bit words, drawn by the caller for this proposal alone.
  virtual Proposal propose(const Word* row, const RandomWords& random) const = 0;
  // n(sigma): how many equally likely proposals propose() draws from.
  virtual int proposals(const Word* row) const = 0;
};

// exchange: one of the n(sigma) listed pairs with unlike ends, uniformly, L = ln n(sigma) - ln n(sigma'). flip: one site, uniformly. hop: exchange
// of occupation numbers, the pair list copied for each spin.
enum class MoveKind { exchange, flip, hop };

struct MoveOptions {
  MoveKind kind = MoveKind::exchange;
  std::vector<int> shells = {1};  // graph on which d_max counts hops
  int d_max = 1;
  double weight = 1;  // probability in a mixture (state independent)
};

// InputError if the move does not conserve the sector or finds no pair.
std::unique_ptr<Move> make_move(const MoveOptions& options, const Lattice& lattice, const Sector& sector);
// Unordered pairs (i < j) with 1 <= hop distance <= d_max on the graph of `shells`.
std::vector<std::pair<int, int>> pairs_within(const Lattice& lattice, const std::vector<int>& shells, int d_max);

}  // namespace qs
