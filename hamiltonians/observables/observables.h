// One builder per observable; hamiltonians/registry.cpp lists them. All operators are real symmetric and their couplings are "1".
#pragma once

#include <vector>

#include "hamiltonians/registry.h"

namespace qs {

std::vector<NamedOperator> build_density(const Lattice& lattice, const Sector& sector, SignRule rule);
std::vector<NamedOperator> build_double_occupancy(const Lattice& lattice, const Sector& sector, SignRule rule);
std::vector<NamedOperator> build_density_density(const Lattice& lattice, const Sector& sector, SignRule rule);
std::vector<NamedOperator> build_sz_sz(const Lattice& lattice, const Sector& sector, SignRule rule);
std::vector<NamedOperator> build_spin_spin(const Lattice& lattice, const Sector& sector, SignRule rule);
std::vector<NamedOperator> build_structure_factor(const Lattice& lattice, const Sector& sector, SignRule rule);
std::vector<NamedOperator> build_spin_structure_factor(const Lattice& lattice, const Sector& sector, SignRule rule);
std::vector<NamedOperator> build_staggered_moment(const Lattice& lattice, const Sector& sector, SignRule rule);

}  // namespace qs
