// Numbers of independent programs (NetKet, Q-stage): folder "reference" of the folder that the environment names, absent in most checkouts.
#pragma once

#include <complex>
#include <cstdlib>
#include <filesystem>
#include <string>
#include <type_traits>
#include <variant>
#include <vector>

#include "engine/base/error.h"
#include "engine/hdf5/data_tree.h"
#include "engine/wavefunctions/parameters.h"

namespace qs::test {

inline std::filesystem::path reference_path(const std::string& name) {
  const char* shared = std::getenv("QSTAGE_SHARED");
  return std::filesystem::path(shared ? shared : "../shared") / "reference" / name;
}

inline std::vector<double> numbers(const DataTree& tree, const std::string& path) {
  return std::visit(
      [](const auto& values) -> std::vector<double> {
        if constexpr (std::is_arithmetic_v<typename std::decay_t<decltype(values)>::value_type>) return {values.begin(), values.end()};
        throw FileError("a numeric dataset was expected");
      },
      tree.at(path).values);
}

inline std::vector<std::complex<double>> complex_numbers(const DataTree& tree, const std::string& path) {
  const std::vector<double> re = numbers(tree, path + "_re");
  const std::vector<double> im = numbers(tree, path + "_im");
  std::vector<std::complex<double>> values(re.size());
  for (std::size_t k = 0; k < re.size(); ++k) values[k] = {re[k], im[k]};
  return values;
}

// <group>/<path> of every tensor in flat order; CheckpointError if a tensor is absent or has another shape.
inline std::vector<double> gather(const DataTree& tree, const std::string& group, const ParameterLayout& layout) {
  std::vector<double> flat;
  for (const ParameterSlice& slice : layout.slices) {
    const std::string path = group + "/" + slice.path;
    if (tree.at(path).shape != slice.shape) throw CheckpointError(path + " has shape " + shape_text(tree.at(path).shape));
    const std::vector<double> values = numbers(tree, path);
    flat.insert(flat.end(), values.begin(), values.end());
  }
  return flat;
}

}  // namespace qs::test
