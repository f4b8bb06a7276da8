// Parameters of a network as named tensors, stored below parameters/<path> in weight files, results and checkpoints alike.
// In memory they are one flat buffer (float64, the master copy) in the order of the network's own list of shapes.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "engine/hdf5/data_tree.h"
#include "engine/weights/tensors.h"

namespace qs {

struct TensorShape {
  std::string path;                 // "Encoder_0/layers_0/attn/v/kernel"
  std::vector<std::int64_t> shape;  // C order

  bool operator==(const TensorShape&) const = default;
};

// Adds the datasets and, on the group "parameters", the SHA-256 of all of them (attribute sha256).
void store_weights(DataTree& tree, std::span<const TensorShape> tensors, std::span<const double> flat);
// What parameters/ holds, sorted by path.
std::vector<TensorShape> stored_shapes(const DataTree& tree);
// "" if both name the same tensors with the same shapes (in any order), else the first that differs, with both shapes, and how many do.
std::string shape_difference(std::span<const TensorShape> expected, std::span<const TensorShape> present);
// The flat buffer in the order of `expected`. float64 and float32 are read. CheckpointError, quoting `name`, if the shapes differ,
// the type is another, a value is not finite, or the stored SHA-256 does not fit.
std::vector<double> load_weights(const DataTree& tree, std::span<const TensorShape> expected, const std::string& name);

// CheckpointError, quoting `name`, if the stored SHA-256 does not fit. No hash is no error: files of others have none.
void check_stored_hash(const DataTree& tree, const std::string& name);
// Marks a tree as a weight file and adds the hash.
void seal_weights(DataTree& tree);

// Reads weights to load into a network: any format of weight_files.h, results.h5 or checkpoint.h5 (which is verified first). As networks name
// tensors: without the component `params/` if all begin with it, complex tensors as <path>_re and <path>_im, other types than float32 and float64
// widened to float64. Errors as read_weight_tree.
DataTree read_weights_file(const std::string& path);
// Names and shapes that read_weights_file would give for these tensors.
std::vector<TensorShape> network_shapes(const TensorFile& tensors);
// A file with nothing but the weights; `model` is the wavefunction's resolved YAML.
void write_weights_file(const std::string& path, std::span<const TensorShape> tensors, std::span<const double> flat, const std::string& model);

}  // namespace qs
