#include "hamiltonians/symmetry/little_group.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <optional>

#include "hamiltonians/symmetry/symmetry_sector.h"

namespace qs {

std::complex<double> translation_character(const Vector3& reduced, const CellVector& step) {
  return phase_of(-(reduced[0] * step[0] + reduced[1] * step[1] + reduced[2] * step[2]));
}

SiteMap translation(const SpaceGroup& space, const CellVector& step) {
  return *space.map(space.points().front(), {double(step[0]), double(step[1]), double(step[2])});
}

GroupTable table_of_points(const std::vector<SiteMap>& maps) {
  const auto number = [&](const PointMatrix& point) {
    return static_cast<int>(std::find_if(maps.begin(), maps.end(), [&](const SiteMap& map) { return map.point == point; }) - maps.begin());
  };
  GroupTable table(maps.size());
  for (std::size_t a = 0; a < maps.size(); ++a) {
    for (const SiteMap& b : maps) {
      PointMatrix product{};  // rows: first b, then a
      for (int i = 0; i < 3; ++i)
        for (int j = 0; j < 3; ++j)
          for (int k = 0; k < 3; ++k) product[i][j] += b.point[i][k] * maps[a].point[k][j];
      table[a].push_back(number(product));
    }
  }
  return table;
}

namespace {

// R k = k up to reciprocal vectors.
bool keeps(const PointMatrix& point, const Vector3& reduced) {
  for (int i = 0; i < 3; ++i) {
    double moved = -reduced[i];
    for (int j = 0; j < 3; ++j) moved += point[i][j] * reduced[j];
    if (std::abs(moved - std::round(moved)) > 1e-9) return false;
  }
  return true;
}

// Sites of a cell, then the centres of inversion of the infinite lattice within a cell.
std::vector<Vector3> centres_of(const SpaceGroup& space, const Lattice& lattice) {
  std::vector<Vector3> centres;
  for (int b = 0; b < lattice.basis(); ++b) centres.push_back(space.place(b));
  for (int b = 0; b < lattice.basis(); ++b) {
    for (int corner = 0; corner < 8; ++corner) {
      Vector3 centre{};
      for (int d = 0; d < 3; ++d) {
        const int length = lattice.options().boundary.size() > std::size_t(d) && lattice.options().boundary[d] == Boundary::open
                               ? lattice.options().size[d] - 1
                               : (corner >> d) & 1;
        centre[d] = (space.place(0)[d] + space.place(b)[d] + (d < lattice.axes() ? length : 0)) / 2;
      }
      centres.push_back(centre);
    }
  }
  return centres;
}

std::string centre_text(const SpaceGroup& space, const Vector3& centre) {
  const Vector3 first = space.place(0);
  if (centre == first) return "site 0";
  return fmt::format("the point [{:.4g}]", fmt::join(centre.begin(), centre.begin() + space.dimensions(), ", "));
}

class Finder {
 public:
  Finder(const SiteContext& context, const TermInvariance& terms) : context_(context), terms_(terms), space_(context.lattice) {}

  LittleGroup group(const std::vector<int>& momentum) const {
    const bool translations = !momentum.empty();
    const Vector3 reduced = translations ? reduced_momentum(context_, momentum) : Vector3{};
    std::vector<PointMatrix> wanted;
    std::vector<SiteMap> anywhere;
    for (const PointMatrix& point : space_.points()) {
      if (!keeps(point, reduced)) continue;
      if (translations) {
        const std::optional<SiteMap> found = any(point);
        if (!found) continue;
        anywhere.push_back(*found);
      }
      wanted.push_back(point);
    }
    Vector3 best_centre{};
    std::vector<SiteMap> best;
    for (const Vector3& centre : centres_of(space_, context_.lattice)) {
      std::vector<SiteMap> maps;
      for (const PointMatrix& point : wanted) {
        std::optional<SiteMap> map = space_.about(point, centre);
        if (map && holds(*map)) maps.push_back(std::move(*map));
      }
      if (maps.size() > best.size()) {
        best = std::move(maps);
        best_centre = centre;
      }
      if (best.size() == wanted.size()) break;
    }
    if (!translations || best.size() == wanted.size()) return named(std::move(best), "about " + centre_text(space_, best_centre));
    if (reduced == Vector3{}) return named(std::move(anywhere), "with glides");
    return whole(anywhere, reduced);
  }

 private:
  bool holds(const SiteMap& map) const { return !terms_.broken(context_.on_states(map.image, map.winding)); }

  // Some element with this matrix, translations apart.
  std::optional<SiteMap> any(const PointMatrix& point) const {
    for (int b = 0; b < context_.lattice.basis(); ++b)
      if (std::optional<SiteMap> map = space_.to(point, b); map && holds(*map)) return map;
    return std::nullopt;
  }

  LittleGroup named(std::vector<SiteMap> maps, const std::string& where) const {
    LittleGroup group{"", std::move(maps), {}};
    std::optional<PointGroup> plane;
    if (space_.dimensions() < 3) {
      std::vector<PlaneMap> plane_maps;
      for (const SiteMap& map : group.maps) plane_maps.push_back(space_.in_plane(map.point));
      plane = plane_group(plane_maps, space_.bond_direction());
    }
    group.irreps = plane ? plane->irreps : irreps_by_classes(table_of_points(group.maps));
    group.words = fmt::format("{} {}", plane ? plane->name : fmt::format("the point group of {} elements", group.maps.size()), where);
    return group;
  }

  // Irreps of translations and points together in which translations are exp(-i k.R).
  LittleGroup whole(const std::vector<SiteMap>& points, const Vector3& reduced) const {
    for (int axis = 0; axis < context_.lattice.axes(); ++axis)
      if (context_.antiperiodic(axis))
        throw SymmetryError("point", fmt::format("is not known at this momentum: {} has glides and an antiperiodic axis; ask for the momentum alone",
                                                 context_.lattice.describe()));
    LittleGroup group{fmt::format("the group of {} elements with glides", points.size()), {}, {}, LittleGroup::Of::whole};
    std::map<std::vector<int>, int> number;
    for (const CellVector& step : space_.translations()) {
      const SiteMap shift = translation(space_, step);
      for (const SiteMap& point : points) {
        SiteMap both = point;
        for (int& site : both.image) site = shift.image[site];
        if (number.emplace(both.image, static_cast<int>(group.maps.size())).second) group.maps.push_back(std::move(both));
      }
    }
    GroupTable table(group.maps.size());
    for (std::size_t a = 0; a < group.maps.size(); ++a) {
      for (const SiteMap& b : group.maps) {
        std::vector<int> product = b.image;
        for (int& site : product) site = group.maps[a].image[site];
        table[a].push_back(number.at(product));
      }
    }
    for (Irrep& irrep : irreps_by_classes(table)) {
      const bool has_momentum = std::all_of(space_.translations().begin(), space_.translations().end(), [&](const CellVector& step) {
        const std::complex<double> expected = double(irrep.dimension) * translation_character(reduced, step);
        return std::abs(irrep.character[number.at(translation(space_, step).image)] - expected) < 1e-6;
      });
      if (!has_momentum) continue;
      group.irreps.push_back(std::move(irrep));
      group.irreps.back().name = fmt::format("G{}", group.irreps.size());
    }
    return group;
  }

  const SiteContext& context_;
  const TermInvariance& terms_;
  SpaceGroup space_;
};

}  // namespace

LittleGroup little_group(const SiteContext& context, const TermInvariance& terms, const std::vector<int>& momentum) {
  require_cells(context, "point");
  return Finder(context, terms).group(momentum);
}

}  // namespace qs
