// A Hamiltonian that the user writes: a list of terms (terms.h). Hermiticity and conserved numbers follow from the terms.
#include "hamiltonians/models/models.h"
#include "hamiltonians/term_facts.h"

namespace qs {
namespace {

Operator build(const Lattice& lattice, const ModelOptions& model) {
  return build_terms(lattice, model.sector, model.terms.terms, model.terms.options);
}

void check(const Lattice& lattice, const SectorOptions& sector, const ModelOptions& model) {
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
          .check = check};
}

}  // namespace qs
