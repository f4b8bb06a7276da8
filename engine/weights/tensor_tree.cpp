#include "engine/weights/tensor_tree.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstring>
#include <limits>

#include "engine/base/error.h"
#include "engine/base/text.h"

namespace qs {
namespace {

const std::string kPrefix = "parameters/";
const std::string kModel = "model";
const std::string kMetadata = "metadata";
const std::string kSystem = "system";
const std::string kType = "dtype";
const std::string kPosition = "position";

template <typename T>
std::vector<T> values_of(const NamedTensor& tensor) {
  std::vector<T> values(tensor.bytes.size() / sizeof(T));
  if (!values.empty()) std::memcpy(values.data(), tensor.bytes.data(), tensor.bytes.size());
  return values;
}

template <typename Wide, typename Narrow>
std::vector<Wide> widened_integers(const NamedTensor& tensor) {
  const std::vector<Narrow> narrow = values_of<Narrow>(tensor);
  return {narrow.begin(), narrow.end()};
}

template <typename T>
std::vector<std::byte> bytes_of(const std::vector<T>& values) {
  const auto bytes = std::as_bytes(std::span(values));
  return {bytes.begin(), bytes.end()};
}

// What a dataset is without the attribute `dtype`.
struct OwnType {
  std::optional<TensorType> operator()(const std::vector<double>&) const { return TensorType::float64; }
  std::optional<TensorType> operator()(const std::vector<float>&) const { return TensorType::float32; }
  std::optional<TensorType> operator()(const std::vector<std::complex<double>>&) const { return TensorType::complex128; }
  std::optional<TensorType> operator()(const std::vector<std::int64_t>&) const { return TensorType::int64; }
  std::optional<TensorType> operator()(const std::vector<std::uint64_t>&) const { return TensorType::uint64; }
  std::optional<TensorType> operator()(const std::vector<std::int8_t>&) const { return TensorType::int8; }
  std::optional<TensorType> operator()(const std::vector<std::int32_t>&) const { return TensorType::int32; }
  std::optional<TensorType> operator()(const std::vector<std::uint16_t>&) const { return TensorType::uint16; }
  std::optional<TensorType> operator()(const std::vector<std::string>&) const { return std::nullopt; }
};

// The dataset of a tensor, without attributes.
Dataset to_dataset(const NamedTensor& tensor) {
  switch (tensor.type) {
    case TensorType::float16:
    case TensorType::bfloat16:
    case TensorType::uint16:
      return {tensor.shape, values_of<std::uint16_t>(tensor), {}};
    case TensorType::float32:
      return {tensor.shape, values_of<float>(tensor), {}};
    case TensorType::float64:
      return {tensor.shape, values_of<double>(tensor), {}};
    case TensorType::complex64: {
      std::vector<std::int64_t> shape = tensor.shape;
      shape.push_back(2);
      return {std::move(shape), values_of<float>(tensor), {}};
    }
    case TensorType::complex128:
      return {tensor.shape, values_of<std::complex<double>>(tensor), {}};
    case TensorType::int8:
      return {tensor.shape, values_of<std::int8_t>(tensor), {}};
    case TensorType::int16:
      return {tensor.shape, widened_integers<std::int32_t, std::int16_t>(tensor), {}};
    case TensorType::uint8:
      return {tensor.shape, widened_integers<std::int32_t, std::uint8_t>(tensor), {}};
    case TensorType::int32:
      return {tensor.shape, values_of<std::int32_t>(tensor), {}};
    case TensorType::uint32:
      return {tensor.shape, widened_integers<std::int64_t, std::uint32_t>(tensor), {}};
    case TensorType::int64:
      return {tensor.shape, values_of<std::int64_t>(tensor), {}};
    case TensorType::uint64:
      return {tensor.shape, values_of<std::uint64_t>(tensor), {}};
  }
  throw std::logic_error("an unknown tensor type");
}

class Taker {
 public:
  explicit Taker(const std::string& file) : file_(file) {}

  NamedTensor tensor(const std::string& name, const Dataset& dataset) const {
    const auto own = std::visit(OwnType{}, dataset.values);
    if (!own) fail(name, "holds text");
    NamedTensor tensor{name, declared(name, dataset).value_or(*own), dataset.shape, {}};
    std::visit([&](const auto& values) { fill(tensor, dataset, values); }, dataset.values);
    if (byte_count(tensor.type, tensor.shape) != tensor.bytes.size()) fail(name, "has values that do not fill its shape");
    return tensor;
  }

 private:
  [[noreturn]] void fail(const std::string& name, const std::string& problem) const {
    throw CheckpointError(fmt::format("'{}': parameter '{}' {}; it is no intact weight file", file_, escaped(name), problem));
  }

  std::optional<TensorType> declared(const std::string& name, const Dataset& dataset) const {
    const auto attribute = dataset.attributes.find(kType);
    if (attribute == dataset.attributes.end()) return std::nullopt;
    const auto* text = std::get_if<std::string>(&attribute->second);
    for (const TensorTypeEntry& entry : tensor_types()) {
      if (text != nullptr && *text == entry.name) return entry.type;
    }
    fail(name, "has an unknown dtype");
  }

