#include "engine/weights/weights.h"

#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstring>

#include "engine/base/error.h"
#include "engine/base/text.h"
#include "engine/files/files.h"
#include "engine/hdf5/hdf5.h"
#include "engine/weights/tensor_tree.h"
#include "engine/weights/weight_files.h"

namespace qs {
namespace {

const std::string kGroup = "parameters";
const std::string kPrefix = "parameters/";

std::vector<double> to_doubles(const Dataset& dataset, const std::string& path, const std::string& name) {
  if (const auto* wide = std::get_if<std::vector<double>>(&dataset.values)) return *wide;
  if (const auto* narrow = std::get_if<std::vector<float>>(&dataset.values)) return {narrow->begin(), narrow->end()};
  throw CheckpointError(fmt::format("'{}': parameter '{}' holds {} (float64 or float32 is expected)", name, path, type_name(dataset)));
}

// Over "path, NUL, shape, NUL, little-endian values" of every tensor, sorted by path, so that the order of a network's list does not matter.
std::string hash_of_parameters(const DataTree& tree) {
  static_assert(std::endian::native == std::endian::little, "the bytes hashed are those of a little-endian machine");
  std::string bytes;
  for (auto entry = tree.datasets.lower_bound(kPrefix); entry != tree.datasets.end() && entry->first.rfind(kPrefix, 0) == 0; ++entry) {
    bytes.append(entry->first).append(1, '\0').append(shape_text(entry->second.shape)).append(1, '\0');
    std::visit(
        [&](const auto& values) {
          using T = typename std::decay_t<decltype(values)>::value_type;
          if constexpr (!std::is_same_v<T, std::string>) bytes.append(reinterpret_cast<const char*>(values.data()), values.size() * sizeof(T));
        },
        entry->second.values);
  }
  return sha256_hex(bytes);
}

std::vector<TensorShape> sorted(std::span<const TensorShape> tensors) {
  std::vector<TensorShape> copy(tensors.begin(), tensors.end());
  std::sort(copy.begin(), copy.end(), [](const TensorShape& a, const TensorShape& b) { return a.path < b.path; });
  return copy;
}

const std::string kFlaxGroup = "params/";

// Whether a dataset is already as a network wants it.
bool is_plain(const std::string& path, const Dataset& dataset) {
  const bool real = std::holds_alternative<std::vector<double>>(dataset.values) || std::holds_alternative<std::vector<float>>(dataset.values);
  return real && dataset.attributes.count("dtype") == 0 && !std::string_view(path).substr(kPrefix.size()).starts_with(kFlaxGroup);
}

// The bytes that a network's names leave out: the group of flax, if all tensors are in it.
std::size_t dropped_prefix(const TensorFile& file) {
  const auto grouped = [](const NamedTensor& tensor) { return tensor.name.starts_with(kFlaxGroup); };
  return std::all_of(file.tensors.begin(), file.tensors.end(), grouped) ? kFlaxGroup.size() : 0;
}

void add_for_network(DataTree& tree, const std::string& path, const NamedTensor& tensor) {
  if (tree.has(path)) throw CheckpointError(fmt::format("parameter '{}' is stored twice, alone and in a complex tensor; keep one", escaped(path)));
  if (tensor.type == TensorType::float32) {
    std::vector<float> values(tensor.bytes.size() / sizeof(float));
    if (!values.empty()) std::memcpy(values.data(), tensor.bytes.data(), tensor.bytes.size());
    return tree.set(path, Dataset{tensor.shape, std::move(values), {}});
  }
  std::vector<double> values = widened(tensor);
  if (!is_complex(tensor.type)) return tree.set(path, Dataset{tensor.shape, std::move(values), {}});
  const auto middle = values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2);
  for (const std::string& part : {path + "_re", path + "_im"}) {
    if (tree.has(part)) throw CheckpointError(fmt::format("parameter '{}' is stored twice, alone and in a complex tensor; keep one", escaped(part)));
  }
  tree.set(path + "_re", Dataset{tensor.shape, std::vector<double>(values.begin(), middle), {}});
  tree.set(path + "_im", Dataset{tensor.shape, std::vector<double>(middle, values.end()), {}});
}

// See read_weights_file. The hash goes: it belongs to the tensors as they were stored.
DataTree for_networks(DataTree tree, const std::string& name) {
  bool plain = true;
  for (auto entry = tree.datasets.lower_bound(kPrefix); entry != tree.datasets.end() && entry->first.starts_with(kPrefix); ++entry) {
    plain = plain && is_plain(entry->first, entry->second);
  }
  if (plain) return tree;
  TensorFile tensors = take_tensors(tree, name);
  const std::size_t prefix = dropped_prefix(tensors);
  for (NamedTensor& tensor : tensors.tensors) {
    add_for_network(tree, kPrefix + tensor.name.substr(prefix), tensor);
    tensor.bytes = {};
  }
  put_metadata(tree, std::move(tensors.metadata));
  if (const auto group = tree.groups.find(kGroup); group != tree.groups.end()) group->second.erase("sha256");
  return tree;
}

}  // namespace

