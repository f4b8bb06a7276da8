#include "engine/stages/exact_states.h"

#include <fmt/format.h>

namespace qs {

std::string ExactStates::key(const ProblemFamily& family, int problem) {
  const Problem& p = family.problems[problem];
  std::string text = family.hamiltonian.name + "; " + family.lattice.describe() + "; " + p.sector.describe();
  for (std::size_t c = 0; c < p.couplings.size(); ++c) text += fmt::format("; {}={:.17g}", family.hamiltonian.couplings[c], p.couplings[c]);
  return text;
}

const EdResult& ExactStates::solve(const ProblemFamily& family, int problem) {
  const std::string name = key(family, problem);
  const auto known = results_.find(name);
  if (known != results_.end()) return known->second;
  return results_[name] = diagonalise(family, problem, options_, comm_);
}

}  // namespace qs
