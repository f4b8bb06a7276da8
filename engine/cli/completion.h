// Shell completion, generated from the tables of the command line and of the input.
#pragma once

#include <string>

namespace qs {

// What the shell must source: "bash", "zsh" or "fish".
std::string completion_script(const std::string& shell);

}  // namespace qs
