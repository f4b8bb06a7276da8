// A Hamiltonian that the user writes: a list of terms (terms.h). Hermiticity and conserved numbers follow from the terms.
#include <algorithm>

#include "hamiltonians/models/models.h"
#include "hamiltonians/term_facts.h"

namespace qs {
namespace {

Operator build(const Lattice& lattice, const ModelOptions& model) {
  return build_terms(lattice, model.sector, model.terms.terms, model.terms.options);
}

void require_couplings(const TermsInput& input) {
  std::string known;
  for (const auto& [name, number] : input.couplings) known += (known.empty() ? "" : ", ") + name;
  for (std::size_t t = 0; t < input.terms.size(); ++t) {
    if (input.terms[t].coupling.empty()) continue;
    for (const std::string& name : names_in(input.terms[t].coupling)) {
      const auto is_it = [&](const auto& coupling) { return coupling.first == name; };
      if (std::any_of(input.couplings.begin(), input.couplings.end(), is_it)) continue;
      throw TermError(static_cast<int>(t), 0,
                      "term '" + name_of(input.terms[t]) + "': coupling '" + name + "' has no number (known: " + (known.empty() ? "none" : known) +
                          "); add it to system.hamiltonian.couplings");
    }
  }
}

void check(const Lattice& lattice, const SectorOptions& sector, const ModelOptions& model) {
  require_couplings(model.terms);
  require_hermitian(lattice, model.sector, model.terms.terms, model.terms.options);
  require_conserved(lattice, sector, model.terms.terms, model.terms.options);
}

Options<ModelOptions> keys() {
  Options<ModelOptions> options = marshall_option();
  options.include(terms_options(), &ModelOptions::terms);
  return options;
}

}  // namespace

ModelEntry terms_entry() {
  return {.kind = "terms",
          .doc = "a sum of terms that the input writes out",
          .convention = "-",
          .sector = std::nullopt,
          .spin_number = SpinNumber::conserved,
          .couplings = {},
          .options = keys(),
          .build = build,
          .start = {.hamiltonian = "marshall_sign: true, couplings: {J: 1.0, h: 0.5}, terms: [{expression: S.S, shell: 1, coupling: J}, "
                                   "{expression: Sz, sites: all, coupling: h, value: -1.0}]",
                    .observables = "energy, sz_sz",
                    .small = NetworkRole::positive,
                    .large = NetworkRole::any_sign,
                    .rate = 0.05},
          .check = check};
}

}  // namespace qs
