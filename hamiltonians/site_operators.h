// The vocabulary of expressions: what one name means on one site, for every kind of sector. The only table of these names.
#pragma once

#include <complex>
#include <string>
#include <utility>
#include <vector>

#include "hamiltonians/operator.h"
#include "hamiltonians/sector.h"

namespace qs {

// One product of factors on one site; spin 1 = up, 0 = down or no spin.
struct SiteProduct {
  std::complex<double> coefficient;
  std::vector<std::pair<Factor, int>> factors;  // (factor, spin), the last acts first
};
using SiteOperator = std::vector<SiteProduct>;  // a sum

// "spins", "fermions without spin", "fermions with spin"
const char* words_for(SectorKind kind);
// Throws InputError if the name is unknown, or belongs to another kind of sector; the message lists what is known here.
SiteOperator site_operator(SectorKind kind, const std::string& name);

}  // namespace qs
