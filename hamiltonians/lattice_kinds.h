// The table of lattices: every name that system.lattice.kind takes.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "hamiltonians/lattice.h"

namespace qs {

// Where the cells of a kind come from: its row, LatticeOptions::cell, or nowhere (LatticeOptions::graph).
enum class LatticeForm { named_cell, own_cell, graph };

struct LatticeKind {
  std::string name;
  std::string text;
  LatticeForm form;
  UnitCell cell = {};                   // of form named_cell
  std::vector<Boundary> boundary = {};  // what an input leaves open, one per axis; empty: periodic
};

std::span<const LatticeKind> lattice_kinds();
const LatticeKind& find_lattice_kind(const std::string& name);  // InputError listing the known names

}  // namespace qs
