// What tests under mpirun share: the communicator of all ranks. A failure on any rank fails every rank.
#pragma once

#include "engine/comm/communicator.h"

namespace qs::testing_mpi {

Communicator& world();

}  // namespace qs::testing_mpi
