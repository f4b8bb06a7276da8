// Restricted Boltzmann machine (Carleo and Troyer, Science 355, 602): log psi = sum_j log_cosh((s W + b)_j) + a . s with s = +-1, alpha N hidden
// units, real (psi > 0) or complex parameters (holomorphic). It reads no couplings.
#pragma once

#include <memory>

#include "engine/wavefunctions/dtype.h"
#include "engine/wavefunctions/registry.h"
#include "engine/wavefunctions/wavefunction.h"

namespace qs {

struct RbmOptions {
  int alpha = 1;
  Dtype dtype = Dtype::complex;
};

// Tensors: Dense/kernel [N, alpha N], Dense/bias, visible_bias; a complex tensor is two real slices, <path>_re and <path>_im.
std::unique_ptr<Wavefunction> make_rbm(const RbmOptions& options, const NetworkInput& input, Precision precision, Device device);

template <>
const WavefunctionEntry& wavefunction_entry<RbmOptions>();

}  // namespace qs
