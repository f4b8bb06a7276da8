// The moves of one problem: each proposal picks one of them with fixed, state-independent probabilities, so that every move's own detailed
// balance carries over to the mixture.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "engine/sampling/moves.h"
#include "hamiltonians/problem.h"

namespace qs {

class MoveMixture {
 public:
  // InputError: no move, a weight that is not positive, a move the sector refuses, or a set of moves that cannot reach the whole sector.
  MoveMixture(const std::vector<MoveOptions>& options, const Lattice& lattice, const Sector& sector);

  int size() const { return static_cast<int>(moves_.size()); }
  std::vector<std::string> names() const;
  const Move& move(int index) const { return *moves_[index]; }
  // Index of the move for a uniform number in [0, 1).
  int pick(double uniform) const;

 private:
  std::vector<std::unique_ptr<Move>> moves_;
  std::vector<double> cumulative_;  // upper edges of the moves' intervals in [0, 1]
};

// The moves of every problem; neighbours with the same sector share one mixture.
std::vector<std::shared_ptr<const MoveMixture>> mixtures_of(const std::vector<MoveOptions>& options, const ProblemFamily& family);

}  // namespace qs
