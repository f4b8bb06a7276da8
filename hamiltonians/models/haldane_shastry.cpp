// H = J sum_{i<j} (pi/N)^2 / sin^2(pi (i-j) / N) S_i.S_j (Haldane, Phys. Rev. Lett. 60, 635 (1988); Shastry, ibid. 639).
#include <fmt/format.h>

#include <cmath>
#include <numbers>

#include "engine/base/error.h"
#include "hamiltonians/models/models.h"
#include "hamiltonians/models/spin_bonds.h"

namespace qs {

static Operator build_haldane_shastry(const Lattice& lattice, const ModelOptions& options) {
  if (lattice.axes() != 1 || lattice.basis() != 1 || lattice.options().boundary[0] != Boundary::periodic) {
    throw InputError(fmt::format("system.lattice {} cannot carry haldane_shastry (its distance is the chord of a ring): use a periodic chain",
                                 lattice.describe()));
  }
  const int n = lattice.sites();
  Operator op{"haldane_shastry", "S.S", n, {}, {}};
  const SublatticeRotation rotation(lattice, options.sign_rule);
  for (int i = 0; i < n; ++i) {
    for (int j = i + 1; j < n; ++j) {
      const int steps = std::min(j - i, n - (j - i));  // equal distances get bitwise equal coefficients
      const double inverse_chord = std::numbers::pi / (n * std::sin(std::numbers::pi * steps / n));
      add_heisenberg(op, inverse_chord * inverse_chord, "J", i, j, rotation);
    }
  }
  return op;
}

ModelEntry haldane_shastry_entry() {
  return {"haldane_shastry",
          "inverse-square exchange on a ring: J sum_{i<j} (pi/N)^2 / sin^2(pi (i-j)/N) S_i.S_j",
          "S.S",
          SectorKind::spin_half,
          SpinNumber::conserved,
          {
              {"J", 1, "S.S coupling times the inverse squared chord distance"},
          },
          marshall_option(),
          build_haldane_shastry,
          {"16", "J: 1.0, marshall_sign: true", "energy, spin_spin", NetworkRole::positive, NetworkRole::any_sign, 0.05, 1, 1}};
}

}  // namespace qs
