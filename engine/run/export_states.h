// Exact states as the two-line CSV files that Q-stage reads.
#pragma once

#include <string>

#include "engine/ed/lanczos.h"
#include "hamiltonians/problem.h"

namespace qs {

// FOLDER/gsWaveFn_Ns12_Np6_Vnn1.0.csv for the ground state of a problem of spinless fermions. FileError.
void write_state_csv(const std::string& folder, const ProblemFamily& family, int problem, const EdResult& result);

}  // namespace qs
