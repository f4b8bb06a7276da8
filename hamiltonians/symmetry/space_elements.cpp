#include "hamiltonians/symmetry/space_elements.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>
#include <numeric>
#include <optional>

namespace qs {
namespace {

const Irrep& named_irrep(const LittleGroup& group, const std::string& name, const std::string& where) {
  std::vector<std::string> known;
  for (const Irrep& irrep : group.irreps) {
    if (irrep.name == name) return irrep;
    known.push_back(irrep.name);
  }
  throw SymmetryError("point", fmt::format("'{}' is no irrep of {}{}; it has {}", name, group.words, where, fmt::join(known, ", ")));
}

// The elements that two of them generate, ascending.
std::vector<int> generated(const GroupTable& product, int a, int b) {
  std::vector<int> found = {a, b};
  for (std::size_t next = 0; next < found.size(); ++next) {
    for (const int g : {a, b})
      if (const int more = product[found[next]][g]; std::find(found.begin(), found.end(), more) == found.end()) found.push_back(more);
  }
  std::sort(found.begin(), found.end());
  found.erase(std::unique(found.begin(), found.end()), found.end());
  return found;
}

struct Row {
  std::vector<int> elements;  // of the little group
  std::vector<std::complex<double>> character;
};

// How often an irrep of a subgroup occurs in one of the group.
double occurrences(const Row& row, const Irrep& irrep) {
  std::complex<double> sum = 0;
  for (std::size_t k = 0; k < row.elements.size(); ++k) sum += std::conj(row.character[k]) * irrep.character[row.elements[k]];
  return sum.real() / double(row.elements.size());
}

// An irrep of one dimension of a subgroup that occurs in `irrep` once and in no other; real if there is such a one.
Row row_of(const LittleGroup& group, const Irrep& irrep) {
  const GroupTable product = table_of_points(group.maps);
  const int order = static_cast<int>(product.size());
  std::optional<Row> complex_row;
  for (int a = 0; a < order; ++a) {
    for (int b = a; b < order; ++b) {
      const std::vector<int> elements = generated(product, a, b);
      GroupTable table;
      for (const int x : elements) {
        table.emplace_back();
        for (const int y : elements)
          table.back().push_back(static_cast<int>(std::lower_bound(elements.begin(), elements.end(), product[x][y]) - elements.begin()));
      }
      for (const Irrep& part : irreps_by_classes(table)) {
        const Row row{elements, part.character};
        const bool alone = part.dimension == 1 && std::all_of(group.irreps.begin(), group.irreps.end(), [&](const Irrep& other) {
                             return std::abs(occurrences(row, other) - (other.name == irrep.name ? 1 : 0)) < 1e-6;
                           });
        if (!alone) continue;
        if (std::all_of(row.character.begin(), row.character.end(), [](std::complex<double> chi) { return chi.imag() == 0; })) return row;
        if (!complex_row) complex_row = row;
      }
    }
  }
  if (complex_row) return *complex_row;
  throw SymmetryError("point", fmt::format("{} has {} dimensions, and no subgroup tells one of them from the rest; leave exact states out",
                                           irrep.name, irrep.dimension));
}

std::string momentum_text(const std::vector<int>& momentum) { return fmt::format("k = ({})", fmt::join(momentum, ", ")); }

}  // namespace

SpaceSector space_sector(const SiteContext& context, const TermInvariance& terms, const SymmetryOptions& options, Rows rows) {
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
  sector.words += fmt::format("{}{} of {}", sector.words.empty() ? "" : ", ", irrep.name, group.words);
  Row row{std::vector<int>(group.maps.size()), irrep.character};
  std::iota(row.elements.begin(), row.elements.end(), 0);
  if (rows == Rows::one && irrep.dimension > 1 && group.of == LittleGroup::Of::point) {
    row = row_of(group, irrep);
    sector.words += ", one row";
  } else {
    sector.dimension = irrep.dimension;
  }
  if (group.of == LittleGroup::Of::whole) translations = {{nothing, 1}};
  for (const auto& shift : translations) {
    for (std::size_t k = 0; k < row.elements.size(); ++k) {
      const SiteMap& map = group.maps[row.elements[k]];
      sector.elements.push_back({shift.map * context.on_states(map.image, map.winding), shift.character * row.character[k]});
    }
  }
  return sector;
}

}  // namespace qs