void store_weights(DataTree& tree, std::span<const TensorShape> tensors, std::span<const double> flat) {
  std::size_t offset = 0;
  for (const TensorShape& tensor : tensors) {
    const auto count = static_cast<std::size_t>(element_count(tensor.shape));
    QS_ASSERT(offset + count <= flat.size());
    const auto values = flat.subspan(offset, count);
    tree.set(kPrefix + tensor.path, Dataset{tensor.shape, std::vector<double>(values.begin(), values.end()), {}});
    offset += count;
  }
  QS_ASSERT(offset == flat.size());
  tree.groups[kGroup]["sha256"] = hash_of_parameters(tree);
}

void check_stored_hash(const DataTree& tree, const std::string& name) {
  const auto group = tree.groups.find(kGroup);
  if (group == tree.groups.end()) return;
  const auto stored = group->second.find("sha256");
  if (stored == group->second.end()) return;
  const auto* text = std::get_if<std::string>(&stored->second);
  if (text == nullptr || *text != hash_of_parameters(tree)) {
    throw CheckpointError(fmt::format("'{}': the parameters do not fit their stored SHA-256 (damaged, or edited by hand); restore the file", name));
  }
}

void seal_weights(DataTree& tree) {
  tree.groups[""] = {{"layout", std::string("qstage-weights")}, {"layout_version", std::vector<std::int64_t>{1, 0}}};
  tree.groups[kGroup]["sha256"] = hash_of_parameters(tree);
}

std::vector<TensorShape> stored_shapes(const DataTree& tree) {
  std::vector<TensorShape> shapes;
  for (auto entry = tree.datasets.lower_bound(kPrefix); entry != tree.datasets.end() && entry->first.rfind(kPrefix, 0) == 0; ++entry) {
    shapes.push_back({entry->first.substr(kPrefix.size()), entry->second.shape});
  }
  return shapes;
}

std::string shape_difference(std::span<const TensorShape> expected, std::span<const TensorShape> present) {
  const std::vector<TensorShape> wanted = sorted(expected);
  const std::vector<TensorShape> found = sorted(present);
  std::string first;
  std::size_t differences = 0;
  const auto report = [&](const std::string& path, const std::string& wanted_shape, const std::string& found_shape) {
    if (differences++ == 0) first = fmt::format("parameter '{}': the model has {}, the file has {}", path, wanted_shape, found_shape);
  };

  std::size_t i = 0, j = 0;
  while (i < wanted.size() || j < found.size()) {
    if (j == found.size() || (i < wanted.size() && wanted[i].path < found[j].path)) {
      report(wanted[i].path, shape_text(wanted[i].shape), "no such parameter");
      ++i;
    } else if (i == wanted.size() || found[j].path < wanted[i].path) {
      report(found[j].path, "no such parameter", shape_text(found[j].shape));
      ++j;
    } else {
      if (wanted[i].shape != found[j].shape) report(wanted[i].path, shape_text(wanted[i].shape), shape_text(found[j].shape));
      ++i;
      ++j;
    }
  }
  return differences == 0 ? "" : fmt::format("{} ({} of {} parameters differ)", first, differences, std::max(wanted.size(), found.size()));
}

std::vector<double> load_weights(const DataTree& tree, std::span<const TensorShape> expected, const std::string& name) {
  const std::string difference = shape_difference(expected, stored_shapes(tree));
  if (!difference.empty()) {
    throw CheckpointError(fmt::format("weights '{}' do not fit the model: {}; use the wavefunction section they were made with", name, difference));
  }
  check_stored_hash(tree, name);
  std::vector<double> flat;
  for (const TensorShape& tensor : expected) {
    const std::vector<double> values = to_doubles(tree.at(kPrefix + tensor.path), tensor.path, name);
    if (!std::all_of(values.begin(), values.end(), [](double value) { return std::isfinite(value); })) {
      throw CheckpointError(fmt::format("'{}': parameter '{}' contains a value that is not finite; take an older file", name, tensor.path));
    }
    flat.insert(flat.end(), values.begin(), values.end());
  }
  return flat;
}

DataTree read_weights_file(const std::string& path) { return for_networks(read_weight_tree(path), path); }

std::vector<TensorShape> network_shapes(const TensorFile& file) {
  const std::size_t prefix = dropped_prefix(file);
  std::vector<TensorShape> shapes;
  for (const NamedTensor& tensor : file.tensors) {
    const std::string path = tensor.name.substr(prefix);
    if (is_complex(tensor.type)) {
      shapes.push_back({path + "_re", tensor.shape});
      shapes.push_back({path + "_im", tensor.shape});
    } else {
      shapes.push_back({path, tensor.shape});
    }
  }
  return sorted(shapes);
}

void write_weights_file(const std::string& path, std::span<const TensorShape> tensors, std::span<const double> flat, const std::string& model) {
  DataTree tree;
  tree.set("model", scalar(model));
  store_weights(tree, tensors, flat);
  seal_weights(tree);
  replace_file(path, to_hdf5_image(tree));
}

}  // namespace qs
