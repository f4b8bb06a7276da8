// One builder per model; hamiltonians/registry.cpp lists them. Only couplings in `active` get terms.
#pragma once

#include "hamiltonians/lattice.h"
#include "hamiltonians/operator.h"
#include "hamiltonians/registry.h"

namespace qs {

Operator build_heisenberg(const Lattice& lattice, const ModelOptions& options);
Operator build_xxz(const Lattice& lattice, const ModelOptions& options);
Operator build_tfim(const Lattice& lattice, const ModelOptions& options);
Operator build_shastry_sutherland(const Lattice& lattice, const ModelOptions& options);
Operator build_haldane_shastry(const Lattice& lattice, const ModelOptions& options);
Operator build_tv(const Lattice& lattice, const ModelOptions& options);
Operator build_hubbard(const Lattice& lattice, const ModelOptions& options);

}  // namespace qs
