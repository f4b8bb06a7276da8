#include "engine/stages/state_file.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <set>
#include <type_traits>
#include <utility>

#include "engine/base/error.h"
#include "engine/base/text.h"
#include "engine/stages/quantities.h"

namespace qs {
namespace {

const std::string layout_key = "layout", version_key = "layout_version", layout = "qstage-states";
constexpr std::int64_t version = 1;  // files of a later one mean something else
const std::string problems = "problems/";
constexpr double norm_tolerance = 1e-10;

template <class Scalar>
Dataset lowest(const std::vector<std::vector<Scalar>>& states, std::int64_t levels, std::int64_t dimension) {
  std::vector<Scalar> flat;
  flat.reserve(levels * dimension);
  for (std::int64_t k = 0; k < levels; ++k) flat.insert(flat.end(), states[k].begin(), states[k].end());
  return array(std::move(flat), {levels, dimension});
}

// The attribute `key` of a group; `otherwise` if it is absent or of another type.
template <class Value>
Value attribute(const DataTree& tree, const std::string& group, const std::string& key, Value otherwise) {
  const auto found = tree.groups.find(group);
  if (found == tree.groups.end()) return otherwise;
  const auto value = found->second.find(key);
  const auto* typed = value == found->second.end() ? nullptr : std::get_if<Value>(&value->second);
  return typed ? *typed : otherwise;
}

void check_layout(const DataTree& tree, const std::string& name) {
  const std::string found = attribute(tree, "", layout_key, std::string());
  if (found != layout)
    throw FileError(fmt::format("'{}' holds no exact states ({}, not '{}'); an ed stage with `export_hdf5: exact.h5` writes them", name,
                                found.empty() ? "it names no layout" : "its layout is " + quote(found), layout));
  const auto numbers = attribute(tree, "", version_key, std::vector<std::int64_t>{0});
  if (numbers.empty() || numbers[0] != version)
    throw FileError(fmt::format("'{}' has version {} of the layout '{}' (this program reads {}); write it again with this program", name,
                                numbers.empty() ? 0 : numbers[0], layout, version));
}

// One problem of a file.
class Reader {
 public:
  Reader(DataTree& tree, std::string group, const std::string& name) : tree_(tree), group_(std::move(group)), name_(name) {}

  StoredState read() {
    StoredState state;
    state.label = attribute(tree_, group_, "label", state.label);
    state.sector = attribute(tree_, group_, "sector", state.sector);
    state.degeneracy = attribute(tree_, group_, "degeneracy", state.degeneracy);
    if (const auto named = tree_.groups.find(group_ + "/couplings"); named != tree_.groups.end()) {
      for (const auto& [coupling, value] : named->second)
        if (const auto* number = std::get_if<double>(&value)) state.couplings[coupling] = *number;
    }
    const std::vector<double>& energies = values<double>("energies");
    if (energies.empty() || !std::isfinite(energies[0])) fail("energies", "does not begin with a finite number");
    state.energy = energies[0];
    state.basis = std::move(values<std::uint64_t>("basis"));
    if (shape("basis") != std::vector<std::int64_t>{static_cast<std::int64_t>(state.basis.size()), 1})
      fail("basis", fmt::format("has the shape {}, not [dimension, 1] (states of more than 64 modes cannot be learned)", shape_text(shape("basis"))));
    state.amplitudes = amplitudes(state.basis.size());
    return state;
  }

 private:
  [[noreturn]] void fail(const std::string& array, const std::string& problem) const {
    throw FileError(fmt::format("'{}': {}/{} {}; the file is damaged or of another program, write it again (export_hdf5 of an ed stage)", name_,
                                escaped(group_), array, problem));
  }

  Dataset& at(const std::string& array) {
    const auto found = tree_.datasets.find(group_ + "/" + array);
    if (found == tree_.datasets.end()) fail(array, "is missing");
    return found->second;
  }
  const std::vector<std::int64_t>& shape(const std::string& array) { return at(array).shape; }
  template <class Value>
  std::vector<Value>& values(const std::string& array) {
    auto* typed = std::get_if<std::vector<Value>>(&at(array).values);
    if (!typed)
      fail(array, fmt::format("holds {}, not {}", type_name(at(array)), std::is_same_v<Value, std::uint64_t> ? "uint64" : "float64 or complex128"));
    return *typed;
  }

