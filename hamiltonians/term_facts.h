// What a list of terms is, derived from the terms: hermitian, real, and which numbers it conserves. For all values of the couplings.
#pragma once

#include <optional>
#include <vector>

#include "hamiltonians/lattice.h"
#include "hamiltonians/operator.h"
#include "hamiltonians/sector.h"
#include "hamiltonians/terms.h"

namespace qs {

struct OperatorFacts {
  bool hermitian = true;
  bool real = true;                 // all matrix elements
  bool conserves_particles = true;  // fermions: their number
  bool conserves_spin = true;       // spins: Sz; fermions with spin: n_up - n_down; without: always true
};
OperatorFacts facts_of(const Operator& op, SectorKind kind);

// Throws TermError that names the first term which is not its own adjoint, if the sum is not.
void require_hermitian(const Lattice& lattice, SectorKind kind, const std::vector<TermSpec>& terms, const TermOptions& options);
// Throws TermError that names the first term which changes a number that the sector fixes, if the sum does.
void require_conserved(const Lattice& lattice, const SectorOptions& sector, const std::vector<TermSpec>& terms, const TermOptions& options);
// The first term that makes the sum complex; empty if it is real.
std::optional<int> first_complex_term(const Lattice& lattice, SectorKind kind, const std::vector<TermSpec>& terms, const TermOptions& options);

}  // namespace qs
