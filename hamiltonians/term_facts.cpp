#include "hamiltonians/term_facts.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <string>

#include "hamiltonians/normal_form.h"

namespace qs {

namespace {

using Collected = std::map<Monomial, std::complex<double>>;

bool hermitian(const Collected& form, SectorKind kind) {
  constexpr double rounding = 1e-12;
  return std::all_of(form.begin(), form.end(), [&](const auto& entry) {
    const auto [partner, sign] = adjoint(entry.first, kind);
    const auto found = form.find(partner);
    return found != form.end() && std::abs(found->second - sign * std::conj(entry.second)) <= rounding * std::abs(entry.second);
  });
}

// Couplings take any value independently, so every coupling's sum must have the property by itself.
std::vector<Collected> forms_by_coupling(const Operator& op) {
  std::vector<NormalForm> sums(op.couplings.size());
  for (const SymbolicTerm& term : op.terms) sums[term.coupling].add(term.coefficient, term.factors);
  std::vector<Collected> forms;
  for (const NormalForm& sum : sums) forms.push_back(sum.collected());
  return forms;
}

// The first term without the property. There is one if the sum lacks it: sums of operators that have it have it too.
template <class Property>
int first_without(const Lattice& lattice, SectorKind kind, const std::vector<TermSpec>& terms, const TermOptions& options, Property&& property) {
  for (std::size_t t = 0; t < terms.size(); ++t) {
    if (!property(facts_of(build_terms(lattice, kind, {terms[t]}, options), kind))) return static_cast<int>(t);
  }
  return 0;
}

}  // namespace

OperatorFacts facts_of(const Operator& op, SectorKind kind) {
  OperatorFacts facts;
  const int sites = kind == SectorKind::spinful_fermions ? op.modes / 2 : op.modes;
  for (const Collected& form : forms_by_coupling(op)) {
    facts.hermitian = facts.hermitian && hermitian(form, kind);
    for (const auto& [monomial, value] : form) {
      const int down = change_of_ones(monomial, 0, sites), up = change_of_ones(monomial, sites, op.modes);
      if (value.imag() != 0) facts.real = false;
      if (kind != SectorKind::spin_half && up + down != 0) facts.conserves_particles = false;
      if (kind == SectorKind::spin_half && down != 0) facts.conserves_spin = false;
      if (kind == SectorKind::spinful_fermions && up != down) facts.conserves_spin = false;
    }
  }
  return facts;
}

void require_hermitian(const Lattice& lattice, SectorKind kind, const std::vector<TermSpec>& terms, const TermOptions& options) {
  if (facts_of(build_terms(lattice, kind, terms, options), kind).hermitian) return;
  const int t = first_without(lattice, kind, terms, options, [](const OperatorFacts& facts) { return facts.hermitian; });
  throw TermError(t, 0,
                  fmt::format("term '{}': '{}' is not hermitian (its adjoint is missing, or its number is complex): add '+ h.c.'", name_of(terms[t]),
                              terms[t].expression));
}

void require_conserved(const Lattice& lattice, const SectorOptions& sector, const std::vector<TermSpec>& terms, const TermOptions& options) {
  const SectorKind kind = sector.kind;
  const auto keeps_particles = [](const OperatorFacts& facts) { return facts.conserves_particles; };
  const auto keeps_spin = [](const OperatorFacts& facts) { return facts.conserves_spin; };
  const OperatorFacts facts = facts_of(build_terms(lattice, kind, terms, options), kind);
  const bool fixes_spin = kind != SectorKind::spin_half || sector.up >= 0;
  if (!facts.conserves_particles) {
    const int t = first_without(lattice, kind, terms, options, keeps_particles);
    throw TermError(t, 0,
                    fmt::format("term '{}': '{}' changes the number of particles, which the sector fixes: write as many c+ as c in every product",
                                name_of(terms[t]), terms[t].expression));
  }
  if (fixes_spin && !facts.conserves_spin) {
    const int t = first_without(lattice, kind, terms, options, keeps_spin);
    throw TermError(t, 0,
                    fmt::format("term '{}': '{}' changes {}", name_of(terms[t]), terms[t].expression,
                                kind == SectorKind::spin_half
                                    ? "the total Sz, which the sector fixes: remove total_sz"
                                    : "the numbers of up and down particles, which the sector fixes: write as many c+_up as c_up in every product"));
  }
}

std::optional<int> first_complex_term(const Lattice& lattice, SectorKind kind, const std::vector<TermSpec>& terms, const TermOptions& options) {
  if (facts_of(build_terms(lattice, kind, terms, options), kind).real) return std::nullopt;
  return first_without(lattice, kind, terms, options, [](const OperatorFacts& facts) { return facts.real; });
}

}  // namespace qs
