// Energies of a family beside exact ones: what stages that measure them store, report and call converged.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "engine/stages/exact_states.h"
#include "engine/stages/measurements.h"
#include "engine/stages/stage.h"

namespace qs {

enum class Compare { none, ed };

// What is known about the energy of one problem.
struct EnergyResult {
  Estimate energy;
  Diagnosis diagnosis;
  double v_score = 0, acceptance = 0;
  std::optional<double> exact, overlap;
  std::optional<double> relative_error() const;  // |E - E_exact| / |E_exact|
  std::optional<double> z() const;               // (E - E_exact) / error
  // Below the exact value by more than 4 errors (an exact sum: by more than rounding): an alarm, never a record.
  bool too_low() const;
};

// [problems]
std::vector<EnergyResult> energy_results(const StageContext& context, const Measurements& measured);
// Puts exact energies beside; diagonalises what has not been yet. Collective.
void add_exact(const StageContext& context, ExactStates& exact, std::vector<EnergyResult>& results);

// Datasets "<folder>mean", "error", "variance" ... [problems]; those that are not known get a mask.
void store_energies(const StageContext& context, const std::string& folder, const std::vector<EnergyResult>& results, DataTree& outputs);
// One of them: [problems], with the meaning that quantities.h gives to the name.
void store_quantity(const StageContext& context, const std::string& folder, const std::string& name, std::vector<double> values, DataTree& outputs);
// Beside exact values a stage is converged if all energies are that near to them.
void store_converged(const StageContext& context, const std::vector<EnergyResult>& results, StepOutcome& outcome, DataTree& outputs);
// "E = -8.45(3) (S.S, total), E/N = ..., exact ..., R-hat ...".
std::string energy_words(const StageContext& context, const EnergyResult& result);
// What must be doubted about the energy of problem g.
void warn_of_energy(const StageContext& context, const EnergyResult& result, int problem, StepOutcome& outcome);
// The name of problem g in a message: its couplings, or the Hamiltonian where there is one.
std::string name_of(const ProblemFamily& family, int problem);

}  // namespace qs
