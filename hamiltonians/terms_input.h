// The keys of a term, and of a Hamiltonian that is a list of them.
#pragma once

#include <vector>

#include "engine/base/options.h"
#include "hamiltonians/terms.h"

namespace qs {

// `terms: [{expression: , ...}]`, and the keys beside it.
struct TermsInput {
  std::vector<std::pair<std::string, double>> couplings;  // in the order of the input
  std::vector<TermSpec> terms;
  TermOptions options;
};

Options<TermSpec> term_options();
Options<Cosine> cosine_options();
Options<PlaneWave> plane_wave_options();
Options<RandomField> random_field_options();
Options<TermsInput> terms_options();

// Throws TermError for a term that does not say where it acts, or says it twice; `position`: in the list.
TermSpec read_term(const Node& node, int position);

}  // namespace qs
