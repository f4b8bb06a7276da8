// States that pretraining learns from files.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "engine/plan/weights_origin.h"
#include "engine/stages/pretrain_stage.h"
#include "engine/stages/state_file.h"
#include "hamiltonians/problem.h"

namespace qs {

// Looks in files for the ground state of every problem of a family: those that an ed stage wrote (engine/stages/state_file.h) with any number of
// problems, and Q-stage CSVs (engine/files/ed_csv.h) with one each. A state belongs to a problem if it has the basis of its sector and
// |H phi - E phi| < 1e-5; those that say to have its couplings come first, and of several the one with the smallest residual.
class TargetSearch {
 public:
  // `ours`: the system of this run. A file of more than `largest` bytes is refused unread.
  TargetSearch(const ProblemFamily& family, Origin ours, std::size_t largest);

  // FileError if the file cannot be read or is damaged; InputError if it is too large, or orders its sites or signs its amplitudes by another rule.
  void read(const std::string& path);
  // One state per problem, by Sector::index. InputError naming a problem that no file had a state for, and what they had.
  std::vector<Amplitudes> take();
  // What to warn about: degenerate levels, of which the network learns one state only. "" if there are none.
  std::string warning() const;

 private:
  struct Found {
    double residual;                   // of the best state; the tolerance while there is none
    std::optional<double> at_its_own;  // the best of states that say to have the couplings of the problem
    Amplitudes state;
    std::int64_t degeneracy = 1;
  };
  void check_origin(const Origin& theirs, const std::string& path) const;
  // Of a thousand states a thousand problems each take one: couplings are compared first, and only who finds nothing tries every state.
  enum class Candidates { of_its_couplings, still_missing };
  void offer(const StoredState& state, Candidates candidates);
  [[noreturn]] void missing(int g) const;

  const ProblemFamily& family_;
  Origin ours_;
  std::size_t largest_;
  std::vector<Found> found_;       // per problem
  std::vector<std::string> seen_;  // what each file had, in words
};

}  // namespace qs
