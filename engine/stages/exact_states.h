// Exact ground states of problems, computed once and remembered: the ed stage fills it, pretrain and evaluate ask it.
#pragma once

#include <complex>
#include <functional>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "engine/comm/communicator.h"
#include "engine/ed/lanczos.h"
#include "engine/hdf5/data_tree.h"
#include "hamiltonians/problem.h"

namespace qs {

class ExactStates {
 public:
  using Warn = std::function<void(const std::string&)>;

  // `options` hold for every stage of a run, so that a resumed one finds the same bits whichever stage asks first; a sector with fewer states than
  // they want gives all it has. `network_translations`: see invariant_translations; what such a network cannot represent goes to `warn`, once a
  // problem.
  ExactStates(EdOptions options, Communicator& comm, std::vector<int> network_translations = {}, Warn warn = {})
      : options_(options), comm_(comm), network_translations_(std::move(network_translations)), warn_(std::move(warn)) {}

  // A name for a problem that is the same wherever the problem appears: sector, irrep and couplings to 17 digits.
  static std::string key(const ProblemFamily& family, int problem);

  bool has(const ProblemFamily& family, int problem) const { return results_.count(key(family, problem)) > 0; }
  // Diagonalises on first use; collective. Every rank holds the same bits.
  const EdResult& solve(const ProblemFamily& family, int problem);
  std::vector<const EdResult*> solve_all(const ProblemFamily& family);
  // One state of the lowest level. Of a degenerate level an arbitrary one, which is said; `taker`: "the network learns".
  std::vector<std::complex<double>> ground_state(const ProblemFamily& family, int problem, const std::string& taker);
  // Adds states read from elsewhere (a resumed run).
  void remember(const std::string& problem_key, EdResult result);

 private:
  void warn_once(const ProblemFamily& family, int problem, const std::string& text);
  void compare_with_network(const ProblemFamily& family, int problem, const EdResult& exact);

  EdOptions options_;
  Communicator& comm_;
  std::vector<int> network_translations_;
  Warn warn_;
  std::map<std::string, EdResult> results_;
  std::set<std::string> compared_, warnings_;
};

}  // namespace qs
