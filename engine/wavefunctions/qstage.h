// The Q-stage network (arXiv 2512.11962): a pre-norm transformer over the sites' occupations, conditioned on the couplings by one cross-attention
// after the second block and by tail tokens before the pooling layers. psi = Re + i Im, so log psi = ln|psi| + i arg psi; or psi = Re alone; or, for
// fermions, psi = exp(Re) times a determinant of orbitals bent by the last block's tokens. Departures from the paper for many Hamiltonians at
// once: parameters shared between sites (attention by displacement, pooling of a sum), and couplings that enter every block.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "engine/wavefunctions/registry.h"
#include "engine/wavefunctions/wavefunction.h"
#include "hamiltonians/mean_field/orbital_start.h"

namespace qs {

// What the last layer gives: Re and Im as published, or Re alone, of either sign. The ground state of a real Hamiltonian can be chosen real; then one
// row per sample carries all derivatives instead of two, which makes the natural gradient two to eight times cheaper. determinant: also real, and
// antisymmetric by construction, so that the signs of fermions need not be learned.
enum class Amplitude { complex, real, determinant };

// Who listens to whom in a block: queries and keys decide, as published; or one weight per displacement on the periodic lattice (as in the ViT of
// Viteritti, Rende and Becca), which is cheaper and learns from every sample what holds at all sites.
enum class QstageAttention { softmax, factored };

// What the pooling layers read: every token through its own weights, as published; or the sum over the sites, and the tails.
enum class Pooling { concatenate, sum };

// How the sites learn the couplings: one parameter token after the second block, linear in them, as published; or before every block a shift by a
// small network of its own.
enum class Conditioning { token, blocks };

struct QstageOptions {
  int depth = 2;
  int d_model = 60;
  int heads = 10;
  int mlp = 60;
  // One tail token per list, a dense layer of the named features. The cross-attention token reads all features of the system.
  std::vector<std::vector<std::string>> tails;
  Amplitude amplitude = Amplitude::complex;
  QstageAttention attention = QstageAttention::softmax;
  Pooling pooling = Pooling::concatenate;
  Conditioning conditioning = Conditioning::token;
  int orbitals = 0;  // columns of the determinant: the most particles that any configuration has
  // free, hartree_fock: to the orbitals of the network those of each problem's mean field are added, and at first nothing else: psi is that
  // determinant.
  OrbitalStart start = OrbitalStart::random;
  MeanFieldSeed mean_field_seed = MeanFieldSeed::lowest;
};

// Tensors as flax names them. One token per mode. InputError on sizes that do not fit, unknown features, or a system without features.
std::unique_ptr<Wavefunction> make_qstage(const QstageOptions& options, const NetworkInput& input, Precision precision, Device device);

template <>
const WavefunctionEntry& wavefunction_entry<QstageOptions>();

}  // namespace qs
