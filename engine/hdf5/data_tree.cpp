#include "engine/hdf5/data_tree.h"

#include <fmt/format.h>

#include <array>

#include "engine/base/error.h"

namespace qs {
namespace {

// In the order of the alternatives of Dataset::values.
constexpr std::array<const char*, 9> kTypeNames = {"float64", "float32", "complex128", "int64", "uint64", "int8", "int32", "string", "uint16"};

template <typename T>
const std::vector<T>& values_of(const DataTree& tree, const std::string& path) {
  const Dataset& dataset = tree.at(path);
  if (const auto* values = std::get_if<std::vector<T>>(&dataset.values)) return *values;
  throw CheckpointError(fmt::format("dataset '{}' holds {} (expected {}); the file was written by something else or for another version", path,
                                    type_name(dataset), type_name(Dataset{{}, std::vector<T>{}, {}})));
}

template <typename T>
Dataset make_array(std::vector<T> values, std::vector<std::int64_t> shape) {
  if (shape.empty()) shape = {static_cast<std::int64_t>(values.size())};
  return {std::move(shape), std::move(values), {}};
}

}  // namespace

const Dataset& DataTree::at(const std::string& path) const {
  const auto found = datasets.find(path);
  if (found == datasets.end()) {
    throw CheckpointError(fmt::format("dataset '{}' is missing (the file was written by something else or for another version)", path));
  }
  return found->second;
}

const std::vector<double>& DataTree::doubles(const std::string& path) const { return values_of<double>(*this, path); }
const std::vector<std::int64_t>& DataTree::integers(const std::string& path) const { return values_of<std::int64_t>(*this, path); }
const std::vector<std::uint64_t>& DataTree::words(const std::string& path) const { return values_of<std::uint64_t>(*this, path); }

std::string DataTree::text(const std::string& path) const {
  const auto& values = values_of<std::string>(*this, path);
  if (values.size() != 1) throw CheckpointError(fmt::format("dataset '{}' holds {} strings (one is expected)", path, values.size()));
  return values.front();
}

Dataset scalar(double value) { return {{}, std::vector<double>{value}, {}}; }
Dataset scalar(std::int64_t value) { return {{}, std::vector<std::int64_t>{value}, {}}; }
Dataset scalar(std::string value) { return {{}, std::vector<std::string>{std::move(value)}, {}}; }

Dataset array(std::vector<double> values, std::vector<std::int64_t> shape) { return make_array(std::move(values), std::move(shape)); }
Dataset array(std::vector<std::complex<double>> values, std::vector<std::int64_t> shape) { return make_array(std::move(values), std::move(shape)); }
Dataset array(std::vector<std::int64_t> values, std::vector<std::int64_t> shape) { return make_array(std::move(values), std::move(shape)); }
Dataset array(std::vector<std::uint64_t> values, std::vector<std::int64_t> shape) { return make_array(std::move(values), std::move(shape)); }
Dataset array(std::vector<std::string> values) { return make_array(std::move(values), {}); }

Dataset with(Dataset dataset, std::map<std::string, Attribute> attributes) {
  for (auto& [name, value] : attributes) dataset.attributes[name] = std::move(value);
  return dataset;
}

std::string type_name(const Dataset& dataset) { return kTypeNames[dataset.values.index()]; }

std::string shape_text(const std::vector<std::int64_t>& shape) {
  if (shape.empty()) return "scalar";
  std::string text;
  for (const std::int64_t extent : shape) text += (text.empty() ? "[" : ", ") + std::to_string(extent);
  return text + "]";
}

std::int64_t element_count(const std::vector<std::int64_t>& shape) {
  std::int64_t count = 1;
  for (const std::int64_t extent : shape) count *= extent;
  return count;
}

}  // namespace qs
