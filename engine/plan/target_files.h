// States that pretraining learns from files.
#pragma once

#include <string>

#include "engine/stages/pretrain_stage.h"
#include "hamiltonians/problem.h"

namespace qs {

// The state of a Q-stage CSV (engine/files/ed_csv.h), in the order of the sector of problem g. It must belong to the problem: InputError unless the
// sector is the same and H phi = E phi. FileError if the file cannot be read.
Amplitudes read_target(const std::string& path, const ProblemFamily& family, int g);

}  // namespace qs
