#include "engine/stages/exact_states.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "engine/ed/translations.h"
#include "hamiltonians/symmetry/symmetry_sector.h"

namespace qs {
namespace {

// "(0, 2)" or "(0, 2), (2, 0)", without repetitions.
std::string momentum_text(std::vector<std::vector<int>> momenta) {
  momenta.erase(std::unique(momenta.begin(), momenta.end()), momenta.end());
  std::string text;
  for (const std::vector<int>& k : momenta) text += fmt::format("{}({})", text.empty() ? "" : ", ", fmt::join(k, ", "));
  return text;
}

}  // namespace

std::string ExactStates::key(const ProblemFamily& family, int problem) {
  const Problem& p = family.problems[problem];
  std::string text = family.hamiltonian.name + "; " + family.lattice.describe() + "; " + p.sector.describe();
  if (family.symmetry.one_row) text += "; " + family.symmetry.one_row->describe();
  for (std::size_t c = 0; c < p.couplings.size(); ++c) text += fmt::format("; {}={:.17g}", family.hamiltonian.couplings[c], p.couplings[c]);
  return text;
}

const EdResult& ExactStates::solve(const ProblemFamily& family, int problem) {
  const std::string name = key(family, problem);
  EdOptions options = options_;
  const Sector& sector = family.problems[problem].sector;
  if (sector.enumerable()) options.states = static_cast<int>(std::min<std::int64_t>(options.states, block_dimension(family, sector)));
  EdResult& result = results_[name];
  // A recalled result has the states that a stage stored, perhaps fewer than are wanted now.
  if (result.kept_states() < options.states) result = diagonalise(family, problem, options, comm_);
  if (compared_.insert(name).second) compare_with_network(family, problem, result);
  return result;
}

std::vector<const EdResult*> ExactStates::solve_all(const ProblemFamily& family) {
  std::vector<const EdResult*> results;
  for (int g = 0; g < family.size(); ++g) results.push_back(&solve(family, g));
  return results;
}

void ExactStates::remember(const std::string& problem_key, EdResult result) {
  EdResult& known = results_[problem_key];
  if (known.kept_states() < result.kept_states()) known = std::move(result);
}

std::vector<std::complex<double>> ExactStates::ground_state(const ProblemFamily& family, int problem, const std::string& taker) {
  const EdResult& exact = solve(family, problem);
  if (exact.degeneracy > 1)
    warn_once(family, problem,
              fmt::format("the exact ground level has {} states, and {} an arbitrary one of them; split the level (a small pinning field, another "
                          "sector) to choose",
                          exact.degeneracy, taker));
  return exact.amplitudes(0);
}

void ExactStates::warn_once(const ProblemFamily& family, int problem, const std::string& text) {
  const std::string& label = family.problems[problem].label;
  const std::string whole = fmt::format("{}: {}", label.empty() ? family.hamiltonian.name : label, text);
  if (warn_ && warnings_.insert(whole).second) warn_(whole);
}

void ExactStates::compare_with_network(const ProblemFamily& family, int problem, const EdResult& exact) {
  constexpr double full = 1 - 1e-6;
  const bool same_axes = network_translations_.size() == family.lattice.options().size.size();  // as the lattice of the network
  if (!warn_ || network_translations_.empty() || !same_axes || family.symmetry.one_row) return;
  const TranslationContent content = translation_content(family.lattice, family.problems[problem].sector, exact, network_translations_);
  if (content.largest_overlap > full) return;
  const std::string momentum =
      content.momenta.empty() ? "" : fmt::format(", whose amplitudes have k = {} in units of 2 pi / L", momentum_text(content.momenta));
  warn_once(family, problem,
            fmt::format("moving a configuration by one patch, [{}], leaves the network the same, but not the exact ground state{}: no "
                        "parameters give an overlap above {:.4f}; choose a network without this symmetry (of vit: attention factored_full), or "
                        "another patch or basis",
                        fmt::join(network_translations_, ", "), momentum, content.largest_overlap));
}

}  // namespace qs
