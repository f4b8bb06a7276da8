// Vision transformer with factored attention and a complex log-cosh head (Viteritti, Rende, Becca, PRL 130, 236401; NetKet's ViT tutorial).
// Real parameters, complex log psi. Foundation variant (Rende et al., Nat. Commun. 16, 7213): couplings appended to every patch.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "engine/wavefunctions/registry.h"
#include "engine/wavefunctions/wavefunction.h"

namespace qs {

// Mixing matrices alpha_h[p, q]. factored: a function of the displacement q - p (translation invariant between patches), H T parameters;
// factored_full: one parameter per pair of patches, H T^2 parameters.
enum class VitAttention { factored, factored_full };

struct VitOptions {
  std::vector<int> patch = {2, 2};  // cells per axis
  int layers = 2;
  int d_model = 32;
  int heads = 4;
  VitAttention attention = VitAttention::factored;
  std::vector<std::string> couplings;  // features appended to every patch; empty: the network serves one Hamiltonian
};

// Tensors as flax names them (Embed_0, Encoder_0/layers_k, OuputHead_0: the published spelling). InputError on a patch that does not tile the
// lattice, heads that do not divide d_model, or an unknown coupling.
std::unique_ptr<Wavefunction> make_vit(const VitOptions& options, const NetworkInput& input, Precision precision, Device device);

template <>
const WavefunctionEntry& wavefunction_entry<VitOptions>();

}  // namespace qs
