#include "engine/wavefunctions/wavefunction.h"

namespace qs {

int rows_per_sample(JacobianMode mode) { return mode == JacobianMode::complex_log ? 2 : 1; }

}  // namespace qs
