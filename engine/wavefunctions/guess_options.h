// Options of the network that a tree of named tensors belongs to, read off names and shapes: what `wavefunction: {kind: ...}` must say so that the
// tensors load. Only the names and shapes that carry a size are looked at; whether all others fit is the loader's question.
#pragma once

#include <optional>

#include "engine/wavefunctions/parameters.h"
#include "engine/wavefunctions/registry.h"

namespace qs {

// Names do not tell everything. Left open:
// - qstage tails[k] has one empty string per component of tail k: which couplings they are is not stored.
// - vit patch: the square patch of that many entries, or one axis if there is no such square. On other lattices, or with several sites or spins
//   per cell, the patch is another one with the same `patch_entries`; couplings appended to the patches (VitOptions::couplings) count as entries.
struct GuessedOptions {
  WavefunctionOptions options;
  int modes = 0;           // sites the network reads (spin-orbitals of fermions with spin); vit: tokens * patch_entries; 0: not told by shapes
  int tokens = 0;          // vit
  int patch_entries = 0;   // vit: rows of the embedding, see above
  std::string sizes = "";  // what the shapes tell beside the options, for people: "12 sites"
  int features = 0;        // qstage: couplings that the cross-attention or a determinant reads; 0 where there is neither
};

// Paths as the networks name them, without `params/`; complex tensors as <path>_re and <path>_im. Also the names of the first draft of the ViT
// tutorial (patches_and_embed, encoder). None if the tensors are not those of a known kind, or sizes contradict each other.
std::optional<GuessedOptions> guess_options(const ParameterLayout& tensors);

}  // namespace qs
