#include "hamiltonians/symmetry/space_elements.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>
#include <numbers>

namespace qs {
namespace {

int parity_of(const ProblemFamily& family) {
  int parity = -1;
  for (const Problem& problem : family.problems) {
    const SectorOptions& sector = problem.sector.options();
    if (sector.up < 0) return -1;
    const int here = (sector.up + std::max(0, sector.down)) % 2;
    if (parity >= 0 && parity != here) return -1;
    parity = here;
  }
  return parity;
}

Vector3 untilted_momentum(const SiteContext& context, const std::vector<int>& momentum) {
  Vector3 reduced{};
  for (int axis = 0; axis < context.lattice.axes(); ++axis) {
    if (context.lattice.options().boundary[axis] == Boundary::open) {
      if (momentum[axis] != 0)
        throw SymmetryError(
            "momentum", fmt::format("is {} along axis {}, which is open ({}); write 0 there", momentum[axis], axis + 1, context.lattice.describe()));
      continue;
    }
    const double half = context.antiperiodic(axis) && context.parity == 1 ? 0.5 : 0;
    reduced[axis] = (momentum[axis] + half) / context.lattice.options().size[axis];
  }
  return reduced;
}

Vector3 tilted_momentum(const SiteContext& context, const std::vector<int>& momentum) {
  std::vector<std::string> known;
  for (const Momentum& q : context.lattice.momenta()) {
    Vector3 reduced{};
    bool same = true;
    for (int axis = 0; axis < context.lattice.axes(); ++axis) {
      same = same && ((momentum[axis] - q.k[axis]) % q.of[axis] == 0);
      reduced[axis] = double(q.k[axis]) / q.of[axis];
    }
    if (same) return reduced;
    known.push_back(fmt::format("[{}]", fmt::join(q.k.begin(), q.k.begin() + context.lattice.axes(), ", ")));
  }
  throw SymmetryError("momentum", fmt::format("[{}] is no wave vector of {}; it has {}", fmt::join(momentum, ", "), context.lattice.describe(),
                                              fmt::join(known, ", ")));
}

std::complex<double> translation_character(const Vector3& reduced, const CellVector& step) {
  return phase_of(-(reduced[0] * step[0] + reduced[1] * step[1] + reduced[2] * step[2]));
}

PointMatrix identity_of(const SpaceGroup& space) { return space.points().front(); }

SiteMap translation(const SpaceGroup& space, const CellVector& step) {
  return *space.map(identity_of(space), {double(step[0]), double(step[1]), double(step[2])});
}

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

