#include "engine/plan/plan_system.h"

#include "hamiltonians/lattice_input.h"
#include "hamiltonians/sector_input.h"

namespace qs {

using input::Node;

SystemOptions system_options(const Node& system) {
  SystemOptions options;
  options.lattice = read_lattice(system["lattice"]);
  options.sector = read_sector(system["sector"], Lattice(options.lattice).sites());
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

SystemOptions on_lattice(SystemOptions system, const Node& variant) {
  system.lattice = read_lattice(variant["lattice"]);
  system.sector = read_sector(variant["sector"], Lattice(system.lattice).sites());
  return system;
}

SystemOptions with_family(SystemOptions system, const Node& family) {
  input::FamilyRows rows = input::family_rows(family);
  system.varied = std::move(rows.names);
  system.rows = std::move(rows.rows);
  return system;
}

}  // namespace qs
