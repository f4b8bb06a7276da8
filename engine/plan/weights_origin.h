// What the parameters in a file belong to: the system they were trained on and how they read it. Results, checkpoints and converted files carry it as
// text attributes of the group `system`; files of others have none, and load unasked.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "engine/hdf5/data_tree.h"
#include "engine/wavefunctions/registry.h"
#include "hamiltonians/registry.h"

namespace qs {

using Origin = std::map<std::string, std::string>;

// Lattice, its geometry whatever the name, order of the sites, basis of the amplitudes, sectors, Hamiltonian, units, couplings that do not vary.
Origin origin_of(const ProblemFamily& family, const SystemOptions& options);
// The couplings a network reads, in their order: "t, V; tails [t, V], [N]".
std::string describe_conditioning(const WavefunctionOptions& options, const NetworkInput& input);

void store_origin(DataTree& tree, const Origin& origin);
Origin stored_origin(const DataTree& tree);

// CheckpointError, quoting `file`, where sites (unless the network serves any lattice), amplitudes or couplings of the stored network mean something
// else in ours, or it adds to other orbitals.
void refuse_other_origin(const Origin& stored, const Origin& ours, Serves serves, const std::string& file);
// CheckpointError, quoting `file`, where the stored state is of another irrep, so that ours would not be the one that the file means.
void refuse_other_symmetry(const Origin& stored, const Origin& ours, const std::string& file);
// What else differs, in sentences: boundaries, sectors, Hamiltonian. A network may be meant to be carried over.
std::vector<std::string> other_differences(const Origin& stored, const Origin& ours, const std::string& file);

}  // namespace qs
