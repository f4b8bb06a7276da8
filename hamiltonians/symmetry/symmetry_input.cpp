#include "hamiltonians/symmetry/symmetry_input.h"

#include <algorithm>

namespace qs {

Options<PermutationOptions> permutation_options() {
  using P = PermutationOptions;
  Options<P> options;
  options.integers("sites", &P::sites, shape::list(shape::integer(0, 1 << 20), 1), "site i moves to the i-th of them, from 0")
      .otherwise_required("[1, 2, 3, 0]");
  options.integer("power", &P::power, 0, 1 << 20, "eigenvalue exp(-2 pi i power / order), order: how often it is applied until nothing has moved");
  return options;
}

Options<SymmetryOptions> symmetry_options() {
  using S = SymmetryOptions;
  Options<S> options;
  options
      .integers("momentum", &S::momentum, shape::list(shape::integer(-(1 << 20), 1 << 20), 1, 3),
                "wave vector, one integer per axis: T_R psi = exp(-i k.R) psi with k.a_i = 2 pi n_i / L_i; on a tilted torus one of the wave vectors "
                "in the results. Where an odd number of fermions meets an antiperiodic axis, n_i + 1/2 stands for n_i")
      .unit("2 pi / L")
      .otherwise_absent("any");
  options
      .text("point", &S::point,
            "irrep of the rotations and reflections that leave the wave vector as it is, about site 0 if they all have it as a fixed point: A1, A2, "
            "B1, B2, E of C4v, A' and A'' of Cs, ...; G1, G2, ... where it has no other name. A wrong one is answered with those there are")
      .otherwise_absent("any");
  options.integer("spin_inversion", &S::spin_inversion, -1, 1,
                  "parity of psi when all spins are turned over, 1 or -1; for as many up as down it is (-1)^(N/2 - S) at total spin S. 0: any");
  options.integer("particle_hole", &S::particle_hole, -1, 1,
                  "parity of psi when particles and holes are exchanged, 1 or -1, on two sublattices at half filling. 0: any");
  options
      .add(
          "permutations", shape::list(shape::section("permutation"), 1),
          "permutations of sites that commute with each other and with the rest, for graphs above all", &S::permutations,
          [](const Node& node, std::vector<PermutationOptions>& permutations) {
            permutations.clear();
            for (const Node& item : node.items()) permutations.push_back(permutation_options().read(item));
          },
          [](const auto&) { return std::string(); })
      .otherwise_absent("none");
  return options;
}

}  // namespace qs
