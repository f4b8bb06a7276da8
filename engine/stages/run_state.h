// All that must survive a kill, independent of ranks; no options. The checkpoint is exactly this.
#pragma once

#include <complex>
#include <cstdint>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "engine/hdf5/data_tree.h"
#include "engine/optimize/optimizer.h"
#include "hamiltonians/configuration.h"

namespace qs {

// One row per finished step; columns are the stage's (Stage::trace_columns).
struct Trace {
  std::vector<std::string> columns;
  std::vector<std::vector<double>> rows;
};

// Where a step may go back to.
struct Snapshot {
  std::vector<double> parameters;  // [P]; empty: there is none
  OptimizerState optimizer;
  ConfigurationBatch chains;  // all ranks, global order
  std::uint64_t proposals_done = 0;
};

struct RunState {
  int stage = 0;                                       // position in the list of stages
  std::int64_t step = 0;                               // finished steps of that stage
  std::vector<double> parameters;                      // [P]
  OptimizerState optimizer;                            // of the present stage
  ConfigurationBatch chains;                           // of the present stage, all ranks, global order
  std::uint64_t proposals_done = 0;                    // per chain: the counter of the random stream
  std::map<std::string, std::vector<double>> buffers;  // what else the present stage must keep, by name
  Snapshot good;                                       // of the present stage: where a rollback leads
  std::int64_t nonfinite_events = 0;
  Trace trace;                    // of the present stage
  std::int64_t trace_bytes = -1;  // length and hash of the stage's table when the state was saved; -1: none
  std::uint64_t trace_hash = 0;
  DataTree outputs;                       // results of finished stages and of the present one, in the layout of results.h5
  std::map<std::string, double> seconds;  // "02_vmc/sample" -> wall seconds (not part of what resuming reproduces)

  // Keeps what outlives a stage.
  void begin_next_stage() {
    RunState next;
    next.stage = stage + 1;
    next.parameters = std::move(parameters);
    next.nonfinite_events = nonfinite_events;
    next.outputs = std::move(outputs);
    next.seconds = std::move(seconds);
    *this = std::move(next);
  }
};

}  // namespace qs
