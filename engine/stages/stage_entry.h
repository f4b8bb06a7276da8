// The catalogue of stages. An entry stands in the file of its kind; stage_entry.cpp lists them.
#pragma once

#include <complex>
#include <cstdint>
#include <functional>
#include <memory>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "engine/base/options.h"
#include "engine/input/input.h"
#include "engine/optimize/optimizer.h"
#include "engine/stages/exact_states.h"
#include "engine/stages/measure.h"
#include "engine/stages/stage.h"

namespace qs {

using Amplitudes = std::vector<std::complex<double>>;  // of one problem, by Sector::index, norm 1

enum class OnNonfinite { rollback, stop };

struct StageEntry;
struct EdStageOptions;

// A stage as the input asks for it, checked. What others want to know of it, whatever its kind, stands here.
struct StagePlan {
  const StageEntry* entry = nullptr;
  int position = 0;   // of its section in the input's list of stages
  std::string group;  // "00_ed"; where there is one for each lattice: "00_ed_4x6"
  ProblemFamily family;
  std::vector<ProblemFamily> beside = {};  // of a stage that trains on several lattices: on the others
  std::int64_t steps = 1;
  std::function<std::unique_ptr<Stage>(const StagePlan&, StageContext, ExactStates&)> make = {};
  std::optional<SamplerOptions> sampler = {};          // of a stage that draws configurations
  std::optional<OptimizerOptions> optimizer = {};      // of one that changes the parameters: it can be given more steps later
  std::int64_t rows = 0;                               // basis states of a step that no sampler draws
  std::vector<Amplitudes> targets = {};                // one per problem, read from files while planning; empty: none, or exact states
  bool exact_states = false;                           // whether it asks for the exact states of its family
  std::int64_t stored_bytes = 0;                       // amplitudes and basis states in its results
  std::int64_t exported_bytes = 0;                     // in a file of its own
  std::shared_ptr<const EdStageOptions> exports = {};  // of exact states that go to files of their own; null: none
  std::vector<std::string> points = {};                // groups of its results that hold an energy and its variance with their errors
  std::int64_t list_bytes = 0;                         // of the configurations or vectors that a step lists beside its samples, on a rank
  std::string facts = {};                              // lines for --dry-run

  Problems problems() const { return problems_of(family, beside); }
  bool uses_network() const { return sampler || optimizer; }
};
// Configurations that one step works on, of all problems together.
std::int64_t rows_per_step(const StagePlan& stage);
// States of all problems.
std::int64_t states_of(const Problems& problems);

// What the planner lends to a stage.
struct StagePlanning {
  const SystemOptions& system;
  Device device;
  OnNonfinite on_nonfinite;
  std::string directory;  // of the run
  EdOptions& ed;          // how exact states are found, whichever stage asks
  const std::vector<StagePlan>& earlier;
  input::Diagnostics& diagnostics;
  // One state per problem out of files, or none if one of them cannot be read, which is reported.
  std::function<std::vector<Amplitudes>(const Node& files, const ProblemFamily& family)> read_targets;
  // Parameters of the run's network out of a weight file; none if it cannot be used, which is reported.
  std::function<std::vector<double>(const Node& file)> read_parameters;
  // Said before the run, in its log and in summary.json.
  std::function<void(const Node& node, const std::string& text)> warn;
};

// What a stage works on at a time; where the input names several lattices for a stage that takes one, there is a stage to each.
enum class Lattices { one, several };

struct StageEntry {
  std::string name, text;
  std::vector<Option> keys;
  // Reads the section into `stage`, whose family is known. InputError for what does not fit it.
  void (*plan)(const Node& node, StagePlanning& run, StagePlan& stage);
  // Adds to the stage's entry of summary.json what its results say.
  void (*summarise)(const StagePlan& stage, const DataTree& outputs, nlohmann::json& entry);
  Lattices lattices = Lattices::one;
  std::vector<std::string> needs = {"wavefunction"};                       // sections of the input without which it cannot run
  std::vector<std::pair<std::string, std::vector<Option>>> sections = {};  // that only its keys name
};

std::span<const StageEntry> stages();

// For entries. InputError if a sector is too large to be diagonalised, or has fewer states (of the family's irrep) than the stage wants.
void check_exact_states(const ProblemFamily& family, int states);
// InputError if a sector has too many states to be summed over, or a move does not fit it.
void check_sampler(const SamplerOptions& options, const Problems& problems);
// Value k of a dataset; null where there is none, or its mask says so (store_values).
nlohmann::json value_at(const DataTree& outputs, const std::string& path, std::size_t k);
// The couplings of problem g that vary, by name.
nlohmann::json varied_couplings(const ProblemFamily& family, int g);

}  // namespace qs
