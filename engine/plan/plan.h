// Input -> typed plan: systems, network, stages. Everything that can be wrong with an input is found here, before anything is computed.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "engine/input/input.h"
#include "engine/plan/weights_origin.h"
#include "engine/stages/stage_entry.h"
#include "engine/wavefunctions/registry.h"
#include "kernels/api/device.h"

namespace qs {

enum class SamplerPrecision { network, float32 };

struct NetworkPlan {
  WavefunctionOptions options;
  NetworkInput input;        // features of the first stage's family
  StartOrbitals start = {};  // what the seed `lowest` stands for is decided here, for all stages
  Precision precision = Precision::float64;
  SamplerPrecision sampler = SamplerPrecision::network;
  // What Markov chains evaluate.
  Precision chains() const { return sampler == SamplerPrecision::float32 ? Precision::float32 : precision; }
  std::string kind;
  std::vector<double> parameters;  // [P] from wavefunction.weights; empty: drawn when the run starts
  Origin weights_origin;           // of those weights; empty if their file does not say
};

struct RunPlan {
  std::string title;
  std::uint64_t seed = 1;
  Device device = Device::cpu;
  std::optional<int> threads;
  std::string directory;
  std::optional<double> walltime;                      // seconds
  double margin = 30;                                  // seconds kept free at the end
  double watchdog = 300;                               // seconds without progress that end the job
  std::int64_t memory_limit = std::int64_t{16} << 30;  // bytes per rank
  double checkpoint_interval = 300;                    // seconds
  std::int64_t keep_every = 0;                         // steps; 0 = only newest and previous
  double log_every = 10;                               // seconds
  OnNonfinite on_nonfinite = OnNonfinite::rollback;
  EdOptions ed;  // how exact states are found, whichever stage asks: as many and as accurate as any ed stage wants them
  SignRule sign_rule = SignRule::none;
  Origin origin;                        // of the parameters that this run makes
  std::optional<NetworkPlan> network;   // none when only ed stages run
  std::optional<ProblemFamily> family;  // of the system section, in the irrep that the run ends with; stages may have their own
  std::vector<StagePlan> stages;
  std::vector<std::string> warnings;
};

// Errors go to `diagnostics`; the plan is usable only if there are none. limits.memory is compared for `ranks`; where nobody knows them yet, a plan
// that more ranks can hold is only warned about.
RunPlan make_plan(const input::Document& document, input::Diagnostics& diagnostics, std::optional<int> ranks = std::nullopt);
// What is wrong with an input that stands in `text`, its first error; "" if nothing is.
std::string first_refusal(const std::string& text, const std::string& name);

}  // namespace qs
