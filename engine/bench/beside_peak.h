// Speed as a ratio. On a shared machine seconds mean little: the clock moves with the temperature and a neighbour takes half the core. So every
// measurement is taken in turn with plain multiply-adds, and the two are reported side by side.
#pragma once

#include <functional>

#include "engine/wavefunctions/wavefunction.h"

namespace qs {

struct Work {
  std::function<void()> run;           // on the calling thread alone
  std::function<void()> prepare = {};  // before every run, not timed
};

struct BesidePeak {
  double seconds = 0;  // of processor time for one run, the least of many
  double peak = 0;     // multiply-add operations per second, the most of as many
};

// Alternates for about `budget` seconds of processor time, at least five times.
BesidePeak measure_beside_peak(Precision precision, const Work& work, double budget);

}  // namespace qs
