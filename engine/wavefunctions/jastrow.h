// Jastrow factor (Jastrow, Phys. Rev. 98, 1479 (1955); long-ranged on lattices: Capello, Becca, Fabrizio, Sorella, Tosatti, PRL 94, 026406 (2005)):
// log psi = sum_{i<j} w(i, j) s_i s_j + sum_i h(i) s_i over modes, s = +-1. Pairs that a translation of the lattice maps onto each other share w,
// modes share h: one number per displacement, pair of basis sites and pair of spins. On a lattice with ends or a graph every pair has its own. For
// fermions, s = 2n - 1: up to the norm these are the same states as with n_i n_j and n_i, since h takes up the difference. It reads no couplings.
#pragma once

#include <memory>

#include "engine/wavefunctions/dtype.h"
#include "engine/wavefunctions/registry.h"
#include "engine/wavefunctions/wavefunction.h"

namespace qs {

struct JastrowOptions {
  Dtype dtype = Dtype::real;
};

// Tensors: field [kinds of modes], pair [classes of pairs], in the order in which the modes meet them; a complex tensor is two real slices, <path>_re
// and <path>_im. InputError for fewer than two modes.
std::unique_ptr<Wavefunction> make_jastrow(const JastrowOptions& options, const NetworkInput& input, Precision precision, Device device);

template <>
const WavefunctionEntry& wavefunction_entry<JastrowOptions>();

}  // namespace qs
