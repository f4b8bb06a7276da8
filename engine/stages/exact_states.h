// Exact ground states of problems, computed once and remembered: the ed stage fills it, pretrain and evaluate ask it.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "engine/comm/communicator.h"
#include "engine/ed/lanczos.h"
#include "engine/io/data_tree.h"
#include "hamiltonians/problem.h"

namespace qs {

class ExactStates {
 public:
  ExactStates(EdOptions options, Communicator& comm) : options_(options), comm_(comm) {}

  // A name for a problem that is the same wherever the problem appears: sector and couplings to 17 digits.
  static std::string key(const ProblemFamily& family, int problem);

  const EdOptions& options() const { return options_; }
  void set_options(EdOptions options) { options_ = options; }
  bool has(const ProblemFamily& family, int problem) const { return results_.count(key(family, problem)) > 0; }
  // Diagonalises on first use; collective. Every rank holds the same bits.
  const EdResult& solve(const ProblemFamily& family, int problem);
  // Adds a state read from elsewhere (a file, a resumed run).
  void remember(const std::string& problem_key, EdResult result) { results_[problem_key] = std::move(result); }

 private:
  EdOptions options_;
  Communicator& comm_;
  std::map<std::string, EdResult> results_;
};

}  // namespace qs
