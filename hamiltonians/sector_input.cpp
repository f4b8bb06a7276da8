#include "hamiltonians/sector_input.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "engine/base/error.h"

namespace qs {
namespace {

// 2 Sz = 2 up - N.
void read_total_sz(const Node& node, SectorOptions& options) {
  const double twice_up = options.sites + 2 * node.number();
  if (twice_up < 0 || twice_up > 2 * options.sites || std::fmod(twice_up, 2) != 0)
    throw InputError("system.sector.total_sz " + std::to_string(node.number()) + " is impossible on " + std::to_string(options.sites) +
                     " spins (2 Sz must have the parity of the number of sites and |Sz| <= N/2)");
  options.up = static_cast<int>(twice_up / 2);
}

Options<SectorOptions> spins() {
  return Options<SectorOptions>()
      .add(
          "total_sz", shape::number({.multiple_of = 0.5}), "total S^z, a multiple of 0.5", [](auto& all) -> auto& { return all; }, read_total_sz,
          [](const SectorOptions& all) { return all.up < 0 ? std::string() : fmt::format("{:g}", all.up - all.sites / 2.0); })
      .unit("hbar")
      .otherwise_absent("not conserved");
}

Options<SectorOptions> spinless() {
  return Options<SectorOptions>({.kind = SectorKind::spinless_fermions})
      .integer("particles", &SectorOptions::up, 0, 1 << 20, "number of fermions")
      .otherwise_required("6");
}

Options<SectorOptions> spinful() {
  Options<SectorOptions> options({.kind = SectorKind::spinful_fermions});
  options.integer("up", &SectorOptions::up, 0, 1 << 20, "number of spin-up fermions").otherwise_required("4");
  options.integer("down", &SectorOptions::down, 0, 1 << 20, "number of spin-down fermions").otherwise_required("4");
  return options;
}

}  // namespace

// In the order of the enumeration.
std::span<const SectorEntry> sector_kinds() {
  static const std::vector<SectorEntry> table = {
      {SectorKind::spin_half, "spin_half", "one spin 1/2 per site", spins()},
      {SectorKind::spinless_fermions, "spinless_fermions", "at most one fermion per site", spinless()},
      {SectorKind::spinful_fermions, "spinful_fermions", "up and down fermions", spinful()},
  };
  return table;
}

const SectorEntry& sector_entry(SectorKind kind) { return sector_kinds()[static_cast<std::size_t>(kind)]; }

SectorOptions read_sector(const Node& node, int sites) {
  const std::span<const SectorEntry> known = sector_kinds();
  const auto entry = std::find_if(known.begin(), known.end(), [&](const SectorEntry& each) { return each.name == node.kind(); });
  return entry->options.read(node, {.kind = entry->kind, .sites = sites});
}

std::string print_sector(const SectorOptions& options) {
  const SectorEntry& entry = sector_entry(options.kind);
  const std::string keys = entry.options.print(options);
  return "{kind: " + entry.name + (keys.empty() ? "" : ", " + keys) + "}";
}

}  // namespace qs
