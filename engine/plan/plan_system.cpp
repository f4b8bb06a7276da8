#include "engine/plan/plan_system.h"

#include <cmath>

#include "engine/base/error.h"
#include "hamiltonians/lattice_input.h"

namespace qs {
namespace {

using input::Node;

SectorOptions sector_options(const Node& node, int sites) {
  SectorOptions options;
  options.sites = sites;
  const std::string kind = node.kind();
  if (kind == "spinless_fermions") {
    options.kind = SectorKind::spinless_fermions;
    options.up = static_cast<int>(node["particles"].integer());
  } else if (kind == "spinful_fermions") {
    options.kind = SectorKind::spinful_fermions;
    options.up = static_cast<int>(node["up"].integer());
    options.down = static_cast<int>(node["down"].integer());
  } else if (!node["total_sz"].is_null()) {
    const double twice_up = sites + 2 * node["total_sz"].number();  // 2 Sz = 2 up - N
    if (twice_up < 0 || twice_up > 2 * sites || std::fmod(twice_up, 2) != 0)
      throw InputError("system.sector.total_sz " + std::to_string(node["total_sz"].number()) + " is impossible on " + std::to_string(sites) +
                       " spins (2 Sz must have the parity of the number of sites and |Sz| <= N/2)");
    options.up = static_cast<int>(twice_up / 2);
  }
  return options;
}

}  // namespace

SystemOptions system_options(const Node& system) {
  SystemOptions options;
  options.lattice = read_lattice(system["lattice"]);
  options.sector = sector_options(system["sector"], Lattice(options.lattice).sites());
  const Node hamiltonian = system["hamiltonian"];
  options.model = hamiltonian.kind();
  const ModelEntry& model = find_model(options.model);
  for (const CouplingEntry& coupling : model.couplings) options.couplings[coupling.name] = hamiltonian[coupling.name].number();
  const ModelOptions words = model.options.read(hamiltonian);
  options.sign_rule = words.sign_rule;
  options.pinning = words.pinning;
  options.terms = words.terms;
  for (const auto& [name, number] : words.terms.couplings) options.couplings[name] = number;
  return options;
}

SystemOptions with_family(SystemOptions system, const Node& family) {
  input::FamilyRows rows = input::family_rows(family);
  system.varied = std::move(rows.names);
  system.rows = std::move(rows.rows);
  return system;
}

}  // namespace qs
