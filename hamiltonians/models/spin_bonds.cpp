#include "hamiltonians/models/spin_bonds.h"

#include <fmt/format.h>

#include "engine/base/error.h"
#include "hamiltonians/models/models.h"

namespace qs {

SublatticeRotation::SublatticeRotation(const Lattice& lattice, SignRule rule) {
  if (rule == SignRule::none) return;
  colour_ = Lattice::two_colouring(lattice.sites(), lattice.bonds(1));
  if (colour_.empty()) {
    throw InputError(
        fmt::format("system.hamiltonian.marshall_sign needs two sublattices (the nearest-neighbour bonds of {} are not bipartite): switch it off",
                    lattice.describe()));
  }
}

void add_exchange(Operator& op, double coefficient, const std::string& xy, int i, int j, const SublatticeRotation& rotation) {
  const double half = 0.5 * coefficient * rotation.exchange_sign(i, j);
  op.add(half, xy, {{Factor::s_plus, i}, {Factor::s_minus, j}});
  op.add(half, xy, {{Factor::s_minus, i}, {Factor::s_plus, j}});
}

void add_ising(Operator& op, double coefficient, const std::string& z, int i, int j) { op.add(coefficient, z, {{Factor::sz, i}, {Factor::sz, j}}); }

void add_heisenberg(Operator& op, double coefficient, const std::string& coupling, int i, int j, const SublatticeRotation& rotation) {
  add_exchange(op, coefficient, coupling, i, j, rotation);
  add_ising(op, coefficient, coupling, i, j);
}

Options<ModelOptions> marshall_option() {
  Options<ModelOptions> options;
  options.add(
      "marshall_sign", shape::flag(),
      "rotate one sublattice, so that the ground state of a bipartite antiferromagnet is positive; refused on other lattices",
      &ModelOptions::sign_rule, [](const Node& node, SignRule& rule) { rule = node.flag() ? SignRule::marshall : SignRule::none; },
      [](SignRule rule) { return std::string(rule == SignRule::marshall ? "true" : "false"); });
  return options;
}

}  // namespace qs
