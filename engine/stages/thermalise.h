// Chains go on until their halves agree, with a limit.
#pragma once

#include <cstdint>
#include <string>

#include "engine/stages/measure.h"

namespace qs {

// A chain makes at most so many sweeps before the first sample, and so many between the first and the last one of an evaluate stage.
inline constexpr std::int64_t most_sweeps = 2048;

struct Thermalisation {
  std::int64_t sweeps = 0;                    // of every chain
  std::string doubt;                          // what had not settled at the limit; empty: all had
  std::vector<std::string> warnings() const;  // one, or none
};

// For chains that come from a random start, or from other parameters. After a random start they make options.thermalise sweeps; then as many again
// are looked at: do the energy, ln|psi| and the occupation of one sublattice of every problem drift from the first half to the second (Drift, about
// one false alarm in a thousand)? If so, twice as many are looked at, and so on. thermalise: 0 asks for none of this, and exact sums need none.
// Decided from values of all ranks, within one step: a resumed run finds its chains settled. Collective.
Thermalisation thermalise(Sampler& sampler, const SamplerOptions& options, const Problems& problems, Communicator& comm, const Wavefunction& psi);

}  // namespace qs
