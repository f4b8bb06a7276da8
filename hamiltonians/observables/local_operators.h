// Products of two one-site operators, for every kind of sector: n_i n_j, Sz_i Sz_j, S_i.S_j.
#pragma once

#include <vector>

#include "hamiltonians/models/spin_bonds.h"
#include "hamiltonians/observable.h"
#include "hamiltonians/operator.h"
#include "hamiltonians/sector.h"

namespace qs {

// InputError if the registry's row of this name does not accept the sector.
Operator empty_observable(const char* name, const char* convention, const Sector& sector);

// Modes that carry the density of a site: one, or (down, up).
std::vector<int> modes_of(const Sector& sector, int site);

void add_density_density(Operator& op, double coefficient, const Sector& sector, int i, int j);
// Spinful fermions: Sz = (n_up - n_down) / 2, S+ = c+_up c_down.
void add_sz_sz(Operator& op, double coefficient, const Sector& sector, int i, int j);
void add_spin_spin(Operator& op, double coefficient, const Sector& sector, int i, int j, const SublatticeRotation& rotation);

}  // namespace qs
