#include "engine/run/export_states.h"

#include <filesystem>

#include "engine/files/ed_csv.h"
#include "engine/files/files.h"
#include "engine/hdf5/hdf5.h"
#include "engine/stages/state_file.h"

namespace qs {
namespace {

// FOLDER/gsWaveFn_Ns12_Np6_Vnn1.0.csv, of spinless fermions.
void write_state_csv(const std::string& folder, const ProblemFamily& family, int g, const EdResult& exact) {
  const Problem& problem = family.problems[g];
  EdState state;
  state.sites = problem.sector.sites();
  state.particles = static_cast<int>(problem.sector.particles());
  state.delta = family.feature(g, "delta");
  state.energy = exact.energies[0];
  state.amplitudes = exact.amplitudes(0);
  for (std::int64_t i = 0; i < exact.dimension; ++i) state.basis.push_back(problem.sector.state(i));
  replace_file(folder + "/" + ed_csv_name(state.sites, state.particles, family.feature(g, "V")), format_ed_csv(state));
}

// Of the run's origin what holds for every problem of the file; sectors and couplings stand beside their states.
Origin common_origin(Origin origin) {
  for (const char* key : {"sector", "couplings", "conditioning", "start"}) origin.erase(key);
  return origin;
}

DataTree state_tree(const EdStageOptions& options, const ProblemFamily& family, const std::vector<const EdResult*>& exact,
                    const ExportContext& context) {
  DataTree tree;
  store_state_layout(tree);
  tree.groups[""]["creator"] = "qstage-vmc";
  tree.groups[""]["version"] = context.build.version;
  tree.groups[""]["git"] = context.build.git_hash;
  store_origin(tree, common_origin(context.origin));
  for (int g = 0; g < family.size(); ++g) store_states(tree, family, g, *exact[g], options.stored_states(*exact[g]));
  return tree;
}

}  // namespace

std::vector<std::string> export_states(const EdStageOptions& options, const ProblemFamily& family, const std::vector<const EdResult*>& exact,
                                       const ExportContext& context) {
  std::vector<std::string> names;
  if (!options.export_csv.empty()) {
    const std::string folder = context.directory.folder(options.export_csv);
    for (int g = 0; g < family.size(); ++g) write_state_csv(folder, family, g, *exact[g]);
    names.push_back(context.directory.file(options.export_csv));
  }
  if (!options.export_hdf5.empty()) {
    const std::filesystem::path name(options.export_hdf5);
    const std::string folder = context.directory.folder(name.parent_path().string());
    replace_file(folder + "/" + name.filename().string(), to_hdf5_image(state_tree(options, family, exact, context)));
    names.push_back(context.directory.file(options.export_hdf5));
  }
  return names;
}

}  // namespace qs
