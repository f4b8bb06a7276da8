// log psi, local energies and derivatives at configurations from a file: the numbers by which two codes are compared.
#pragma once

#include <span>
#include <string>

#include "engine/hdf5/data_tree.h"
#include "engine/plan/plan.h"
#include "hamiltonians/configuration.h"

namespace qs {

enum class Derivatives { none, gradient };
enum class ExistingFile { refuse, overwrite };

struct EvaluateRequest {
  std::string configurations;  // HDF5: `configurations` [n, modes], and `problem` [n] when the family has several members
  std::string output;          // HDF5, written whole
  Derivatives derivatives = Derivatives::none;
  ExistingFile existing = ExistingFile::refuse;
};

// What the output holds, n rows, P parameters in the groups as one dataset per tensor:
//   configurations [n, modes] int8, problem [n] (several problems), log_psi_re, log_psi_im [n] (phase not reduced), local_energies_re, _im [n]
//   n_exchange_pairs [n] int32 proposals that the first exchange or hop move of the input's sampler draws from
//   gradient/                  2 Re <conj(O - <O>)(E - <E>)>, the rows of a problem weighted 1/n (G problems: the mean over problems)
//   sr_update/                 direction of the natural gradient of the first vmc stage (not for adamw), without learning rate or norm constraint
//   spring_update_2/           with momentum: the direction of the second update on the same rows and parameters
// Energies in the convention of the Hamiltonian (attribute `convention`). NumericalError naming the row where log psi is not finite.
DataTree evaluate_configurations(const RunPlan& plan, std::span<const double> parameters, const ConfigurationBatch& configurations,
                                 Derivatives derivatives);

// The command: reads, evaluates, writes, and returns a line about what was done. No MPI.
std::string evaluate_file(const RunPlan& plan, const EvaluateRequest& request);

}  // namespace qs
