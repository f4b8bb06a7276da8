// results.h5 and summary.json from what a run has found.
#pragma once

#include <nlohmann/json.hpp>
#include <string>

#include "engine/input/input.h"
#include "engine/plan/plan.h"
#include "engine/report/provenance.h"
#include "engine/report/reporter.h"
#include "engine/report/status.h"
#include "engine/stages/run_state.h"
#include "engine/wavefunctions/parameters.h"

namespace qs {

struct ResultsContext {
  const RunPlan& plan;
  const input::Document& document;
  const Provenance& provenance;
  const ParameterLayout& layout;
};

// The tree of results.h5: provenance, system, stages, parameters, timing.
DataTree results_tree(const ResultsContext& context, const RunState& state);
// summary.json: one entry per finished stage with its results per problem.
nlohmann::json summary_json(const ResultsContext& context, const RunState& state, const Reporter& reporter, RunPhase phase);

}  // namespace qs
