#include "engine/wavefunctions/checks.h"

#include <algorithm>

#include "engine/base/error.h"
#include "engine/base/text.h"

namespace qs {

void require_heads_divide(int heads, int d_model) {
  if (d_model % heads != 0) {
    throw InputError("wavefunction.heads " + std::to_string(heads) + " does not divide wavefunction.d_model " + std::to_string(d_model) +
                     " (every head gets an equal share of the features); choose d_model as a multiple of heads");
  }
}

std::vector<int> feature_columns(const char* key, const std::vector<std::string>& names, const NetworkInput& input) {
  std::vector<int> columns;
  for (const std::string& name : names) {
    const auto found = std::find(input.feature_names.begin(), input.feature_names.end(), name);
    if (found == input.feature_names.end()) {
      throw InputError(std::string("wavefunction.") + key + " names '" + name +
                       "', which this system does not have; known: " + (input.feature_names.empty() ? "none" : joined(input.feature_names)));
    }
    columns.push_back(static_cast<int>(found - input.feature_names.begin()));
  }
  return columns;
}

}  // namespace qs
