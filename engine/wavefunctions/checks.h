// Checks that several networks share; messages name the key below `wavefunction:`.
#pragma once

#include <string>
#include <vector>

#include "engine/wavefunctions/wavefunction.h"

namespace qs {

// InputError unless heads divides d_model.
void require_heads_divide(int heads, int d_model);
// Columns of the named features in the table of couplings; InputError naming `key` and the known features.
std::vector<int> feature_columns(const char* key, const std::vector<std::string>& names, const NetworkInput& input);

}  // namespace qs
