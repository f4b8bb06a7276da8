// Exact states for other runs and programs.
#pragma once

#include <string>
#include <vector>

#include "engine/plan/weights_origin.h"
#include "engine/report/provenance.h"
#include "engine/run/run_directory.h"
#include "engine/stages/ed_stage.h"

namespace qs {

struct ExportContext {
  const RunDirectory& directory;
  const BuildInfo& build;
  const Origin& origin;  // of the run's system
};

// The files that an ed stage was asked for: HDF5 with its family (engine/stages/state_file.h), one Q-stage CSV with the ground state of each problem.
// `exact`: one result per problem. Returns their names, to be shown. FileError.
std::vector<std::string> export_states(const EdStageOptions& options, const ProblemFamily& family, const std::vector<const EdResult*>& exact,
                                       const ExportContext& context);

}  // namespace qs
