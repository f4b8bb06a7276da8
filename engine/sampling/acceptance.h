// Counts proposals, acceptances and invalid exponents of this rank's chains, per problem and per move.
#pragma once

#include <string>
#include <vector>

#include "engine/comm/communicator.h"
#include "engine/sampling/sampler.h"

namespace qs {

class AcceptanceCounter {
 public:
  AcceptanceCounter(int problems, std::vector<std::string> moves, int swaps);

  void reset();
  void add(int problem, int move, std::int64_t proposed, std::int64_t accepted) {
    mine_.proposed[problem] += proposed;
    mine_.accepted[problem] += accepted;
    mine_.move_proposed[index(problem, move)] += proposed;
    mine_.move_accepted[index(problem, move)] += accepted;
  }
  void add_invalid(int problem, std::int64_t count) { mine_.invalid[problem] += count; }
  void add_still(int problem) { ++mine_.still[problem]; }
  void add_swap(int problem, int swap, bool accepted) {
    const std::size_t at = problem * swaps() + swap;
    ++mine_.swap_proposed[at];
    mine_.swap_accepted[at] += accepted ? 1 : 0;
  }

  // Over all ranks; collective.
  Acceptance total(Communicator& comm) const;
  // accepted / proposed per problem, 0 before the first proposal; collective.
  std::vector<double> ratios(Communicator& comm) const;

 private:
  std::size_t swaps() const { return mine_.swap_proposed.size() / mine_.proposed.size(); }  // of a problem
  std::size_t index(int problem, int move) const { return problem * mine_.moves.size() + move; }

  Acceptance mine_;
};

}  // namespace qs
