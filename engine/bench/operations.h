// Throughput of the operations that a run is made of, for one network, on one core or one GPU.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "engine/wavefunctions/wavefunction.h"
#include "kernels/api/device.h"

namespace qs {

struct OperationRate {
  std::string name;  // "log_psi", "vjp", "jacobian", "gram", "gemm", "cholesky"
  std::string shape;
  Precision precision = Precision::float64;
  std::optional<double> configurations_per_second;
  double flops_per_second = 0;
  double peak = 0;  // operations per second of the yardstick (beside_peak.h) measured in the same seconds, in the same precision

  double fraction_of_peak() const { return flops_per_second / peak; }
};

// psi has parameters and features. `budget`: seconds for each operation.
std::vector<OperationRate> measure_operations(const Wavefunction& psi, int modes, Device device, double budget);

}  // namespace qs
