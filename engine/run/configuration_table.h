// Configurations as other codes write them, one integer a site, in HDF5 files.
#pragma once

#include <string>

#include "engine/hdf5/data_tree.h"
#include "hamiltonians/configuration.h"
#include "hamiltonians/problem.h"

namespace qs {

// Packed rows of `configurations` [n, modes], integers +1/-1 (spin up, down) or 1/0 (occupied, empty), and of `problem` [n], the member of the family
// that a row belongs to, counted from 0. FileError for a tree without such tables, and naming the row that is not in the sector of its problem.
ConfigurationBatch to_configurations(const DataTree& tree, const ProblemFamily& family, const std::string& name);
// The datasets that to_configurations reads: +1/-1 for spins, 1/0 for fermions; `problem` only where the family has several members.
void store_configurations(DataTree& tree, const ConfigurationBatch& batch, const ProblemFamily& family);

}  // namespace qs
