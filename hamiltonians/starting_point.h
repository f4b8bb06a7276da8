// What `qstage-vmc new` writes for a model.
#pragma once

#include <string>

namespace qs {

// What a network must be able to do.
enum class NetworkRole { any_sign, positive, wide_positive, frustrated, spinless_fermions, spinful_fermions };

// A small calculation to start from (qstage-vmc new), as far as the rest of an entry does not tell it.
struct StartingPoint {
  std::string size = "12";       // cells per axis
  std::string hamiltonian = {};  // keys beside the kind; empty: the usual couplings
  std::string observables = "energy";
  NetworkRole small = NetworkRole::any_sign, large = small;  // for a sector that is summed, and for one that is sampled
  // Of the energy steps of a small sector from random numbers, below 1/(E_max - E_0). 0: where the ground state has signs to learn it starts from
  // the exact state, a thousand cheap steps in a second, and only then goes by energy.
  double rate = 0;
  int least_axes = 1, most_axes = 2;  // of its lattice
};

}  // namespace qs
