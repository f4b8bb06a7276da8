// One entry per model, in the file that builds it; hamiltonians/registry.cpp lists them.
#pragma once

#include "hamiltonians/registry.h"

namespace qs {

ModelEntry tv_entry();
ModelEntry hubbard_entry();
ModelEntry heisenberg_entry();
ModelEntry xxz_entry();
ModelEntry tfim_entry();
ModelEntry shastry_sutherland_entry();
ModelEntry haldane_shastry_entry();
ModelEntry terms_entry();

// The key of models with exchange terms.
Options<ModelOptions> marshall_option();
const Words<Pinning>& pinning_words();

}  // namespace qs
