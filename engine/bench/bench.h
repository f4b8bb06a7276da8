// `qstage-vmc bench`: how fast the operations and the steps of an input run on this machine.
#pragma once

#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "engine/bench/operations.h"
#include "engine/bench/step_costs.h"

namespace qs {

struct BenchReport {
  std::string title, wavefunction, instruction_set;
  std::string gpu;  // empty: the cpu device
  std::int64_t parameters = 0;
  double flops_per_log_psi = 0;
  Precision precision = Precision::float64;
  Precision chains = Precision::float64;  // of what Markov chains follow
  int ranks = 1, threads = 1;
  std::vector<OperationRate> operations;
  std::optional<StepCosts> steps;  // none without a vmc or pretrain stage
};

struct BenchOptions {
  int steps = 3;  // of the first vmc stage, without one of the first pretrain stage; 0: none
  double seconds_per_operation = 0.5;
};

// InputError if the input has no wavefunction or asks for the reference device. Collective; all ranks measure, the operations reported are those of
// the root.
BenchReport bench(const RunPlan& plan, const BenchOptions& options, Communicator& comm);

std::string table(const BenchReport& report);
nlohmann::json to_json(const BenchReport& report);

}  // namespace qs
