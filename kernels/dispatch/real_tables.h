// The tables of one precision. Apart from the others, because the sources that are compiled for several instruction sets may not see every header
// (kernels/cpu/simd.h).
#pragma once

#include <cstdint>

#include "kernels/api/linear_algebra.h"
#include "kernels/api/network.h"
#include "kernels/api/rows.h"

namespace qs::kernels {

template <class Real>
struct RealTables : NetworkTable<Real>, RowTable<Real>, MatrixTable<Real> {
  double (*multiply_adds)(std::int64_t steps);  // behind kernels/api/peak.h, of the cpu device alone
};

// What the cpu device has in each instruction set.
namespace baseline {
template <class Real>
void install(RealTables<Real>& tables);
}
namespace avx2 {
template <class Real>
void install(RealTables<Real>& tables);
}
namespace avx512 {
template <class Real>
void install(RealTables<Real>& tables);
}

}  // namespace qs::kernels
