// Numbers below the normal range (1e-38 in float32) as zeros, on the calling thread, for as long as the object lives.
//
// Weights of improbable configurations, |psi|^2 / sum |psi|^2, times small derivatives fall below that range. They contribute nothing to a sum that
// anyone could see, but the processor takes some hundred cycles for every operation on one of them: gradients of float32 networks were measured at
// four times, Gram products at three times the time.
#pragma once

#if defined(__SSE2__)
#include <immintrin.h>
#endif

namespace qs {

#if defined(__SSE2__)
class SubnormalsAreZero {
 public:
  SubnormalsAreZero() : before_(_mm_getcsr()) { _mm_setcsr(before_ | kResults | kOperands); }
  ~SubnormalsAreZero() { _mm_setcsr(before_); }
  SubnormalsAreZero(const SubnormalsAreZero&) = delete;
  SubnormalsAreZero& operator=(const SubnormalsAreZero&) = delete;

 private:
  static constexpr unsigned kResults = 0x8000, kOperands = 0x0040;  // FTZ and DAZ of MXCSR
  unsigned before_;
};
#else
// Elsewhere they are computed: slower, as exact.
class SubnormalsAreZero {
 public:
  SubnormalsAreZero() {}
  ~SubnormalsAreZero() {}
};
#endif

}  // namespace qs
