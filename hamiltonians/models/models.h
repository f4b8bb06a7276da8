// What several models share.
#pragma once

#include "hamiltonians/registry.h"

namespace qs {

// The key of models with exchange terms.
Options<ModelOptions> marshall_option();
const Words<Pinning>& pinning_words();

}  // namespace qs
