// Tr rho_A^2 of a vector over a sector, exactly.
#pragma once

#include <complex>
#include <span>

#include "hamiltonians/bipartition.h"
#include "hamiltonians/sector.h"

namespace qs {

// rho_A = Tr_B |x><x| / <x|x>; fermions with the sign of Bipartition::sign. x [dimension] by Sector::index, of any norm. The second Renyi entropy is
// -ln of it. One dense block for each set of conserved numbers of A: at most sqrt(dimension) rows and columns where numbers are not conserved, so
// that it takes about dimension^(3/2) multiplications.
double purity(const Sector& sector, const Bipartition& parts, std::span<const std::complex<double>> x);

}  // namespace qs
