// Whether a network can serve a stage's family and lattice. Used by plan.cpp.
#pragma once

#include <string>

#include "engine/plan/plan.h"

namespace qs {

// InputError if two different members of the family look the same to the network, to which only conditioning_features tell them apart.
void check_conditioning(const NetworkPlan& network, const ProblemFamily& family);
// InputError if the network cannot describe the family's sectors on its lattice; what to warn about, or "".
std::string check_suits(const NetworkPlan& network, const ProblemFamily& family);
// InputError if psi is real whatever its parameters are, but the Hamiltonian is complex; names the term that makes it so.
void check_reality(const Wavefunction& psi, const ProblemFamily& family, const SystemOptions& system);
// InputError unless there is one angle per axis, and none on an open one.
void check_twist(const Lattice& lattice, const std::vector<double>& angles);
}  // namespace qs
