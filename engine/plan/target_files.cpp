#include "engine/plan/target_files.h"

#include <fmt/format.h>

#include <cmath>

#include "engine/base/error.h"
#include "engine/files/ed_csv.h"

namespace qs {

Amplitudes read_target(const std::string& path, const ProblemFamily& family, int g) {
  constexpr double largest_residual = 1e-5;  // the published files carry 8 digits
  const EdState file = read_ed_csv(path);
  const Sector& sector = family.problems[g].sector;
  if (!sector.enumerable() || file.sites != sector.modes() || static_cast<std::int64_t>(file.basis.size()) != sector.dimension())
    throw InputError(
        fmt::format("{}: the state has {} sites and {} amplitudes, problem {} has {}", path, file.sites, file.basis.size(), g, sector.describe()));
  Amplitudes state(sector.dimension());
  for (std::size_t i = 0; i < file.basis.size(); ++i) {
    if (!sector.contains(&file.basis[i])) throw InputError(path + ": a mask lies outside the sector " + sector.describe());
    state[sector.index(file.basis[i])] = file.amplitudes[i];
  }
  const double* couplings = family.problems[g].couplings.data();
  double residual = 0;
  for (std::size_t i = 0; i < file.basis.size(); ++i) {
    const Word sigma = file.basis[i];
    std::complex<double> image = (family.table.diagonal(&sigma, couplings) - file.energy) * file.amplitudes[i];
    family.table.for_each_connected(sigma, couplings, [&](Word other, auto element) { image += element * state[sector.index(other)]; });
    residual += std::norm(image);
  }
  if (!(std::sqrt(residual) < largest_residual))
    throw InputError(
        fmt::format("{}: |H phi - E phi| = {:.1e} for problem {} ({}): the file belongs to another Hamiltonian; check couplings, pinning and order",
                    path, std::sqrt(residual), g, family.problems[g].label));
  return state;
}

}  // namespace qs
