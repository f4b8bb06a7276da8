#include "hamiltonians/mean_field/start_orbitals.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <optional>
#include <utility>

#include "engine/base/error.h"

namespace qs {
namespace {

using Field = std::vector<double>;  // [modes]

constexpr MeanFieldSeed kSeeds[] = {MeanFieldSeed::uniform, MeanFieldSeed::cdw, MeanFieldSeed::neel, MeanFieldSeed::stripe};
constexpr double kCharge = 0.5, kSpin = 0.3;  // strengths, in units of the largest hop
constexpr double kSameEnergy = 1e-9;          // relative

// A sign per site for the modes of all spins.
Field field_of(const std::vector<int>& sign, int modes, double down, double up) {
  const int sites = static_cast<int>(sign.size());
  Field field(modes);
  for (int mode = 0; mode < modes; ++mode) field[mode] = sign[mode % sites] * (mode < sites ? down : up);
  return field;
}

std::vector<int> sublattice_signs(const Lattice& lattice) {
  std::vector<int> signs = lattice.sublattices();
  for (int& sign : signs) sign = 1 - 2 * sign;
  return signs;
}

std::vector<int> row_signs(const Lattice& lattice, int axis) {
  std::vector<int> signs;
  for (int site = 0; site < lattice.sites(); ++site) signs.push_back(lattice.cell_vector(site)[axis] % 2 == 0 ? 1 : -1);
  return signs;
}

// The fields of a seed; none where lattice or sector has no such order.
std::vector<Field> fields_of(const Lattice& lattice, const Sector& sector, MeanFieldSeed seed, double unit) {
  const int modes = sector.modes();
  const bool spinful = sector.options().kind == SectorKind::spinful_fermions;
  if (seed == MeanFieldSeed::uniform) return {Field(modes, 0.0)};
  const double down = spinful ? kSpin : kCharge, up = -kSpin;
  std::vector<Field> fields;
  if (seed == MeanFieldSeed::stripe) {
    // Rows of a chain alternate as its sublattices do.
    for (int axis = 0; axis < lattice.axes() && lattice.axes() > 1; ++axis)
      fields.push_back(field_of(row_signs(lattice, axis), modes, unit * down, unit * up));
    return fields;
  }
  const std::vector<int> signs = sublattice_signs(lattice);
  if (signs.empty() || (seed == MeanFieldSeed::neel && !spinful)) return fields;
  if (seed == MeanFieldSeed::neel) return {field_of(signs, modes, unit * down, unit * up)};
  return {field_of(signs, modes, unit * kCharge, unit * kCharge)};
}

std::string why_unusable(const MeanField& field) {
  if (!field.converged())
    return fmt::format("it does not converge (the density still changes by {:.1e} after {} iterations)", field.change, field.iterations);
  if (!field.open_shell.empty()) return "its determinant is one of many: " + field.open_shell;
  return "";
}

// Replaces `best` by a field that is lower by more than rounding.
bool keep_lower(std::optional<MeanField>& best, MeanField field) {
  if (best && field.energy > best->energy - kSameEnergy * std::abs(best->energy)) return false;
  best = std::move(field);
  return true;
}

struct Search {
  std::optional<MeanField> best;
  MeanFieldSeed seed = MeanFieldSeed::uniform;  // of the best
  std::string refusals;                         // of the others
};

Search search(const ProblemFamily& family, int g, MeanFieldSeed wanted) {
  const Problem& problem = family.problems[g];
  const DensityTerms terms = density_terms(family.hamiltonian, problem);
  const double unit = terms.largest_hop() > 0 ? terms.largest_hop() : 1;
  Search found;
  for (const MeanFieldSeed seed : kSeeds) {
    if (wanted != MeanFieldSeed::lowest && wanted != seed) continue;
    for (const Field& field : fields_of(family.lattice, problem.sector, seed, unit)) {
      MeanField result = hartree_fock(terms, problem.sector, field);
      if (const std::string why = why_unusable(result); !why.empty())
        found.refusals += fmt::format("{}from {} {}", found.refusals.empty() ? "" : "; ", word_of(mean_field_seed_words(), seed), why);
      else if (keep_lower(found.best, std::move(result)))
        found.seed = seed;
    }
  }
  return found;
}

std::string label_of(const Problem& problem) { return problem.label.empty() ? "" : " of " + problem.label; }

Search usable_search(const ProblemFamily& family, int g, MeanFieldSeed seed) {
  Search found = search(family, g, seed);
  if (found.best) return found;
  const std::string why = found.refusals.empty()
                              ? fmt::format("{} with this sector has no order {}", family.lattice.describe(), word_of(mean_field_seed_words(), seed))
                              : found.refusals;
  throw InputError(fmt::format("no Hartree-Fock determinant{}: {}; take another mean_field_seed, an antiperiodic boundary or a pinning field",
                               label_of(family.problems[g]), why));
}

MeanField field_to_start_from(const ProblemFamily& family, int g, const StartOrbitals& start) {
  if (start.start == OrbitalStart::hartree_fock) return mean_field(family, g, start.seed);
  MeanField field = free_fermions(density_terms(family.hamiltonian, family.problems[g]), family.problems[g].sector);
  if (!field.open_shell.empty())
    throw InputError(
        fmt::format("the determinant of free fermions{} is one of many: {}; take another start, an antiperiodic boundary or a pinning field",
                    label_of(family.problems[g]), field.open_shell));
  return field;
}

std::vector<double> columns_of(const MeanField& field, const Sector& sector, int columns) {
  std::vector<double> table(static_cast<std::size_t>(field.modes) * columns, 0.0);
  for (const Sector::Block& block : sector.blocks()) {
    const double scale = std::sqrt(static_cast<double>(block.modes));
    for (int mode = block.first_mode; mode < block.first_mode + block.modes; ++mode) {
      for (int k = 0; k < std::min(field.particles, columns); ++k)
        table[static_cast<std::size_t>(mode) * columns + k] = scale * field.orbitals[static_cast<std::size_t>(mode) * field.particles + k].real();
    }
  }
  return table;
}

}  // namespace

MeanField mean_field(const ProblemFamily& family, int g, MeanFieldSeed seed) { return *usable_search(family, g, seed).best; }

MeanFieldSeed resolved_seed(const ProblemFamily& family, MeanFieldSeed seed) {
  if (seed != MeanFieldSeed::lowest) return seed;
  return family.size() == 1 ? usable_search(family, 0, seed).seed : MeanFieldSeed::uniform;
}

std::vector<std::vector<double>> start_orbitals(const ProblemFamily& family, const StartOrbitals& start) {
  QS_ASSERT(start.start != OrbitalStart::random);
  std::vector<std::vector<double>> tables;
  for (int g = 0; g < family.size(); ++g) {
    const MeanField field = field_to_start_from(family, g, start);
    const bool complex = std::any_of(field.orbitals.begin(), field.orbitals.end(), [](std::complex<double> value) { return value.imag() != 0; });
    if (complex)
      throw InputError("the mean field has complex orbitals (complex hops, or a twist), but those of the determinant are real; take start: random");
    tables.push_back(columns_of(field, family.problems[g].sector, start.columns));
  }
  return tables;
}

}  // namespace qs
