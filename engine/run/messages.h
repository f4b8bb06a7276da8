// Messages that ranks have in common.
#pragma once

#include <string>
#include <vector>

#include "engine/comm/communicator.h"

namespace qs {

// The different messages of all ranks, each once, in the order of the lowest rank that has it. Collective; the same on every rank.
std::vector<std::string> unite_messages(Communicator& comm, const std::vector<std::string>& mine);

}  // namespace qs
