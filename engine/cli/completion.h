// Shell completion, generated from the tables of the command line and of the input.
#pragma once

#include <string>

namespace qs {

enum class Shell { bash, zsh, fish };

// What the shell must source.
std::string completion_script(Shell shell);

}  // namespace qs
