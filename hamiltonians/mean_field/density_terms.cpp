#include "hamiltonians/mean_field/density_terms.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "engine/base/error.h"
#include "hamiltonians/normal_form.h"

namespace qs {
namespace {

// "c+(3) c(4) n(5)": modes as they are numbered.
std::string product_of(const Monomial& monomial) {
  std::string text;
  for (const auto& [mode, letter] : monomial) {
    const char* const factor = letter == Letter::diagonal ? "n" : letter == Letter::raise ? "c+" : "c";
    text += fmt::format("{}{}({})", text.empty() ? "" : " ", factor, mode);
  }
  return text;
}

// The coupling in front of the first term that contains the monomial.
std::string coupling_of(const Operator& hamiltonian, const Monomial& monomial) {
  for (const SymbolicTerm& term : hamiltonian.terms) {
    NormalForm form;
    form.add(term.coefficient, term.factors);
    if (form.collected().contains(monomial)) return hamiltonian.couplings[term.coupling];
  }
  return "1";
}

bool same_block(const Sector& sector, int a, int b) {
  const auto& blocks = sector.blocks();
  return std::any_of(blocks.begin(), blocks.end(), [&](const Sector::Block& block) {
    const auto inside = [&](int mode) { return mode >= block.first_mode && mode < block.first_mode + block.modes; };
    return inside(a) && inside(b);
  });
}

// False if the monomial has another form.
bool add_monomial(DensityTerms& terms, const Sector& sector, const Monomial& monomial, std::complex<double> value) {
  if (monomial.empty()) {
    terms.constant += value.real();
    return true;
  }
  const auto [a, first] = monomial[0];
  const auto at = [&](int row, int column) { return static_cast<std::size_t>(row) * terms.modes + column; };
  if (monomial.size() == 1 && first == Letter::diagonal) {
    terms.one_body[at(a, a)] += value;
    return true;
  }
  if (monomial.size() != 2) return false;
  const auto [b, second] = monomial[1];
  if (first == Letter::diagonal && second == Letter::diagonal) {
    terms.repulsion[at(a, b)] += value.real();
    terms.repulsion[at(b, a)] += value.real();
    return true;
  }
  if (!same_block(sector, a, b)) return false;
  if (first == Letter::raise && second == Letter::lower) {
    terms.one_body[at(a, b)] += value;
    return true;
  }
  if (first == Letter::lower && second == Letter::raise) {  // c_a c+_b = -c+_b c_a
    terms.one_body[at(b, a)] -= value;
    return true;
  }
  return false;
}

}  // namespace

bool DensityTerms::is_real() const {
  return std::all_of(one_body.begin(), one_body.end(), [](std::complex<double> value) { return value.imag() == 0; });
}

double DensityTerms::largest_hop() const {
  double largest = 0;
  for (int a = 0; a < modes; ++a)
    for (int b = 0; b < a; ++b) largest = std::max(largest, std::abs(hop(a, b)));
  return largest;
}

DensityTerms density_terms(const Operator& hamiltonian, const Problem& problem) {
  if (!problem.sector.fermionic()) throw InputError("a mean field of orbitals describes fermions, but the sector is one of spins");
  NormalForm sum;
  for (const SymbolicTerm& term : hamiltonian.terms) sum.add(term.coefficient * problem.couplings[term.coupling], term.factors);
  const std::size_t entries = static_cast<std::size_t>(hamiltonian.modes) * hamiltonian.modes;
  DensityTerms terms{hamiltonian.modes, 0, std::vector<std::complex<double>>(entries), std::vector<double>(entries)};
  for (const auto& [monomial, value] : sum.collected()) {
    if (add_monomial(terms, problem.sector, monomial, value)) continue;
    throw InputError(
        fmt::format("the mean field knows hops within a spin, fields and products of two densities, but the term with the coupling {} has {}",
                    coupling_of(hamiltonian, monomial), product_of(monomial)));
  }
  return terms;
}

}  // namespace qs
