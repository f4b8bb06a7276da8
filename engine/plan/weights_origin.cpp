#include "engine/plan/weights_origin.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "engine/base/error.h"

namespace qs {
namespace {

const std::string group = "system";
const char* const site_order = "s = (x Ly + y) n_b + b for cell (x, y) and basis site b; bit s, or s and N + s of down and up fermions";

// "square 4x4" of "square 4x4, periodic".
std::string without_boundary(const std::string& lattice) { return lattice.substr(0, lattice.find(',')); }

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

void refuse_other_origin(const Origin& stored, const Origin& ours, const std::string& file) {
  const auto compare = [&](const std::string& key, const char* what, const auto& part) {
    const auto found = stored.find(key);
    if (found == stored.end() || part(found->second) == part(value_of(ours, key))) return;
    throw CheckpointError(
        fmt::format("weights '{}' belong to another system: {} '{}' there, '{}' here; take the input they were made with, or convert "
                    "them to .npz, which holds no description, if they are meant to be carried over",
                    file, what, part(found->second), part(value_of(ours, key))));
  };
  const auto whole = [](const std::string& text) { return text; };
  compare("lattice", "lattice", without_boundary);
  compare("site_order", "order of the sites", whole);
  compare("amplitudes", "amplitudes", whole);
  compare("conditioning", "couplings that the network reads", whole);
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
