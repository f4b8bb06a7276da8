#include "hamiltonians/symmetry/conjugator.h"

#include <algorithm>
#include <map>

#include "hamiltonians/symmetry/space_group.h"

namespace qs {
namespace {

constexpr double rounding = 1e-9;

// I g I^-1 of permutations.
std::vector<int> conjugated(const std::vector<int>& isometry, const std::vector<int>& g) {
  std::vector<int> image(g.size());
  for (std::size_t m = 0; m < g.size(); ++m) image[isometry[m]] = isometry[g[m]];
  return image;
}

class Group {
 public:
  Group(const std::vector<SymmetrySector::Element>& elements, int parity) : parity_(parity) {
    for (const auto& element : elements)
      if (element.map.bits == Bits::kept) by_image_[element.map.image].push_back(&element);
  }

  // I g = (sign) g' I with an element (sign) g' that has the conjugate character, for every g.
  bool is_conjugated_by(const StateMap& isometry) const {
    return std::all_of(by_image_.begin(), by_image_.end(), [&](const auto& same) {
      const auto others = by_image_.find(conjugated(isometry.image, same.first));
      if (others == by_image_.end()) return false;
      return std::all_of(same.second.begin(), same.second.end(), [&](const auto* g) {
        const StateMap here = canonical(isometry * g->map, parity_);
        return std::any_of(others->second.begin(), others->second.end(), [&](const auto* other) {
          StateMap there = canonical(other->map * isometry, parity_);
          const double sign = here.constant * there.constant;  // translations to and fro across an antiperiodic seam
          there.constant = here.constant;
          return there == here && std::abs(sign * other->character - std::conj(g->character)) < rounding;
        });
      });
    });
  }

 private:
  int parity_;
  std::map<std::vector<int>, std::vector<const SymmetrySector::Element*>> by_image_;
};

}  // namespace

StateMap canonical(StateMap map, int parity) {
  if (parity < 0 || !test_bit(map.sign_modes.data(), 0)) return map;
  for (int m = 0; m < map.modes(); ++m) flip_bit(map.sign_modes.data(), m);
  if (parity == 1) map.constant = -map.constant;
  return map;
}

std::optional<StateMap> find_conjugator(const SiteContext& context, const TermInvariance& terms,
                                        const std::vector<SymmetrySector::Element>& elements) {
  if (!context.lattice.has_cells()) return std::nullopt;
  const SpaceGroup space(context.lattice);
  const Group group(elements, context.parity);
  for (const PointMatrix& point : space.points()) {
    for (int target = 0; target < context.lattice.sites(); ++target) {
      const std::optional<SiteMap> map = space.to(point, target);
      if (!map) continue;
      const StateMap isometry = context.on_states(map->image, map->winding);
      if (group.is_conjugated_by(isometry) && !terms.broken(isometry)) return isometry;
    }
  }
  return std::nullopt;
}

}  // namespace qs
