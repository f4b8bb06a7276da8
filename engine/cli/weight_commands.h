// What `info` says about a weight file, results or checkpoint.
#pragma once

#include <string>

#include "engine/wavefunctions/guess_options.h"

namespace qs {

// Attributes of the file, tensors with shapes and types, the count of parameters, and the options of the network they look like.
std::string describe_weights(const std::string& file);
// "{kind: vit, layers: 2, ...}; 4 patches of 4 entries": before the semicolon the section `wavefunction` of an input that loads such weights.
std::string options_text(const GuessedOptions& guess);

}  // namespace qs
