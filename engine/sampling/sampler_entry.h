// The catalogues of moves and samplers.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "engine/base/options.h"
#include "engine/sampling/sampler.h"

namespace qs {

struct MoveEntry {
  std::string name, text;
  Options<MoveOptions> options;
};
std::span<const MoveEntry> moves();  // the usual one first
MoveOptions read_move(const Node& node);

// The keys of Markov chains; exact sums have none.
Options<MetropolisOptions> metropolis_options();

}  // namespace qs
