// Spin exchange on bonds, with the optional sublattice rotation.
#pragma once

#include <string>
#include <vector>

#include "hamiltonians/lattice.h"
#include "hamiltonians/operator.h"
#include "hamiltonians/registry.h"

namespace qs {

// Marshall's rotation U = prod_{i in B} sigma^z_i: S+_i S-_j changes sign iff i and j lie on different sublattices.
class SublatticeRotation {
 public:
  // InputError if the rule is `marshall` and the shell-1 bonds are not bipartite.
  SublatticeRotation(const Lattice& lattice, SignRule rule);
  double exchange_sign(int i, int j) const { return colour_.empty() || colour_[i] == colour_[j] ? 1.0 : -1.0; }

 private:
  std::vector<int> colour_;  // empty: no rotation
};

// coefficient * xy * sign (S+_i S-_j + S-_i S+_j) / 2 + coefficient * z * Sz_i Sz_j, where xy and z are couplings.
void add_exchange(Operator& op, double coefficient, const std::string& xy, int i, int j, const SublatticeRotation& rotation);
void add_ising(Operator& op, double coefficient, const std::string& z, int i, int j);
// coefficient * coupling * S_i.S_j
void add_heisenberg(Operator& op, double coefficient, const std::string& coupling, int i, int j, const SublatticeRotation& rotation);

}  // namespace qs
