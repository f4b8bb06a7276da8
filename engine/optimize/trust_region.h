// How long a step may be and how its damping adapts. The length of a step eta d is s = eta |X d|, measured in the metric of the states themselves
// (Fubini-Study), so that it means the same in every network; the diagonal shift follows the achieved over the predicted decrease of the loss, as in
// Levenberg-Marquardt (Marquardt, SIAM J. Appl. Math. 11, 431 (1963)), and a step that raises the loss is not taken.
#pragma once

#include <cstdint>
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

// `predicted`, `achieved`: decreases of the mean loss, `tolerance`: their rounding.
struct Judgement {
  Verdict verdict;
  double ratio;  // achieved / predicted; not a number where the difference is below what can be told
};
Judgement judge_step(Evidence evidence, double predicted, const Achieved& achieved, double tolerance);

bool is_taken(Verdict verdict);
// What the diagonal shift is multiplied by.
double shift_factor(Verdict verdict);

}  // namespace qs
