#include "engine/run/export_states.h"

#include "engine/files/ed_csv.h"
#include "engine/files/files.h"

namespace qs {

void write_state_csv(const std::string& folder, const ProblemFamily& family, int problem, const EdResult& result) {
  const Problem& p = family.problems[problem];
  EdState state;
  state.sites = p.sector.sites();
  state.particles = static_cast<int>(p.sector.particles());
  state.delta = family.feature(problem, "delta");
  state.energy = result.energies[0];
  state.amplitudes = result.amplitudes(0);
  for (std::int64_t i = 0; i < result.dimension; ++i) state.basis.push_back(p.sector.state(i));
  const std::string name = ed_csv_name(state.sites, state.particles, family.feature(problem, "V"));
  replace_file(folder + "/" + name, format_ed_csv(state));
}

}  // namespace qs
