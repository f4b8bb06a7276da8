#include "engine/optimize/trust_region.h"

#include <algorithm>
#include <cmath>
#include <limits>

namespace qs {
namespace {

// Below this share of the samples the weights say little about the new state.
constexpr double least_effective = 0.5;
constexpr double poor_ratio = 0.25, good_ratio = 0.75, harmful_ratio = -2;

// Where the loss is exact, and the way to it a valley that bends, the ratio stays at 0.3 to 0.6 however much is damped.
constexpr double good_exact_ratio = 0.5;

}  // namespace

StepScale softened(const StepScale& scale) { return {scale.rate / 4, scale.shift * 10}; }

// With samples, |psi'|^2 / |psi|^2 has the variance 4 s^2: at s = 0.1 the effective sample size is still 0.96 of the samples, at 0.3 it is 0.74,
// which an exact sum does not mind.
TrustLimits trust_limits(Evidence evidence) { return evidence == Evidence::sampled ? TrustLimits{0.1, 4} : TrustLimits{0.3, 14}; }

void RecentLosses::add(double loss) {
  std::rotate(losses_.begin(), losses_.begin() + 1, losses_.end());
  losses_.back() = loss;
}

double RecentLosses::allowed_rise() const { return *std::max_element(losses_.begin(), losses_.end()) - losses_.back(); }

Judgement judge_step(Evidence evidence, double predicted, const Achieved& achieved, const Bounds& bounds) {
  constexpr double unknown = std::numeric_limits<double>::quiet_NaN();
  const double tolerance = bounds.tolerance;
  if (!std::isfinite(achieved.decrease) || !std::isfinite(predicted)) return {Verdict::harmful, unknown};
  const bool sampled = evidence == Evidence::sampled;
  if (sampled && achieved.effective < least_effective) return {Verdict::rejected, unknown};
  if (!(predicted > tolerance))
    return {evidence == Evidence::drawn || achieved.decrease >= -tolerance - 2 * achieved.error - bounds.rise ? Verdict::fair : Verdict::rejected,
            unknown};
  const double ratio = achieved.decrease / predicted;
  // An allowed rise is no reason to damp more: damping then ended the pretraining of the quick start at overlaps of 0.998 and 0.996 (seeds 14, 19),
  // where it otherwise reaches 0.9996.
  if (evidence == Evidence::exact && ratio <= 0 && achieved.decrease > -bounds.rise) return {Verdict::fair, ratio};
  // Rows that were drawn anew for this step are one of many views of the loss: only a step that is far worse than predicted on them is not taken.
  // Taking none that rises on its rows left pretraining of the quick start at overlaps of 0.85 and 0.91 (seed 4), where taking all of them reaches
  // 0.99.
  const double floor = sampled ? -2 * achieved.error / predicted : evidence == Evidence::drawn ? harmful_ratio : 0;
  if (!(ratio > floor)) return {ratio < harmful_ratio ? Verdict::harmful : Verdict::rejected, ratio};
  if (sampled && achieved.error > predicted / 2) return {Verdict::fair, unknown};
  if (ratio < poor_ratio) return {Verdict::poor, ratio};
  return {ratio > (evidence == Evidence::exact ? good_exact_ratio : good_ratio) ? Verdict::good : Verdict::fair, ratio};
}

bool is_taken(Verdict verdict) { return verdict != Verdict::rejected && verdict != Verdict::harmful; }

double shift_factor(Verdict verdict) {
  switch (verdict) {
    case Verdict::good:
      return 0.5;
    case Verdict::fair:
      return 1;
    case Verdict::poor:
      return 2;
    case Verdict::rejected:
      return 4;
    case Verdict::harmful:
      return 16;
  }
  return 1;
}

}  // namespace qs