  template <typename Narrow, typename Wide>
  void narrow(NamedTensor& tensor, const std::vector<Wide>& values) const {
    std::vector<Narrow> narrowed;
    for (const Wide value : values) {
      if (value < std::numeric_limits<Narrow>::min() || value > std::numeric_limits<Narrow>::max()) fail(tensor.name, "has values beyond its dtype");
      narrowed.push_back(static_cast<Narrow>(value));
    }
    tensor.bytes = bytes_of(narrowed);
  }

  // The bytes of the tensor from the values that to_dataset stores for its type.
  template <typename T>
  void fill(NamedTensor& tensor, const Dataset& dataset, const std::vector<T>& values) const {
    const bool as_is = OwnType{}(values) == tensor.type;
    const bool bits = std::is_same_v<T, std::uint16_t> && (tensor.type == TensorType::float16 || tensor.type == TensorType::bfloat16);
    const bool pairs = std::is_same_v<T, float> && tensor.type == TensorType::complex64 && !dataset.shape.empty() && dataset.shape.back() == 2;
    if constexpr (!std::is_same_v<T, std::string>) {
      if (pairs) tensor.shape.pop_back();
      if (as_is || bits || pairs) return void(tensor.bytes = bytes_of(values));
    }
    if constexpr (std::is_same_v<T, std::int32_t>) {
      if (tensor.type == TensorType::int16) return narrow<std::int16_t>(tensor, values);
      if (tensor.type == TensorType::uint8) return narrow<std::uint8_t>(tensor, values);
    }
    if constexpr (std::is_same_v<T, std::int64_t>) {
      if (tensor.type == TensorType::uint32) return narrow<std::uint32_t>(tensor, values);
    }
    fail(tensor.name, fmt::format("is stored as {}, which does not fit its dtype {}", type_name(dataset), properties(tensor.type).name));
  }

  std::string file_;
};

// Files of others have no positions: their order is that of the names.
std::int64_t position_of(const Dataset& dataset) {
  const auto attribute = dataset.attributes.find(kPosition);
  if (attribute == dataset.attributes.end()) return std::numeric_limits<std::int64_t>::max();
  const auto* number = std::get_if<std::int64_t>(&attribute->second);
  return number == nullptr ? std::numeric_limits<std::int64_t>::max() : *number;
}

// Text attributes of a group, as metadata <prefix><key>; the group goes.
void take_group(DataTree& tree, const std::string& name, const std::string& prefix, TensorFile& result) {
  const auto group = tree.groups.find(name);
  if (group == tree.groups.end()) return;
  for (const auto& [key, value] : group->second) {
    if (const auto* text = std::get_if<std::string>(&value)) result.metadata[prefix + key] = *text;
  }
  tree.groups.erase(group);
}

void take_metadata(DataTree& tree, TensorFile& result) {
  const auto model = tree.datasets.find(kModel);
  if (model != tree.datasets.end() && std::holds_alternative<std::vector<std::string>>(model->second.values)) {
    result.metadata[kModel] = tree.text(kModel);
    tree.datasets.erase(model);
  }
  take_group(tree, kMetadata, "", result);
  take_group(tree, kSystem, kSystem + ".", result);
}

}  // namespace

void put_metadata(DataTree& tree, std::map<std::string, std::string> metadata) {
  for (auto& [key, value] : metadata) {
    if (key == kModel) {
      tree.set(kModel, scalar(std::move(value)));
    } else if (key.starts_with(kSystem + ".")) {
      tree.groups[kSystem][key.substr(kSystem.size() + 1)] = std::move(value);
    } else {
      tree.groups[kMetadata][key] = std::move(value);
    }
  }
}

DataTree to_tree(TensorFile tensors) {
  DataTree tree;
  std::int64_t position = 0;
  for (NamedTensor& tensor : tensors.tensors) {
    Dataset dataset = to_dataset(tensor);
    if (std::visit(OwnType{}, dataset.values) != tensor.type) dataset.attributes[kType] = std::string(properties(tensor.type).name);
    dataset.attributes[kPosition] = position++;
    tree.set(kPrefix + tensor.name, std::move(dataset));
    tensor.bytes = {};  // a tensor in both forms at a time, not the whole file
  }
  put_metadata(tree, std::move(tensors.metadata));
  return tree;
}

TensorFile take_tensors(DataTree& tree, const std::string& file) {
  const Taker taker(file);
  std::vector<std::pair<std::int64_t, NamedTensor>> found;
  for (auto entry = tree.datasets.lower_bound(kPrefix); entry != tree.datasets.end() && entry->first.starts_with(kPrefix);) {
    if (found.size() == tensor_limit) throw CheckpointError(fmt::format("'{}' holds more than {} tensors; it is no weight file", file, tensor_limit));
    found.emplace_back(position_of(entry->second), taker.tensor(entry->first.substr(kPrefix.size()), entry->second));
    entry = tree.datasets.erase(entry);
  }
  std::stable_sort(found.begin(), found.end(), [](const auto& a, const auto& b) { return a.first < b.first; });
  TensorFile result;
  for (auto& [position, tensor] : found) result.tensors.push_back(std::move(tensor));
  take_metadata(tree, result);
  check_names(result, file);
  return result;
}

}  // namespace qs
