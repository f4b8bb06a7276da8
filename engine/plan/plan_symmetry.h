// The sector of the symmetry group that an input asks for.
#pragma once

#include "engine/input/input.h"
#include "hamiltonians/problem.h"
#include "hamiltonians/sign_rule.h"
#include "kernels/api/device.h"

namespace qs {

// `node`: the section, of the run or of a stage; one that asks for nothing gives null. InputError, where possible SymmetryError with its key: no such
// symmetry or irrep, no state of it, a device that cannot do it.
FamilySymmetry family_symmetry(const input::Node& node, const ProblemFamily& family, SignRule sign_rule, Device device);

}  // namespace qs
