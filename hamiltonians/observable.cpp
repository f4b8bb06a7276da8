#include "hamiltonians/observable.h"

#include <fmt/format.h>

#include <numbers>

#include "hamiltonians/term_facts.h"

namespace qs {
namespace {

void require_couplings(const std::vector<TermSpec>& terms, const std::map<std::string, double>& couplings) {
  for (std::size_t t = 0; t < terms.size(); ++t) {
    const auto* field = std::get_if<RandomField>(&terms[t].coefficient);
    if (field && !field->seed)
      throw TermError(static_cast<int>(t), 0, fmt::format("term '{}': a random number of an observable needs a seed", name_of(terms[t])));
    if (terms[t].coupling.empty()) continue;
    for (const std::string& name : names_in(terms[t].coupling)) {
      if (name == "1" || couplings.contains(name)) continue;
      throw TermError(static_cast<int>(t), 0, fmt::format("term '{}': the Hamiltonian has no coupling '{}'", name_of(terms[t]), name));
    }
  }
}

}  // namespace

std::array<double, 3> seam_angles(const Lattice& lattice, SectorKind kind, const std::array<double, 3>& twist) {
  std::array<double, 3> angles = twist;
  for (int axis = 0; axis < lattice.axes(); ++axis) {
    if (kind != SectorKind::spin_half && lattice.options().boundary[axis] == Boundary::antiperiodic) angles[axis] += std::numbers::pi;
  }
  return angles;
}

Observable make_observable(const ObservableEntry& entry, const ObservableInput& input) {
  Observable result{entry.name, entry.doc, entry.unit, {}, entry.build(input)};
  if (entry.means != nullptr) result.means = entry.means(input);
  return result;
}

Observable make_observable(const OwnObservable& own, const Lattice& lattice, const Sector& sector, const std::map<std::string, double>& couplings) {
  const SectorKind kind = sector.options().kind;
  require_couplings(own.terms, couplings);
  require_hermitian(lattice, kind, own.terms, own.options);
  require_conserved(lattice, sector.options(), own.terms, own.options);
  Operator op = build_terms(lattice, kind, own.terms, own.options);
  op.name = own.name;
  std::string doc;
  for (const TermSpec& term : own.terms) doc += (doc.empty() ? "" : " + ") + term.expression;
  return {own.name, "mean of " + doc, ObservableUnit::number, {}, {{own.name, std::move(op)}}};
}

}  // namespace qs
