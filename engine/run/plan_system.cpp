#include "engine/run/plan_system.h"

#include <cmath>

#include "kernels/api/error.h"

namespace qs {
namespace {

using input::Node;

Boundary boundary_of(const std::string& name) {
  if (name == "open") return Boundary::open;
  if (name == "periodic") return Boundary::periodic;
  QS_ASSERT(name == "antiperiodic");
  return Boundary::antiperiodic;
}

LatticeOptions lattice_options(const Node& node) {
  LatticeOptions options;
  options.kind = node.kind();
  for (const std::int64_t length : node["size"].integers()) options.size.push_back(static_cast<int>(length));
  for (const Node& axis : node["boundary"].items()) options.boundary.push_back(boundary_of(axis.text()));
  return options;
}

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

Schedule schedule_of(const Node& node) {
  if (node.is_number()) return {node.number(), node.number(), 0};
  return {node["from"].number(), node["to"].number(), node["steps"].integer()};
}

MoveOptions move_options(const Node& node) {
  MoveOptions options;
  const std::string kind = node.kind();
  options.kind = kind == "flip" ? MoveKind::flip : kind == "hop" ? MoveKind::hop : MoveKind::exchange;
  options.weight = node["weight"].number();
  if (options.kind == MoveKind::flip) return options;
  options.shells.clear();
  for (const std::int64_t shell : node["shells"].integers()) options.shells.push_back(static_cast<int>(shell));
  options.d_max = static_cast<int>(node["d_max"].integer());
  return options;
}

}  // namespace

SystemOptions system_options(const Node& system) {
  SystemOptions options;
  options.lattice = lattice_options(system["lattice"]);
  options.sector = sector_options(system["sector"], Lattice(options.lattice).sites());
  const Node hamiltonian = system["hamiltonian"];
  options.model = hamiltonian.kind();
  const ModelEntry& model = find_model(options.model);
  for (const CouplingEntry& coupling : model.couplings) options.couplings[coupling.name] = hamiltonian[coupling.name].number();
  for (const auto& [key, value] : hamiltonian.entries()) {
    if (key == "marshall_sign" && value.flag()) options.sign_rule = SignRule::marshall;
    if (key == "pinning" && value.text() == "staggered") options.pinning = Pinning::staggered;
  }
  return options;
}

SystemOptions with_family(SystemOptions system, const Node& family) {
  input::FamilyRows rows = input::family_rows(family);
  system.varied = std::move(rows.names);
  system.rows = std::move(rows.rows);
  return system;
}

SamplerOptions sampler_options(const Node& sampler) {
  SamplerOptions options;
  if (sampler.kind() == "exact_sum") {
    options.kind = SamplerKind::exact_sum;
    return options;
  }
  MetropolisOptions& metropolis = options.metropolis;
  for (const Node& move : sampler["moves"].items()) metropolis.moves.push_back(move_options(move));
  metropolis.chains = sampler["chains"].integer();
  metropolis.samples = sampler["samples"].integer();
  metropolis.sweep_size = sampler["sweep_size"].is_null() ? 0 : sampler["sweep_size"].integer();
  metropolis.discard = sampler["discard"].integer();
  metropolis.thermalise = sampler["thermalise"].integer();
  metropolis.power = sampler["power"].number();
  return options;
}

OptimizerOptions optimizer_options(const Node& optimizer) {
  OptimizerOptions options;
  options.lr = schedule_of(optimizer["lr"]);
  options.control = optimizer["control"].text() == "fixed" ? Control::fixed : Control::adaptive;
  const std::string kind = optimizer.kind();
  if (kind == "adamw" || kind == "muon") {
    options.kind = kind == "adamw" ? OptimizerKind::adamw : OptimizerKind::muon;
    if (kind == "muon") options.momentum = optimizer["mu"].number();
    const std::vector<double> betas = optimizer["betas"].numbers();
    options.beta1 = betas.at(0);
    options.beta2 = betas.at(1);
    options.epsilon = optimizer["eps"].number();
    options.weight_decay = optimizer["weight_decay"].number();
    return options;
  }
  options.kind = kind == "sr" ? OptimizerKind::sr : kind == "minsr" ? OptimizerKind::minsr : OptimizerKind::natural;
  options.diag_shift = schedule_of(optimizer["diag_shift"]);
  options.damping = optimizer["damping"].text() == "scaled" ? Damping::scaled : Damping::uniform;
  options.momentum = optimizer["momentum"].number();
  if (kind == "minsr") options.parameter_blocks = static_cast<int>(optimizer["parameter_blocks"].integer());
  options.norm_constraint = optimizer["norm_constraint"].is_null() ? 0 : optimizer["norm_constraint"].number();
  return options;
}

}  // namespace qs
