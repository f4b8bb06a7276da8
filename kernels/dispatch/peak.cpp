#include "kernels/api/peak.h"

#include "kernels/dispatch/instruction_set.h"

namespace qs::kernels {

namespace baseline {
template <class Real>
double multiply_adds(std::int64_t steps);
}
namespace avx2 {
template <class Real>
double multiply_adds(std::int64_t steps);
}
namespace avx512 {
template <class Real>
double multiply_adds(std::int64_t steps);
}

template <class Real>
double multiply_adds(std::int64_t steps) {
  switch (active_instruction_set()) {
    case InstructionSet::avx512:
      return avx512::multiply_adds<Real>(steps);
    case InstructionSet::avx2:
      return avx2::multiply_adds<Real>(steps);
    case InstructionSet::baseline:
      break;
  }
  return baseline::multiply_adds<Real>(steps);
}

template double multiply_adds<float>(std::int64_t);
template double multiply_adds<double>(std::int64_t);

}  // namespace qs::kernels
