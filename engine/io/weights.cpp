#include "engine/io/weights.h"

#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstring>

#include "engine/io/checkpoint_file.h"
#include "engine/io/files.h"
#include "engine/io/hdf5.h"
#include "kernels/api/error.h"

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
          if constexpr (std::is_floating_point_v<T>) bytes.append(reinterpret_cast<const char*>(values.data()), values.size() * sizeof(T));
        },
        entry->second.values);
  }
  return sha256_hex(bytes);
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

std::vector<TensorShape> sorted(std::span<const TensorShape> tensors) {
  std::vector<TensorShape> copy(tensors.begin(), tensors.end());
  std::sort(copy.begin(), copy.end(), [](const TensorShape& a, const TensorShape& b) { return a.path < b.path; });
  return copy;
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

DataTree read_weights_file(const std::string& path) { return is_checkpoint(path) ? read_checkpoint(path).tree : read_hdf5(path); }

void write_weights_file(const std::string& path, std::span<const TensorShape> tensors, std::span<const double> flat, const std::string& model) {
  DataTree tree;
  tree.groups[""] = {{"layout", std::string("qstage-weights")}, {"layout_version", std::vector<std::int64_t>{1, 0}}};
  tree.set("model", scalar(model));
  store_weights(tree, tensors, flat);
  replace_file(path, to_hdf5_image(tree));
}

}  // namespace qs
