// Keys of the physical system.
#include "engine/input/schema.h"

namespace qs::input {

using namespace shape;

namespace {

Shape coupling() { return either({number(), list(number(), 1)}); }
Shape boundary() { return choice({"periodic", "open", "antiperiodic"}); }
const char* const planar = "square triangular honeycomb kagome";
const char* const list_note = "; a list of numbers trains or evaluates all of them together, like 'family'";

Key of(const std::string& kind, const std::string& name, const std::string& otherwise, const std::string& doc) {
  return {"system.hamiltonian", kind, name, coupling(), value(otherwise), "energy", "0.1.0", doc + list_note};
}

}  // namespace

std::vector<Key> system_keys() {
  return {
      {"system", "", "lattice", section("system.lattice"), required(""), "", "0.1.0", "sites and bonds"},
      {"system", "", "sector", section("system.sector"), required(""), "", "0.1.0", "local basis and conserved numbers"},
      {"system", "", "hamiltonian", section("system.hamiltonian"), required(""), "", "0.1.0", "model and its couplings"},
      {"system", "", "family", family(), absent("a single Hamiltonian"), "", "0.1.0",
       "couplings that one network serves together: {V: [0.0, 1.0]}, several lists mean all combinations, the last varies fastest; or "
       "{names: [particles, V], rows: [[1, 0.0], [2, 1.0]]}"},

      {"system.lattice", "chain", "size", list(integer(1, 4096), 1, 1), required("[12]"), "cells", "0.1.0", "cells per axis"},
      {"system.lattice", planar, "size", list(integer(1, 4096), 2, 2), required("[4, 4]"), "cells", "0.1.0", "cells per axis"},
      {"system.lattice", "chain", "periodic", either({flag(), list(flag(), 1, 1)}), absent("true, unless 'boundary' is given"), "", "0.1.0",
       "short form of 'boundary': true = periodic, false = open"},
      {"system.lattice", planar, "periodic", either({flag(), list(flag(), 2, 2)}), absent("true, unless 'boundary' is given"), "", "0.1.0",
       "short form of 'boundary': true = periodic, false = open; a list gives one per axis"},
      {"system.lattice", "chain", "boundary", either({boundary(), list(boundary(), 1, 1)}), absent("periodic, unless 'periodic' is given"), "",
       "0.1.0", "what happens at the end of the chain; antiperiodic: hopping across the seam times -1 (fermions only)"},
      {"system.lattice", planar, "boundary", either({boundary(), list(boundary(), 2, 2)}), absent("periodic, unless 'periodic' is given"), "",
       "0.1.0", "what happens at the ends of an axis; a list gives one per axis; antiperiodic: hopping across the seam times -1 (fermions only)"},

      {"system.sector", "spin_half", "total_sz", number({.multiple_of = 0.5}), absent("not conserved"), "hbar", "0.1.0",
       "total S^z, a multiple of 0.5"},
      {"system.sector", "spinless_fermions", "particles", integer(0, 1 << 20), required("6"), "", "0.1.0", "number of fermions"},
      {"system.sector", "spinful_fermions", "up", integer(0, 1 << 20), required("4"), "", "0.1.0", "number of spin-up fermions"},
      {"system.sector", "spinful_fermions", "down", integer(0, 1 << 20), required("4"), "", "0.1.0", "number of spin-down fermions"},

      of("heisenberg", "J1", "1.0", "S.S coupling of nearest neighbours"),
      of("heisenberg", "J2", "0.0", "S.S coupling of the second shell"),
      of("heisenberg", "J3", "0.0", "S.S coupling of the third shell"),
      of("xxz", "J", "1.0", "coupling of nearest neighbours"),
      of("xxz", "Delta", "1.0", "anisotropy: J (Sx Sx + Sy Sy + Delta Sz Sz)"),
      of("tfim", "J", "1.0", "Ising coupling of nearest neighbours, Pauli matrices"),
      of("tfim", "Gamma", "1.0", "transverse field, Pauli matrices"),
      of("shastry_sutherland", "Js", "1.0", "S.S coupling of the square bonds"),
      of("shastry_sutherland", "Jd", "1.0", "S.S coupling of the dimer diagonals"),
      of("haldane_shastry", "J", "1.0", "S.S coupling times the inverse squared chord distance"),
      of("tv", "t", "1.0", "hopping of nearest neighbours"),
      of("tv", "V", "0.0", "repulsion of nearest neighbours"),
      of("tv", "delta", "0.0", "pinning field"),
      of("hubbard", "t", "1.0", "hopping of nearest neighbours"),
      of("hubbard", "U", "0.0", "repulsion on a site"),
      {"system.hamiltonian", "heisenberg xxz haldane_shastry", "marshall_sign", flag(), value("false"), "", "0.1.0",
       "rotate one sublattice, so that the ground state of a bipartite antiferromagnet is positive; refused on other lattices"},
      {"system.hamiltonian", "tv", "pinning", choice({"odd", "staggered"}), value("odd"), "", "0.1.0",
       "sites of the pinning field: +delta on the odd sites, or +-delta on the two sublattices"},
  };
}

}  // namespace qs::input
