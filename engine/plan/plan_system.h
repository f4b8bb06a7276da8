// The parts of the plan that describe physics: the system and its families. Used by plan.cpp.
#pragma once

#include "engine/input/input.h"
#include "hamiltonians/registry.h"

namespace qs {

SystemOptions system_options(const input::Node& system);
// The same on the lattice and in the sector of an entry of `systems`.
SystemOptions on_lattice(SystemOptions system, const input::Node& variant);
// The system with the family of a stage (null node: a family of one).
SystemOptions with_family(SystemOptions system, const input::Node& family);

}  // namespace qs
