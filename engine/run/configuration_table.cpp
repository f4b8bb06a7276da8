#include "engine/run/configuration_table.h"

#include <fmt/format.h>

#include <cstdint>
#include <type_traits>
#include <utility>
#include <vector>

#include "engine/base/error.h"

namespace qs {
namespace {

template <class Value>
std::vector<std::int64_t> widened(const std::vector<Value>& values) {
  if constexpr (std::is_integral_v<Value>) return {values.begin(), values.end()};
  return {};
}

// A table of integers of the given rank; `wanted` describes it in the refusal.
std::vector<std::int64_t> integer_table(const DataTree& tree, const std::string& path, std::size_t rank, const std::string& wanted,
                                        const std::string& name) {
  if (!tree.has(path)) throw FileError(fmt::format("'{}' has no dataset '{}' (wanted: {})", name, path, wanted));
  const Dataset& dataset = tree.at(path);
  const bool integers = std::visit([](const auto& v) { return std::is_integral_v<typename std::decay_t<decltype(v)>::value_type>; }, dataset.values);
  if (!integers || dataset.shape.size() != rank)
    throw FileError(fmt::format("'{}': dataset '{}' is {} {} (wanted: {})", name, path, type_name(dataset), shape_text(dataset.shape), wanted));
  return std::visit([](const auto& values) { return widened(values); }, dataset.values);
}

std::vector<std::int64_t> problem_numbers(const DataTree& tree, const ProblemFamily& family, std::int64_t rows, const std::string& name) {
  if (family.size() == 1 && !tree.has("problem")) return std::vector<std::int64_t>(rows, 0);
  const std::string wanted = fmt::format("one integer for each of the {} rows, the member of the family of {}, counted from 0", rows, family.size());
  std::vector<std::int64_t> numbers = integer_table(tree, "problem", 1, wanted, name);
  if (static_cast<std::int64_t>(numbers.size()) != rows)
    throw FileError(fmt::format("'{}': dataset 'problem' has {} entries (wanted: {})", name, numbers.size(), wanted));
  for (std::int64_t i = 0; i < rows; ++i) {
    if (numbers[i] < 0 || numbers[i] >= family.size())
      throw FileError(fmt::format("'{}': row {} of 'problem' is {} (the family has members 0 to {})", name, i, numbers[i], family.size() - 1));
  }
  return numbers;
}

// 1 stands for a set mode; an empty mode or a spin down is 0 or -1, one of them throughout.
void require_two_values(const std::vector<std::int64_t>& values, std::int64_t modes, const std::string& name) {
  std::int64_t lower = 1;
  for (std::size_t k = 0; k < values.size(); ++k) {
    const std::int64_t value = values[k];
    if (value == 1 || value == lower) continue;
    if (lower != 1 || (value != 0 && value != -1))
      throw FileError(fmt::format("'{}': row {}, site {} of 'configurations' is {} (write +1/-1 or 1/0 throughout)", name,
                                  static_cast<std::int64_t>(k) / modes, static_cast<std::int64_t>(k) % modes, value));
    lower = value;
  }
}

}  // namespace

ConfigurationBatch to_configurations(const DataTree& tree, const ProblemFamily& family, const std::string& name) {
  const std::int64_t modes = family.modes();
  const std::string wanted = fmt::format("integers [n, {}], +1/-1 or 1/0", modes);
  const std::vector<std::int64_t> values = integer_table(tree, "configurations", 2, wanted, name);
  const std::vector<std::int64_t>& shape = tree.at("configurations").shape;
  if (shape[1] != modes)
    throw FileError(fmt::format("'{}': 'configurations' is {}, but the system has {} {} (wanted: {})", name, shape_text(shape), modes,
                                family.problems.front().sector.sites() == modes ? "sites" : "modes", wanted));
  if (shape[0] == 0) throw FileError(fmt::format("'{}': 'configurations' has no rows", name));
  const std::vector<std::int64_t> problems = problem_numbers(tree, family, shape[0], name);
  require_two_values(values, modes, name);

  ConfigurationBatch batch(static_cast<int>(modes), shape[0]);
  for (std::int64_t i = 0; i < batch.rows(); ++i) {
    batch.problem[i] = static_cast<std::int32_t>(problems[i]);
    int set = 0;
    for (int mode = 0; mode < batch.modes; ++mode) {
      if (values[i * modes + mode] != 1) continue;
      flip_bit(batch.row(i), mode);
      ++set;
    }
    const Sector& sector = family.problems[problems[i]].sector;
    if (!sector.contains(batch.row(i)))
      throw FileError(fmt::format("'{}': row {} of 'configurations' has {} of {} modes set, which is not in the sector of problem {} ({})", name, i,
                                  set, modes, problems[i], sector.describe()));
  }
  return batch;
}

void store_configurations(DataTree& tree, const ConfigurationBatch& batch, const ProblemFamily& family) {
  const std::int8_t empty = family.problems.front().sector.fermionic() ? 0 : -1;
  std::vector<std::int8_t> values;
  for (std::int64_t i = 0; i < batch.rows(); ++i) {
    for (int mode = 0; mode < batch.modes; ++mode) values.push_back(test_bit(batch.row(i), mode) ? 1 : empty);
  }
  tree.set("configurations", Dataset{{batch.rows(), batch.modes}, std::move(values), {}});
  if (family.size() > 1) tree.set("problem", Dataset{{batch.rows()}, batch.problem, {}});
}

}  // namespace qs
