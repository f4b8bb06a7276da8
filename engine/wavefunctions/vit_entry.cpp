// The words of the vision transformer, and what its options become beside a system or beside weights.
#include <cstdlib>

#include "engine/wavefunctions/vit.h"

namespace qs {
namespace {

// The most nearly square patch of so many cells that tiles the lattice; `otherwise` if there is none.
std::vector<int> tiling_patch(const std::vector<int>& lattice, int cells, std::vector<int> otherwise) {
  if (lattice.empty() || lattice.size() > 2) return otherwise;
  if (lattice.size() == 1) return lattice[0] % cells == 0 ? std::vector<int>{cells} : otherwise;
  std::vector<int> best;
  for (int x = 1; x <= cells; ++x) {
    if (cells % x != 0 || lattice[0] % x != 0 || lattice[1] % (cells / x) != 0) continue;
    if (best.empty() || std::abs(x - cells / x) < std::abs(best[0] - best[1])) best = {x, cells / x};
  }
  return best.empty() ? otherwise : best;
}

void complete(VitOptions& options, const Node& node, NetworkContext& context) {
  NetworkInput& input = context.input;
  options.couplings = complete_couplings(options.couplings, node, context);
  if (!node["patch"].is_null()) return;
  const int per_cell = input.modes / (input.sites / input.basis);
  const int entries = context.from_weights ? context.guessed_patch_entries - static_cast<int>(options.couplings.size()) : 0;
  const std::vector<int> twos(input.lattice_size.size(), 2);
  options.patch = entries > 0 && entries % per_cell == 0 ? tiling_patch(input.lattice_size, entries / per_cell, twos) : twos;
}

// Factored attention takes the lattice for a torus and could not tell the ends of an open one from its middle.
std::string suits(const VitOptions& options, const FamilyFacts& family) {
  if (family.open && options.attention == VitAttention::factored && options.patch != family.lattice_size)
    throw InputError("wavefunction.attention factored treats all patches alike, as on a torus, but the lattice is " + family.lattice +
                     " and its ends differ from its middle; write wavefunction.attention: factored_full");
  return "";
}

Options<VitOptions> vit_options() {
  using V = VitOptions;
  Options<V> options;
  options.integers("patch", &V::patch, shape::list(shape::integer(1, 4096), 1, 2), "cells of a token per axis; must divide the lattice")
      .unit("cells")
      .otherwise_absent("2 along every axis");
  options.integer("layers", &V::layers, 1, 256, "encoder layers");
  options.integer("d_model", &V::d_model, 1, 65536, "width of a token; a multiple of heads");
  options.integer("heads", &V::heads, 1, 4096, "attention heads");
  options.word("attention", &V::attention, Words<VitAttention>{{"factored", VitAttention::factored}, {"factored_full", VitAttention::factored_full}},
               "weights by displacement (translation invariant), or one per pair of tokens");
  options.texts("couplings", &V::couplings, shape::set(shape::text()), "couplings (N: particle number) that every token sees")
      .otherwise_absent("the names that vary in a family");
  return options;
}

}  // namespace

template <>
const WavefunctionEntry& wavefunction_entry<VitOptions>() {
  static const WavefunctionEntry entry = make_entry<VitOptions>(
      {.name = "vit",
       .text = "vision transformer with factored attention",
       .options = vit_options(),
       .make = make_vit,
       .complete = complete,
       .features = [](const VitOptions& options, const NetworkInput&) { return options.couplings; },
       // Tokens mix by displacement and are summed. Q-stage's know where they are, and the weights of an RBM belong to sites.
       .translations = [](const VitOptions& options,
                          const NetworkInput&) { return options.attention == VitAttention::factored ? options.patch : std::vector<int>{}; },
       .suits = suits,
       .starts = {{NetworkRole::frustrated, "layers: 2, d_model: 32, heads: 4"}}});
  return entry;
}

}  // namespace qs
