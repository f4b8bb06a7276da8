// Starting points for an input: a small runnable calculation for every model.
#pragma once

#include <string>

namespace qs {

// YAML of at most 15 lines. `size`: cells per axis, "12" or "4x4"; "" = the model's own choice.
// InputError: an unknown model (with the nearest known one), or a size that the lattice or the model cannot have.
std::string template_input(const std::string& model, const std::string& size);

}  // namespace qs