  // Of the first level.
  std::vector<std::complex<double>> amplitudes(std::size_t dimension) {
    const std::string array = "amplitudes";
    const std::vector<std::int64_t>& found = shape(array);
    if (dimension == 0 || found.size() != 2 || found[0] < 1 || found[1] != static_cast<std::int64_t>(dimension))
      fail(array, fmt::format("has the shape {}, not [levels, {}]", shape_text(found), dimension));
    std::vector<std::complex<double>> state(dimension);
    if (std::holds_alternative<std::vector<double>>(at(array).values)) {
      std::copy_n(values<double>(array).begin(), dimension, state.begin());
    } else {
      std::copy_n(values<std::complex<double>>(array).begin(), dimension, state.begin());
    }
    double norm = 0;
    for (const auto& amplitude : state) norm += std::norm(amplitude);
    if (!(std::abs(norm - 1) <= norm_tolerance)) fail(array, fmt::format("begins with a state of squared norm {:.12g}, not 1", norm));
    return state;
  }

  DataTree& tree_;
  const std::string group_;
  const std::string& name_;
};

}  // namespace

void store_state_layout(DataTree& tree) {
  tree.groups[""][layout_key] = layout;
  tree.groups[""][version_key] = std::vector<std::int64_t>{version, 0};
}

void store_states(DataTree& tree, const ProblemFamily& family, int g, const EdResult& exact, std::int64_t levels) {
  const Problem& problem = family.problems.at(g);
  const std::string group = fmt::format("{}{:03}", problems, g), &convention = family.hamiltonian.convention;
  tree.groups[group] = {{"label", problem.label}, {"sector", problem.sector.describe()}, {"degeneracy", std::int64_t{exact.degeneracy}}};
  if (exact.gap) tree.groups[group]["gap"] = *exact.gap;
  for (const auto& [coupling, value] : problem.named) tree.groups[group + "/couplings"][coupling] = value;
  std::vector<std::uint64_t> basis(exact.dimension);
  for (std::int64_t i = 0; i < exact.dimension; ++i) basis[i] = problem.sector.state(i);
  tree.set(group + "/basis", with(array(std::move(basis), {exact.dimension, 1}),
                                  {{"units", "1"}, {"long_name", "packed configurations, state by word; bit i of the first word is mode i"}}));
  tree.set(group + "/amplitudes",
           with(exact.complex_states.empty() ? lowest(exact.states, levels, exact.dimension) : lowest(exact.complex_states, levels, exact.dimension),
                {{"units", "1"}, {"long_name", "amplitudes, level by basis state"}}));
  const auto first = [&](const std::vector<double>& values) { return array(std::vector<double>(values.begin(), values.begin() + levels)); };
  tree.set(group + "/energies", with(first(exact.energies), quantity_attributes("levels", convention)));
  tree.set(group + "/residuals", with(first(exact.residuals), quantity_attributes("residuals", convention)));
}

std::int64_t state_file_bytes(const ProblemFamily& family, int levels) {
  std::int64_t bytes = 0;
  for (const Problem& problem : family.problems) {
    const std::int64_t dimension = problem.sector.dimension(), stored = std::min<std::int64_t>(levels, dimension);
    bytes += dimension * (amplitude_bytes(family) * stored + static_cast<std::int64_t>(sizeof(Word)));
  }
  return bytes;
}

std::vector<StoredState> take_states(DataTree tree, const std::string& name) {
  check_layout(tree, name);
  std::set<std::string> groups;
  for (const auto& [path, dataset] : tree.datasets)
    if (path.starts_with(problems)) groups.insert(path.substr(0, path.find('/', problems.size())));
  std::vector<StoredState> states;
  for (const std::string& group : groups) states.push_back(Reader(tree, group, name).read());
  if (states.empty()) throw FileError(fmt::format("'{}' holds no state of any problem; write it again (export_hdf5 of an ed stage)", name));
  return states;
}

}  // namespace qs
