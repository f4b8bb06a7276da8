// The sector of the symmetry group that an input asks for.
#pragma once

#include <memory>

#include "engine/input/input.h"
#include "hamiltonians/problem.h"
#include "hamiltonians/sign_rule.h"
#include "hamiltonians/symmetry/symmetry_sector.h"
#include "kernels/api/device.h"

namespace qs {

struct SymmetryPlan {
  std::shared_ptr<const SymmetrySector> sector;   // on which the network is projected
  std::shared_ptr<const SymmetrySector> one_row;  // in which exact states are sought; the same if the irrep has one dimension
};

// `node`: the section. InputError, where possible SymmetryError with its key: no such symmetry or irrep, no state of it, a device that cannot do it.
SymmetryPlan symmetry_plan(const input::Node& node, const ProblemFamily& family, SignRule sign_rule, Device device);
// InputError unless the sector of another family of the run is the same.
void check_same_symmetry(const input::Node& node, const SymmetrySector& sector, const ProblemFamily& family, SignRule sign_rule);

}  // namespace qs
