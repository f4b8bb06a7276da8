// An evaluate stage on a wavefunction of the tests, and what it leaves behind.
#pragma once

#include <string>
#include <vector>

#include "engine/stages/evaluate_stage.h"
#include "tests/engine/sampling/table_wavefunction.h"

namespace qs::testing_evaluate {

using namespace testing_table;  // NOLINT: systems of the tests

struct Evaluated {
  StepOutcome outcome;
  DataTree outputs;

  double energy(const std::string& name, std::size_t problem = 0) const { return outputs.doubles("stages/00_evaluate/energy/" + name).at(problem); }
  const std::vector<double>& observable(const std::string& name, const std::string& column) const {
    return outputs.doubles("stages/00_evaluate/observables/" + name + "/" + column);
  }
  std::int64_t sampling(const std::string& name) const { return outputs.integers("stages/00_evaluate/sampling/" + name).at(0); }
};

// `seed` is that of the chains.
inline Evaluated evaluate(const ProblemFamily& family, Wavefunction& psi, const EvaluateOptions& options, std::uint64_t seed, Communicator& comm) {
  ExactStates exact({}, comm);
  RunState state;
  state.parameters.resize(psi.layout().total);
  EvaluateStage stage(options, {.comm = comm, .family = family, .psi = &psi, .features = {}, .key = {seed, 1}, .group = "00_evaluate"}, exact);
  stage.begin(state);
  Evaluated result{.outcome = stage.step(state), .outputs = {}};
  result.outputs = std::move(state.outputs);
  return result;
}

inline SamplerOptions metropolis(MetropolisOptions options) { return {.kind = SamplerKind::metropolis, .metropolis = std::move(options)}; }
inline SamplerOptions exact_sum() { return {.kind = SamplerKind::exact_sum}; }

}  // namespace qs::testing_evaluate
