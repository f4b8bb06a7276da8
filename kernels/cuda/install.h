// Everything that the CUDA device computes on a Queue (network.h), and what its other files put in beside it.
#pragma once

#include "kernels/cuda/chains.h"
#include "kernels/cuda/connected.h"
#include "kernels/cuda/gram.h"
#include "kernels/cuda/network.h"
#include "kernels/cuda/rows.h"
#include "kernels/cuda/symmetric.h"
#include "kernels/dispatch/tables.h"

namespace qs::kernels::cuda {

template <class Real, class Queue>
void install_bodies_in_precision(RealTables<Real>& tables) {
  static_cast<NetworkTable<Real>&>(tables) = Network<Real, Queue>::table();
  static_cast<RowTable<Real>&>(tables) = JacobianRows<Real, Queue>::table();
  Matrices<Real, Queue>::install(tables);
}

template <class Queue>
void install_bodies(Tables& tables) {
  install_bodies_in_precision<float, Queue>(tables);
  install_bodies_in_precision<double, Queue>(tables);
  Symmetric<Queue>::install(tables);
  static_cast<ChainTable&>(tables) = MarkovChains<Queue>::table();
  static_cast<ConnectedTable&>(tables) = ConnectedConfigurations<Queue>::table();
}

void install_solvers(Tables& tables);
void install_memory(Tables& tables);
void install_recording(Tables& tables);

}  // namespace qs::kernels::cuda
