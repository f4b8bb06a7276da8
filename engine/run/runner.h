// Runs a plan: stages in order, checkpoints between steps, results at the end of every stage.
#pragma once

#include <iosfwd>
#include <optional>
#include <string>

#include "engine/comm/communicator.h"
#include "engine/input/input.h"
#include "engine/plan/plan.h"
#include "engine/report/reporter.h"
#include "engine/run/run_directory.h"

namespace qs {

struct RunOptions {
  Existing existing = Existing::refuse;
  LogFormat log_format = LogFormat::text;
  std::string command_line;
  std::ostream* screen = nullptr;    // of the root; null: nothing is shown
  std::optional<int> reopened = {};  // a finished stage that goes on (resumption.h)
};

// Collective; the exit code, the same on every rank: 0 done, 75 stopped with a checkpoint, 128 + n abandoned. Throws Error on failure, after
// status.json says so.
int run(const RunPlan& plan, const input::Document& document, const RunOptions& options, Communicator& comm);

// What --dry-run prints: parameters, memory per rank, work per step, resolved input. Root only, no collective.
std::string describe_plan(const RunPlan& plan, const input::Document& document, int ranks);

}  // namespace qs
