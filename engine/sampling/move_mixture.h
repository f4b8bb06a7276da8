// The moves of one problem: each proposal picks one of them with fixed, state-independent probabilities, so that every move's own detailed
// balance carries over to the mixture.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "engine/sampling/moves.h"
#include "hamiltonians/problems.h"
#include "kernels/api/chains.h"
#include "kernels/api/memory.h"

namespace qs {

class MoveMixture {
 public:
  // InputError: no move, a weight that is not positive, a move the sector refuses, or a set of moves that cannot reach the whole sector.
  MoveMixture(const std::vector<MoveOptions>& options, const Lattice& lattice, const Sector& sector);

  int size() const { return static_cast<int>(moves_.size()); }
  std::vector<std::string> names() const;
  const Move& move(int index) const { return moves_[index]; }
  // Upper edges of the moves' intervals in [0, 1]: a uniform number picks the first one beyond it.
  const std::vector<double>& edges() const { return edges_; }
  // The sector has one state: no move ever finds a proposal.
  bool frozen() const { return frozen_; }

 private:
  std::vector<Move> moves_;
  std::vector<double> edges_;
  bool frozen_;
};

// The moves of every problem; neighbours on one lattice with the same sector share one mixture.
std::vector<std::shared_ptr<const MoveMixture>> mixtures_of(const std::vector<MoveOptions>& options, const Problems& problems);

// The moves of all problems where a device reads them.
class DeviceMixtures {
 public:
  DeviceMixtures(Device device, const std::vector<std::shared_ptr<const MoveMixture>>& mixtures);
  static std::size_t bytes(const std::vector<std::shared_ptr<const MoveMixture>>& mixtures);
  kernels::MoveMixtures view() const { return {static_cast<int>(edges_.size()), tables_.data(), edges_.data()}; }

 private:
  Buffer<Word> partners_;
  Buffer<double> log_count_, edges_;
  Buffer<kernels::MoveTable> tables_;
};

}  // namespace qs
