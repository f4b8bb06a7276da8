#include "engine/plan/target_files.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <limits>
#include <map>
#include <set>
#include <utility>

#include "engine/base/error.h"
#include "engine/base/text.h"
#include "engine/files/ed_csv.h"
#include "engine/files/files.h"
#include "engine/hdf5/hdf5.h"
#include "engine/hdf5/hdf5_child.h"

namespace qs {
namespace {

constexpr double largest_residual = 1e-5;  // the published files carry 8 digits
constexpr std::size_t shown_states = 8;    // of a file, in messages

StoredState of_csv(EdState state) {
  StoredState stored;
  stored.sector = fmt::format("{} particles on {} sites", state.particles, state.sites);
  stored.couplings["delta"] = state.delta;
  if (state.repulsion) {
    stored.label = fmt::format("V = {}", *state.repulsion);
    stored.couplings["V"] = *state.repulsion;
  }
  stored.energy = state.energy;
  stored.basis = std::move(state.basis);
  stored.amplitudes = std::move(state.amplitudes);
  return stored;
}

// What varies in a family; of a family of one all couplings: "t = 1, V = 0".
std::string what_varies(const std::string& label, const std::map<std::string, double>& couplings) {
  std::vector<std::string> parts;
  for (const auto& [name, value] : couplings) parts.push_back(fmt::format("{} = {}", name, value));
  if (!label.empty()) return label;
  return parts.empty() ? "one problem" : fmt::format("{}", fmt::join(parts, ", "));
}

// "V = 0, V = 1 of 3 spinless fermions on 6 sites"
std::string describe(const std::vector<StoredState>& states) {
  std::vector<std::string> labels;
  std::set<std::string> sectors;
  for (const StoredState& state : states) {
    if (labels.size() < shown_states) labels.push_back(escaped(what_varies(state.label, state.couplings)));
    if (sectors.size() < shown_states && !state.sector.empty()) sectors.insert(escaped(state.sector));
  }
  const std::string more = states.size() > labels.size() ? fmt::format(" and {} more", states.size() - labels.size()) : "";
  return fmt::format("{}{} of {}", fmt::join(labels, ", "), more, fmt::join(sectors, "; "));
}

// The amplitudes by Sector::index; none if the basis is not that of the sector.
Amplitudes in_order(const StoredState& stored, const Sector& sector) {
  if (!sector.enumerable() || static_cast<std::int64_t>(stored.basis.size()) != sector.dimension()) return {};
  Amplitudes state(stored.basis.size());
  std::vector<char> met(stored.basis.size(), 0);
  for (std::size_t i = 0; i < stored.basis.size(); ++i) {
    if (!sector.contains(&stored.basis[i])) return {};
    const std::int64_t at = sector.index(stored.basis[i]);
    if (std::exchange(met[at], 1)) return {};
    state[at] = stored.amplitudes[i];
  }
  return state;
}

// |H phi - E phi| of problem g, or some number above `enough` once it is sure to be larger.
double residual(const Amplitudes& state, double energy, const ProblemFamily& family, int g, double enough) {
  const Problem& problem = family.problems[g];
  const double* couplings = problem.couplings.data();
  double squares = 0;
  for (std::size_t i = 0; i < state.size() && squares <= enough * enough; ++i) {
    const Word sigma = problem.sector.state(static_cast<std::int64_t>(i));
    std::complex<double> image = (family.table.diagonal(&sigma, couplings) - energy) * state[i];
    family.table.for_each_connected(sigma, couplings, [&](Word other, auto element) { image += element * state[problem.sector.index(other)]; });
    squares += std::norm(image);
  }
  return std::sqrt(squares);
}

// Whether a file gives couplings by our names, and all that it gives have our values.
bool has_couplings_of(const StoredState& stored, const Problem& problem) {
  int common = 0;
  for (const auto& [name, value] : stored.couplings) {
    const auto ours = problem.named.find(name);
    if (ours == problem.named.end()) continue;
    if (ours->second != value) return false;
    ++common;
  }
  return common > 0;
}

std::string name_of(const ProblemFamily& family, int g) {
  const Problem& problem = family.problems[g];
  return fmt::format("problem {} ({}, {})", g, what_varies(problem.label, problem.named), problem.sector.describe());
}

}  // namespace

TargetSearch::TargetSearch(const ProblemFamily& family, Origin ours, std::size_t largest)
    : family_(family), ours_(std::move(ours)), largest_(largest), found_(family.size(), Found{largest_residual, {}, {}, 1}) {}

void TargetSearch::read(const std::string& path) {
  std::error_code absent;
  if (const auto size = std::filesystem::file_size(path, absent); !absent && size > largest_)
    throw InputError(
        fmt::format("'{}' has {} bytes, and reading it takes three times that; raise limits.memory, or write a file for fewer problems", path, size));
  std::vector<std::byte> bytes = read_bytes(path, largest_);
  std::vector<StoredState> states;
  std::string system;
  if (is_hdf5(bytes)) {
    DataTree tree = read_foreign_hdf5(std::move(bytes), path);
    const Origin theirs = stored_origin(tree);
    states = take_states(std::move(tree), path);
    check_origin(theirs, path);
    for (const char* key : {"hamiltonian", "lattice"})
      if (const auto said = theirs.find(key); said != theirs.end()) system += fmt::format(", {} {}", key, quote(said->second));
  } else if (bytes.empty() || path.ends_with(".h5")) {
    throw FileError(fmt::format("'{}' is {}; write it with export_hdf5 in an ed stage", path, bytes.empty() ? "empty" : "not an HDF5 file"));
  } else {
    states.push_back(of_csv(parse_ed_csv({reinterpret_cast<const char*>(bytes.data()), bytes.size()}, path)));
  }
  seen_.push_back(fmt::format("'{}' has {}{}", path, describe(states), system));
  for (const StoredState& state : states) offer(state, Candidates::of_its_couplings);
  for (const StoredState& state : states) offer(state, Candidates::still_missing);
}

void TargetSearch::check_origin(const Origin& theirs, const std::string& path) const {
  for (const auto& [key, what] : {std::pair{"site_order", "order of the sites"}, std::pair{"amplitudes", "amplitudes"}}) {
    const auto said = theirs.find(key), wanted = ours_.find(key);
    if (said == theirs.end() || wanted == ours_.end() || said->second == wanted->second) continue;
    throw InputError(
        fmt::format("'{}' has states in another convention: {} {} there, '{}' here; write it again with the system section of this input", path, what,
                    quote(said->second), wanted->second));
  }
}

void TargetSearch::offer(const StoredState& stored, Candidates candidates) {
  Amplitudes state;
  std::string sector;  // that `state` is ordered by
  for (int g = 0; g < family_.size(); ++g) {
    const Problem& problem = family_.problems[g];
    Found& found = found_[g];
    const bool own = has_couplings_of(stored, problem);
    if (candidates == Candidates::of_its_couplings ? !own : own || !found.state.empty()) continue;
    if (const std::string words = problem.sector.describe(); words != sector) {
      state = in_order(stored, problem.sector);
      sector = words;
    }
    if (state.empty()) continue;
    const double distance = residual(state, stored.energy, family_, g, own ? std::numeric_limits<double>::infinity() : found.residual);
    if (own) found.at_its_own = std::min(distance, found.at_its_own.value_or(distance));
    if (!(distance < found.residual)) continue;
    found.residual = distance;
    found.state = state;
    found.degeneracy = stored.degeneracy;
  }
}

void TargetSearch::missing(int g) const {
  const std::optional<double>& nearest = found_[g].at_its_own;
  const std::string why = nearest ? fmt::format(
                                        "of these couplings there is one, but its |H phi - E phi| is {:.1e}, so it belongs to another lattice, "
                                        "boundary, order of sites or term",
                                        *nearest)
                                  : fmt::format("none has these couplings, this sector and |H phi - E phi| below {:.0e}", largest_residual);
  throw InputError(
      fmt::format("the target files have no ground state of {}: {}; {}; write it with `export_hdf5: exact.h5` in an ed stage of this "
                  "system, or take targets: ed",
                  name_of(family_, g), why, fmt::join(seen_, "; ")));
}

std::vector<Amplitudes> TargetSearch::take() {
  std::vector<Amplitudes> states;
  for (int g = 0; g < family_.size(); ++g) {
    if (found_[g].state.empty()) missing(g);
    states.push_back(std::move(found_[g].state));
  }
  return states;
}

std::string TargetSearch::warning() const {
  const auto degenerate = [](const Found& found) { return found.degeneracy > 1; };
  const auto first = std::find_if(found_.begin(), found_.end(), degenerate);
  if (first == found_.end()) return "";
  const auto others = std::count_if(first, found_.end(), degenerate) - 1;
  return fmt::format(
      "the exact ground level of {} has {} states{}, and the network learns the first of them in the file; split the level (a small "
      "pinning field, another sector) to choose",
      name_of(family_, static_cast<int>(first - found_.begin())), first->degeneracy,
      others > 0 ? fmt::format(" (and {} other levels have several)", others) : "");
}

}  // namespace qs
