#include "engine/plan/plan_symmetry.h"

#include <fmt/format.h>

#include "engine/base/error.h"
#include "hamiltonians/symmetry/find_symmetry.h"
#include "hamiltonians/symmetry/symmetry_input.h"

namespace qs {
namespace {

// InputError if the sector of a problem has no state of the irrep.
void check_irrep(const SymmetrySector& symmetry, const ProblemFamily& family) {
  for (const Problem& problem : family.problems) {
    const SectorOptions& sector = problem.sector.options();
    const bool holes = sector.kind != SectorKind::spin_half && symmetry.elements().back().map.bits == Bits::complemented;
    if (holes && !problem.sector.enumerable()) continue;  // counted state by state
    if (symmetry.states(problem.sector) == 0)
      throw InputError(fmt::format("no state of the sector ({}) has {}; choose another irrep", problem.sector.describe(), symmetry.describe()));
  }
}

}  // namespace

FamilySymmetry family_symmetry(const input::Node& node, const ProblemFamily& family, SignRule sign_rule, Device device) {
  const SymmetryOptions options = symmetry_options().read(node);
  const auto sector = std::make_shared<const SymmetrySector>(find_symmetry(family, options, sign_rule));
  if (sector->order() == 1) return {};
  check_irrep(*sector, family);
  if (device == Device::cuda)
    throw InputError("symmetry sums over images of a configuration on the host, which device: cuda cannot do yet; write device: cpu");
  if (sector->dimension() == 1) return {sector, sector};
  return {sector, std::make_shared<const SymmetrySector>(find_one_row(family, options, sign_rule))};
}

}  // namespace qs