  static GroupTable table_of_points(const std::vector<SiteMap>& maps) {
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

void require_cells(const SiteContext& context, const char* key) {
  if (context.lattice.has_cells()) return;
  throw SymmetryError(key, fmt::format("needs a lattice of cells, and {} has none; write permutations of its sites", context.lattice.describe()));
}

const Irrep& named_irrep(const LittleGroup& group, const std::string& name, const std::string& where) {
  std::vector<std::string> known;
  for (const Irrep& irrep : group.irreps) {
    if (irrep.name == name) return irrep;
    known.push_back(irrep.name);
  }
  throw SymmetryError("point", fmt::format("'{}' is no irrep of {}{}; it has {}", name, group.words, where, fmt::join(known, ", ")));
}

std::string momentum_text(const std::vector<int>& momentum) { return fmt::format("k = ({})", fmt::join(momentum, ", ")); }

}  // namespace

std::complex<double> phase_of(double turns) {
  const double quarters = 4 * (turns - std::floor(turns));
  if (std::abs(quarters - std::round(quarters)) < 1e-12) {
    static constexpr std::complex<double> exact[] = {{1, 0}, {0, 1}, {-1, 0}, {0, -1}};
    return exact[std::lround(quarters) % 4];
  }
  return std::polar(1.0, std::numbers::pi / 2 * quarters);
}

SiteContext::SiteContext(const ProblemFamily& family, SignRule sign_rule)
    : lattice(family.lattice), kind(family.problems[0].sector.options().kind), parity(parity_of(family)) {
  if (sign_rule == SignRule::marshall) rotated = Lattice::two_colouring(lattice.sites(), lattice.bonds(1));
}

StateMap SiteContext::on_states(const std::vector<int>& sites, const std::vector<CellVector>& winding) const {
  const int count = lattice.sites(), spins = kind == SectorKind::spinful_fermions ? 2 : 1;
  StateMap map = identity_map(spins * count, kind == SectorKind::spin_half ? Statistics::bosons : Statistics::fermions);
  for (int i = 0; i < count; ++i) {
    int crossings = 0;
    for (int axis = 0; axis < lattice.axes() && !winding.empty(); ++axis) crossings += antiperiodic(axis) ? winding[i][axis] : 0;
    const bool other_sublattice = !rotated.empty() && rotated[i] != rotated[sites[i]];
    for (int spin = 0; spin < spins; ++spin) {
      map.image[spin * count + i] = spin * count + sites[i];
      if ((crossings % 2 != 0) != other_sublattice) flip_bit(map.sign_modes.data(), spin * count + i);
    }
  }
  return map;
}

Vector3 reduced_momentum(const SiteContext& context, const std::vector<int>& momentum) {
  const Lattice& lattice = context.lattice;
  if (static_cast<int>(momentum.size()) != lattice.axes())
    throw SymmetryError("momentum", fmt::format("has {} entries, but {} has {} axes; write one integer for each, in units of 2 pi / L",
                                                momentum.size(), lattice.describe(), lattice.axes()));
  for (int axis = 0; axis < lattice.axes(); ++axis) {
    if (!context.antiperiodic(axis)) continue;
    if (context.parity < 0)
      throw SymmetryError("momentum", "needs particle numbers that are all even or all odd, since an axis is antiperiodic; make two runs");
    if (lattice.is_tilted() && context.parity == 1)
      throw SymmetryError("momentum", fmt::format("is not known for an odd number of fermions on {}; use periodic boundaries", lattice.describe()));
  }
  return lattice.is_tilted() ? tilted_momentum(context, momentum) : untilted_momentum(context, momentum);
}

LittleGroup little_group(const SiteContext& context, const TermInvariance& terms, const std::vector<int>& momentum) {
  require_cells(context, "point");
  return Finder(context, terms).group(momentum);
}

SpaceSector space_sector(const SiteContext& context, const TermInvariance& terms, const SymmetryOptions& options) {
  SpaceSector sector;
  const int spins = context.kind == SectorKind::spinful_fermions ? 2 : 1;
  const StateMap nothing =
      identity_map(spins * context.lattice.sites(), context.kind == SectorKind::spin_half ? Statistics::bosons : Statistics::fermions);
  std::vector<SymmetrySector::Element> translations = {{nothing, 1}};
  if (!options.momentum.empty()) {
    require_cells(context, "momentum");
    const SpaceGroup space(context.lattice);
    const Vector3 reduced = reduced_momentum(context, options.momentum);
    translations.clear();
    for (const CellVector& step : space.translations()) {
      const SiteMap map = translation(space, step);
      translations.push_back({context.on_states(map.image, map.winding), translation_character(reduced, step)});
      if (step[0] + step[1] + step[2] > 1 && !context.lattice.is_tilted()) continue;  // steps of one cell generate the others
      if (const auto broken = terms.broken(translations.back().map))
        throw SymmetryError("momentum", fmt::format("is not conserved: under the translation by [{}] {}; remove it",
                                                    fmt::join(step.begin(), step.begin() + context.lattice.axes(), ", "), *broken));
    }
    sector.words = momentum_text(options.momentum);
  }
  if (options.point.empty()) {
    sector.elements = std::move(translations);
    return sector;
  }
  const LittleGroup group = little_group(context, terms, options.momentum);
  const std::string where = options.momentum.empty() ? "" : ", the little group of " + sector.words;
  const Irrep& irrep = named_irrep(group, options.point, where);
  sector.dimension = irrep.dimension;
  sector.words += fmt::format("{}{} of {}", sector.words.empty() ? "" : ", ", irrep.name, group.words);
  if (group.of == LittleGroup::Of::whole) translations = {{nothing, 1}};
  for (const auto& shift : translations) {
    for (std::size_t p = 0; p < group.maps.size(); ++p) {
      const StateMap map = context.on_states(group.maps[p].image, group.maps[p].winding);
      sector.elements.push_back({shift.map * map, shift.character * irrep.character[p]});
    }
  }
  return sector;
}

}  // namespace qs
