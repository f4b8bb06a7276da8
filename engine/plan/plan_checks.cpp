#include "engine/plan/plan_checks.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <map>

#include "engine/base/error.h"
#include "hamiltonians/term_facts.h"

namespace qs {
namespace {

bool contains(const std::vector<std::string>& names, const std::string& name) { return std::find(names.begin(), names.end(), name) != names.end(); }

// What the network reads of problem g, in its own precision.
std::vector<double> seen_features(const NetworkPlan& network, const std::vector<std::string>& names, const ProblemFamily& family, int g) {
  std::vector<double> values;
  for (const std::string& name : names) {
    const double value = family.feature(g, name);
    values.push_back(network.precision == Precision::float32 ? static_cast<float>(value) : value);
  }
  return values;
}

bool same_problem(const Problem& a, const Problem& b) { return a.couplings == b.couplings && a.sector.describe() == b.sector.describe(); }

// How to let the network see what varies unseen.
std::string advice(const NetworkPlan& network, const ProblemFamily& family, const std::vector<std::string>& seen) {
  std::vector<std::string> unseen;
  for (const std::string& name : family.varied) {
    const std::string feature = name == "particles" ? "N" : name;
    if (!contains(seen, name) && !contains(seen, feature)) unseen.push_back(feature);
  }
  if (unseen.empty()) return "give them couplings that differ in the network's precision";
  for (const Option& option : network.options.entry().keys) {
    if (option.name == "couplings" || option.name == "tail") return fmt::format("add {} to wavefunction.{}", fmt::join(unseen, ", "), option.name);
  }
  return "use wavefunction.kind qstage or vit";
}

}  // namespace

void check_conditioning(const NetworkPlan& network, const ProblemFamily& family) {
  const std::vector<std::string> seen = conditioning_features(network.options, network.input);
  std::map<std::vector<double>, int> first_with;
  for (int g = 0; g < family.size(); ++g) {
    const auto [known, fresh] = first_with.emplace(seen_features(network, seen, family, g), g);
    if (fresh || same_problem(family.problems[known->second], family.problems[g])) continue;
    throw InputError(fmt::format("the {} wavefunction cannot tell '{}' from '{}': it sees {} (they would be trained as one state); {}", network.kind,
                                 family.problems[known->second].label, family.problems[g].label,
                                 seen.empty() ? "no couplings" : fmt::format("{} only", fmt::join(seen, ", ")), advice(network, family, seen)));
  }
}

std::string check_suits(const NetworkPlan& network, const ProblemFamily& family) {
  const LatticeOptions& lattice = family.lattice.options();
  FamilyFacts facts;
  facts.lattice = family.lattice.describe();
  facts.lattice_size = lattice.size;
  facts.open = std::find(lattice.boundary.begin(), lattice.boundary.end(), Boundary::open) != lattice.boundary.end();
  for (const Problem& problem : family.problems) {
    const int particles = problem.sector.fermionic() ? static_cast<int>(problem.sector.particles()) : -1;
    if (particles <= facts.most_particles) continue;
    facts.most_particles = particles;
    facts.fullest = problem.sector.describe();
  }
  return network.options.entry().suits(network.options.value(), facts);
}

void check_reality(const Wavefunction& psi, const ProblemFamily& family, const SystemOptions& system) {
  if (family.table.is_real() || psi.jacobian_mode() != JacobianMode::real_log) return;
  const TermsInput& input = system.terms;
  const std::optional<int> guilty = first_complex_term(family.lattice, system.sector.kind, input.terms, input.options);
  throw InputError(
      fmt::format("{}, but the network gives a real psi, which cannot be its ground state; choose "
                  "wavefunction.amplitude or dtype complex, whichever the kind has, or kind vit",
                  guilty ? fmt::format("term '{}' makes the Hamiltonian complex", name_of(input.terms.at(*guilty)))
                         : "the Hamiltonian has complex matrix elements"));
}

void check_twist(const Lattice& lattice, const std::vector<double>& angles) {
  if (!lattice.has_cells())
    throw InputError("hamiltonian.twist needs a lattice that closes on itself, and a graph has no seam; write the phases as terms");
  if (static_cast<int>(angles.size()) != lattice.axes())
    throw InputError(fmt::format("hamiltonian.twist has {} angle{}, but {} has {} ax{}; write one angle for each", angles.size(),
                                 angles.size() == 1 ? "" : "s", lattice.describe(), lattice.axes(), lattice.axes() == 1 ? "is" : "es"));
  for (std::size_t axis = 0; axis < angles.size(); ++axis) {
    if (angles[axis] != 0 && lattice.options().boundary[axis] == Boundary::open)
      throw InputError(fmt::format("hamiltonian.twist turns what crosses the seam, but axis {} is open ({}); write 0 there, or close it", axis + 1,
                                   lattice.describe()));
  }
}

}  // namespace qs
