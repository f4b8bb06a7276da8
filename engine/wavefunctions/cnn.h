// Residual convolutional network over the cells of a torus, with a complex log-cosh head: convolutions on frustrated magnets after Choo, Neupert,
// Carleo, PRB 100, 125124 (2019), residual blocks and a sum over the lattice before the head after Roth, Szabo, MacDonald, PRB 108, 054410 (2023),
// here of the group of translations. Sites of a cell and spins are channels. Real parameters. psi does not change under translations.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "engine/wavefunctions/registry.h"
#include "engine/wavefunctions/wavefunction.h"

namespace qs {

enum class CnnAmplitude { complex, real };

struct CnnOptions {
  int layers = 2;
  int channels = 16;
  int kernel = 3;  // cells along every axis, odd
  CnnAmplitude amplitude = CnnAmplitude::complex;
  std::vector<std::string> couplings = {};  // features that every cell sees; empty: the network serves one Hamiltonian
};

// Tensors as flax would name them: Conv_0/kernel [kernel per axis][modes of a cell + couplings][channels], ResidualBlock_k/{LayerNorm_0, Conv_0,
// Conv_1}, and the head of the vit as Head_0. InputError on a lattice with ends, a graph, an even kernel, or an unknown coupling.
std::unique_ptr<Wavefunction> make_cnn(const CnnOptions& options, const NetworkInput& input, Precision precision, Device device);

template <>
const WavefunctionEntry& wavefunction_entry<CnnOptions>();

}  // namespace qs
