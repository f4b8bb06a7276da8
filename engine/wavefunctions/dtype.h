// Real or complex parameters of networks that know both.
#pragma once

#include <string>
#include <vector>

#include "engine/wavefunctions/wavefunction.h"

namespace qs {

enum class Dtype { real, complex };

// Parts of one tensor: a complex one is two real slices, <path>_re and <path>_im.
inline std::vector<std::string> suffixes(Dtype dtype) {
  return dtype == Dtype::real ? std::vector<std::string>{""} : std::vector<std::string>{"_re", "_im"};
}

inline JacobianMode jacobian_mode(Dtype dtype) { return dtype == Dtype::real ? JacobianMode::real_log : JacobianMode::complex_log; }

}  // namespace qs
