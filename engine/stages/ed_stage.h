// Exact diagonalisation of every problem of the family; one problem is one step.
#pragma once

#include <string>

#include "engine/stages/exact_states.h"
#include "engine/stages/stage.h"

namespace qs {

enum class WriteStates { automatic, always, never };  // automatic: states of at most 2^20 amplitudes

struct EdStageOptions {
  int states = 1;  // stored: so many, or the whole lowest level if that has more
  WriteStates write_states = WriteStates::automatic;
  std::string export_csv;   // folder below the run directory for the ground states as Q-stage CSV, "" = none
  std::string export_hdf5;  // file below the run directory for all stored states of the family (state_file.h), "" = none

  bool writes(std::int64_t dimension) const;  // whether the results hold states of this length
  bool exports() const { return !export_csv.empty() || !export_hdf5.empty(); }
  std::int64_t stored_states(const EdResult& exact) const;  // of those found
};

class EdStage : public Stage {
 public:
  EdStage(EdStageOptions options, StageContext context, ExactStates& exact);
  std::int64_t steps() const override { return context_.family.size(); }
  Pace pace() const override { return Pace::uneven; }  // sectors differ in size
  std::vector<std::string> trace_columns() const override { return {"step", "energy", "residual", "dimension", "applications"}; }
  void begin(RunState&) override {}
  StepOutcome step(RunState& state) override;
  void save(RunState&) override {}
  std::vector<std::string> finish(RunState& state) override;

 private:
  void store(const EdResult& result, int problem, DataTree& outputs) const;

  EdStageOptions options_;
  StageContext context_;
  ExactStates& exact_;
};

// Fills `exact` from the states that ed stages left in `outputs` (a resumed run need not diagonalise again).
void recall_exact_states(const DataTree& outputs, ExactStates& exact);

}  // namespace qs
