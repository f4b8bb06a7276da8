// The fidelity F = |<psi|phi>|^2 / (<psi|psi><phi|phi>) of two states of one network.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "engine/stages/measurements.h"
#include "engine/stages/stage.h"

namespace qs {

struct FidelityOptions {
  std::string with;                // the file, for messages
  std::vector<double> parameters;  // [P] of phi
};

struct FidelityResult {
  ObservableValues values;
  std::vector<std::string> warnings;
};

// f = phi/psi on |psi|^2, g = psi/phi on |phi|^2, F = Re <f><g>. `measured`: of psi, whose samples it uses; phi is sampled as often, with chains and
// random numbers of its own. Values: "F"; "F_controlled", F + c (|fg|^2 - 1) with the mean of c = -Cov/Var from the other half of the chains; and
// "E|fg|^2", which is 1 where both states vanish on the same configurations: elsewhere all are doubted. Of exact sums F alone. Collective. psi has
// its parameters back in the end.
FidelityResult measure_fidelity(const StageContext& context, const FidelityOptions& options, const SamplerOptions& sampler,
                                const std::vector<double>& parameters, const Measurements& measured);

}  // namespace qs
