// Named tensors <-> the datasets parameters/<name> of a DataTree, that is of our HDF5 files.
//
// HDF5 has no dataset type for every tensor type. Where it lacks one, the dataset has the attribute `dtype`: float16 and bfloat16 are their bits in
// uint16, complex64 is float32 with a last axis of 2, other integers are the next wider one of DataTree. Attribute `position` keeps the order of the
// tensors, which HDF5 sorts by name.
#pragma once

#include <map>
#include <string>

#include "engine/hdf5/data_tree.h"
#include "engine/weights/tensors.h"

namespace qs {

// Metadata: "model" becomes the dataset `model`, "system.lattice" the attribute `lattice` of the group `system`, other keys attributes of the group
// `metadata`.
void put_metadata(DataTree& tree, std::map<std::string, std::string> metadata);
DataTree to_tree(TensorFile tensors);
// Takes parameters/ and the metadata out of the tree. CheckpointError naming `file` if a dataset is no tensor or contradicts its `dtype`.
TensorFile take_tensors(DataTree& tree, const std::string& file);

}  // namespace qs
