#include "engine/plan/weights_origin.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>

#include "engine/base/error.h"
#include "engine/files/files.h"

namespace qs {
namespace {

const std::string group = "system";
const char* const site_order = "s = (x Ly + y) n_b + b for cell (x, y) and basis site b; bit s, or s and N + s of down and up fermions";

// "square 4x4" of "square 4x4, periodic".
std::string without_boundary(const std::string& lattice) { return lattice.substr(0, lattice.find(',')); }

// To 3 digits, which 0.866 for a square root of 3/4 has; no -0.
double rounded(double x) { return std::round(1e3 * x) / 1e3 + 0.0; }

// Cells by what neither turning nor scaling them changes: products of the primitive vectors, sites along them, periods.
std::string cells_of(const Lattice& lattice) {
  const double unit = dot(lattice.primitive(0), lattice.primitive(0));
  std::string products, sites, periods;
  for (int a = 0; a < lattice.axes(); ++a) {
    for (int b = 0; b <= a; ++b) products += fmt::format(" {}", rounded(dot(lattice.primitive(a), lattice.primitive(b)) / unit));
    CellVector period{};
    if (lattice.is_tilted())
      period = lattice.options().torus[a];
    else
      period[a] = lattice.options().size[a];
    periods += fmt::format(" {}", fmt::join(period.begin(), period.begin() + lattice.axes(), ","));
  }
  const Vector3 origin = lattice.fractional(0);
  for (int site = 0; site < lattice.basis(); ++site) {
    sites += " ";
    for (int a = 0; a < lattice.axes(); ++a) sites += fmt::format("{}{}", a == 0 ? "" : ",", rounded(lattice.fractional(site)[a] - origin[a]));
  }
  return "vectors" + products + "; sites" + sites + "; periods" + periods;
}

// Which site is which: cells, or the nearest neighbours of a graph. Long lists are cut, and end with a hash of the whole.
std::string geometry_of(const Lattice& lattice) {
  if (lattice.has_cells()) return cells_of(lattice);
  constexpr std::size_t shown = 200;
  std::string bonds = "bonds";
  for (const Bond& bond : lattice.bonds(1)) bonds += fmt::format(" {}-{}", bond.i, bond.j);
  return bonds.size() <= shown ? bonds : fmt::format("{} ... (sha256 {})", bonds.substr(0, shown), sha256_hex(bonds));
}

// The value under `key`, "" if there is none.
std::string value_of(const Origin& origin, const std::string& key) {
  const auto found = origin.find(key);
  return found == origin.end() ? "" : found->second;
}

std::vector<std::string> split(const std::string& text, const std::string& separator) {
  std::vector<std::string> parts;
  for (std::size_t begin = 0; begin <= text.size();) {
    const std::size_t end = std::min(text.find(separator, begin), text.size());
    parts.push_back(text.substr(begin, end - begin));
    begin = end + separator.size();
  }
  return parts;
}

}  // namespace

Origin origin_of(const ProblemFamily& family, const SystemOptions& options) {
  std::vector<std::string> couplings;
  for (const auto& [name, value] : family.problems.front().named) {
    if (std::find(family.varied.begin(), family.varied.end(), name) == family.varied.end()) couplings.push_back(fmt::format("{} = {}", name, value));
  }
  if (const auto setup = find_model(options.model).setup; setup != nullptr) couplings.push_back(setup(options));
  return {{"lattice", family.lattice.describe()},
          {"geometry", geometry_of(family.lattice)},
          {"site_order", site_order},
          {"amplitudes", options.sign_rule == SignRule::marshall ? "rotated on one sublattice (marshall_sign)" : "as they are"},
          {"sector", family.describe_sectors()},
          {"hamiltonian", family.hamiltonian.name},
          {"units", family.hamiltonian.convention},
          {"couplings", fmt::format("{}", fmt::join(couplings, ", "))}};
}

std::string describe_conditioning(const WavefunctionOptions& options, const NetworkInput& input) {
  return options.entry().conditioning(options.value(), input);
}

void store_origin(DataTree& tree, const Origin& origin) {
  for (const auto& [key, value] : origin) {
    if (!value.empty()) tree.groups[group][key] = value;
  }
}

Origin stored_origin(const DataTree& tree) {
  Origin origin;
  const auto found = tree.groups.find(group);
  if (found == tree.groups.end()) return origin;
  for (const auto& [key, value] : found->second) {
    if (const auto* text = std::get_if<std::string>(&value)) origin[key] = *text;
  }
  return origin;
}

void refuse_other_origin(const Origin& stored, const Origin& ours, Serves serves, const std::string& file) {
  const auto compare = [&](const std::string& key, const char* what, const auto& part) {
    const auto found = stored.find(key);
    if (found == stored.end() || part(found->second) == part(value_of(ours, key))) return;
    throw CheckpointError(
        fmt::format("weights '{}' belong to another system: {} '{}' there, '{}' here; take the input they were made with, or convert "
                    "them to .msgpack, which holds no description, if they are meant to be carried over",
                    file, what, part(found->second), part(value_of(ours, key))));
  };
  const auto whole = [](const std::string& text) { return text; };
  const bool same_geometry = stored.contains("geometry") && value_of(stored, "geometry") == value_of(ours, "geometry");
  if (serves == Serves::its_lattice && !same_geometry) {
    compare("lattice", "lattice", without_boundary);
    compare("geometry", "geometry", whole);  // of one name, such as a cell or a graph
  }
  compare("site_order", "order of the sites", whole);
  compare("amplitudes", "amplitudes", whole);
  compare("conditioning", "couplings that the network reads", whole);
  if (!stored.contains("conditioning") || value_of(stored, "start") == value_of(ours, "start")) return;
  const auto word = [](const std::string& text) { return text.empty() ? "random" : text; };  // files name a mean field only
  throw CheckpointError(
      fmt::format("weights '{}' were learned on top of other orbitals: wavefunction.start {} there, {} here; write that start (and its "
                  "mean_field_seed)",
                  file, word(value_of(stored, "start")), word(value_of(ours, "start"))));
}

void refuse_other_symmetry(const Origin& stored, const Origin& ours, const std::string& file) {
  const std::string there = value_of(stored, "symmetry"), here = value_of(ours, "symmetry");
  if (there == here) return;
  const auto words = [](const std::string& symmetry) { return symmetry.empty() ? std::string("not projected") : "projected on " + symmetry; };
  throw CheckpointError(fmt::format("weights '{}' belong to a state that is {}, but this run's is {}; take a run with the same symmetry section",
                                    file, words(there), words(here)));
}

std::vector<std::string> other_differences(const Origin& stored, const Origin& ours, const std::string& file) {
  std::vector<std::string> texts;
  for (const char* key : {"lattice", "hamiltonian"}) {
    const auto found = stored.find(key);
    if (found != stored.end() && found->second != value_of(ours, key))
      texts.push_back(fmt::format("weights '{}' were made for {} '{}', not '{}'", file, key, found->second, value_of(ours, key)));
  }
  const auto sectors = stored.find("sector");
  if (sectors == stored.end()) return texts;
  const std::vector<std::string> known = split(sectors->second, "; ");
  std::vector<std::string> fresh = split(value_of(ours, "sector"), "; ");
  std::erase_if(fresh, [&](const std::string& sector) { return std::find(known.begin(), known.end(), sector) != known.end(); });
  if (!fresh.empty())
    texts.push_back(fmt::format("weights '{}' were made for the sector '{}', not '{}'", file, sectors->second, fmt::join(fresh, "; ")));
  return texts;
}

}  // namespace qs
