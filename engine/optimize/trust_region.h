// How long a step may be and how its damping adapts. The length of a step eta d is s = eta |X d|, measured in the metric of the states themselves
// (Fubini-Study), so that it means the same in every network; the diagonal shift follows the achieved over the predicted decrease of the loss, as in
// Levenberg-Marquardt (Marquardt, SIAM J. Appl. Math. 11, 431 (1963)). Of losses that are summed exactly a step may raise one to the highest of the
// last few, as in the line search of Grippo, Lampariello and Lucidi (SIAM J. Numer. Anal. 23, 707 (1986)); what noise may hide from samples
// and from drawn rows is said in trust_region.cpp.
#pragma once

#include <cstddef>
#include <limits>
#include <utility>
#include <vector>

#include "engine/optimize/step_judge.h"

namespace qs {

// `fixed`: every step is taken as the schedules say.
enum class Control { adaptive, fixed };

// What is carried from step to step. Multiplies the input's learning rate and diagonal shift.
struct StepScale {
  double rate = 1;   // at most 1
  double shift = 1;  // adaptive: times the first value of the schedule

  std::vector<double> stored() const { return {rate, shift}; }
  static StepScale from(const std::vector<double>& stored) { return {stored.at(0), stored.at(1)}; }
};

// After the state was rolled back: a quarter of the rate, ten times the shift.
StepScale softened(const StepScale& scale);

struct TrustLimits {
  double length;  // of a step
  int trials;
};
TrustLimits trust_limits(Evidence evidence);

inline constexpr double share_of_minimum = 0.9;  // of the way to the minimum of the model

enum class Verdict {
  good,      // the model was right: less damping
  fair,      // taken, damping stays
  poor,      // taken, more damping
  rejected,  // not taken
  harmful    // not taken, and far from what was predicted
};

struct Judgement {
  Verdict verdict;
  double ratio;  // achieved / predicted; not a number where the difference is below what can be told
};
// What a step is held against.
struct Bounds {
  double tolerance = 0;  // rounding of a decrease
  double rise = 0;       // of the mean loss that is allowed; exact sums only
};
// `predicted`, `achieved`: decreases of the mean loss.
Judgement judge_step(Evidence evidence, double predicted, const Achieved& achieved, const Bounds& bounds);

// The last few losses, oldest first: how far the next may rise.
class RecentLosses {
 public:
  static constexpr std::size_t remembered = 5;
  RecentLosses() : losses_(remembered, std::numeric_limits<double>::lowest()) {}
  explicit RecentLosses(std::vector<double> stored) : losses_(std::move(stored)) {}
  void add(double loss);
  double allowed_rise() const;  // from the last one to the highest; 0 before the first
  const std::vector<double>& stored() const { return losses_; }

 private:
  std::vector<double> losses_;  // [remembered]
};

bool is_taken(Verdict verdict);
// What the diagonal shift is multiplied by.
double shift_factor(Verdict verdict);

}  // namespace qs
