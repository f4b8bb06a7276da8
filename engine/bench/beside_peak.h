// Speed as a ratio. On a shared machine seconds mean little: the clock moves with the temperature and a neighbour takes half the core. So every
// measurement is taken in turn with what the device does best, and the two are reported side by side: plain multiply-adds on a core, a large matrix
// product of the vendor's library on a GPU.
#pragma once

#include <functional>

#include "engine/wavefunctions/wavefunction.h"
#include "kernels/api/device.h"

namespace qs {

struct Work {
  std::function<void()> run;           // on the calling thread alone
  std::function<void()> prepare = {};  // before every run, not timed
};

struct BesidePeak {
  double seconds = 0;  // for one run, the least of many: of processor time on a core, until the device has finished on a GPU
  double peak = 0;     // operations per second, the most of as many
};

// Alternates for about `budget` of such seconds, at least five times.
BesidePeak measure_beside_peak(Device device, Precision precision, const Work& work, double budget);

}  // namespace qs
