// What is said and stored about the way samples were drawn: acceptance of each move, chains that stand still, values that are not reliable.
#pragma once

#include <string>
#include <vector>

#include "engine/stages/measurements.h"
#include "engine/stages/stage.h"
#include "engine/stages/thermalise.h"

namespace qs {

// Why the chains of a problem are not to be trusted, whatever they say: chains without one accepted proposal, nearly no acceptance. Empty: no reason.
std::string movement_doubt(const Acceptance& acceptance, int problem, std::int64_t chains);

// Warnings about the moves (`chains` a problem), in words that do not change from step to step: more than half of the chains stand still,
// fewer than 2 % of the proposals are accepted, proposals have a log psi that is not a number, fewer than 10 % of the swaps of replicas are accepted.
std::vector<std::string> movement_warnings(const Acceptance& acceptance, const Problems& problems, std::int64_t chains);

// "-3.419(13)", with a question mark if the error is not reliable.
std::string format_judged(const Judged& value);

// One note on how an evaluate stage drew its samples, with the acceptance of each move; movement_warnings; and a warning where nearly everything is
// accepted, which training may well start with.
void report_sampling(const Measurements& measured, const Thermalisation& start, const ProblemFamily& family, StepOutcome& outcome);

// Notes and warnings of one observable: few values one by one, of many how many are reliable.
void report_observable(const ObservableValues& observable, const ProblemFamily& family, StepOutcome& outcome);

// Datasets "<group>accept_of_move" [problems, moves], of tempered chains "accept_of_swap" [problems, replicas - 1], "moves", "invalid",
// "still_chains" [problems], "chains", "samples_per_chain", "sweeps_between", "thermalised".
void store_sampling(const Measurements& measured, const Thermalisation& start, const std::string& group, DataTree& outputs);

}  // namespace qs
