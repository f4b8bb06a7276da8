// Seconds per step of a stage, for the progress row and its ETA.
#pragma once

#include <cstdint>

namespace qs {

// Mean over about the last minute, or the last ten steps where these take longer: long enough to hold the costly steps that come now and then
// (an evaluation every 50 steps), short enough to follow a change.
class StepRate {
 public:
  // A stage begins at `now` seconds.
  void begin(double now);
  // `steps` > 0 more steps were finished by `now`.
  void finish(std::int64_t steps, double now);

  // 0: not yet known.
  double seconds_per_step() const { return steps_ > 0 ? seconds_ / steps_ : 0; }

 private:
  double last_ = 0;                 // when the latest step was finished
  double seconds_ = 0, steps_ = 0;  // sums that forget
  std::int64_t calls_ = 0;          // of finish, in this stage
};

}  // namespace qs
