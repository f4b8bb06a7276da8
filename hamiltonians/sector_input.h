// The kinds of sectors by name, and the keys of each.
#pragma once

#include <span>
#include <string>

#include "engine/base/options.h"
#include "hamiltonians/sector.h"

namespace qs {

struct SectorEntry {
  SectorKind kind;
  std::string name, text;
  Options<SectorOptions> options;  // `sites` is known before they are read
};

std::span<const SectorEntry> sector_kinds();
const SectorEntry& sector_entry(SectorKind kind);
// InputError for a total_sz that so many spins cannot have.
SectorOptions read_sector(const Node& node, int sites);
// "{kind: spinful_fermions, up: 4, down: 4}"
std::string print_sector(const SectorOptions& options);

}  // namespace qs
