// The tables of network primitives that the device folders fill.
#pragma once

#include "kernels/api/network.h"

namespace qs::kernels {

// Each device fills its table once. The cpu namespaces hold the same sources compiled for three instruction sets.
namespace reference {
template <class Real>
const NetworkTable<Real>& network_table();
}
namespace baseline {
template <class Real>
const NetworkTable<Real>& network_table();
}
namespace avx2 {
template <class Real>
const NetworkTable<Real>& network_table();
}
namespace avx512 {
template <class Real>
const NetworkTable<Real>& network_table();
}
namespace cuda {
template <class Real>
const NetworkTable<Real>& network_table();
}

}  // namespace qs::kernels
