// When to stop so that the last checkpoint is written before the batch system ends the job.
#pragma once

#include <cstdint>
#include <optional>

#include "engine/job/clock.h"

namespace qs {

// The value of SLURM_JOB_END_TIME (seconds since 1970), if set and a number.
std::optional<std::int64_t> job_end_time();

class WallTime {
 public:
  // `limit`: seconds from now (limits.walltime); `job_end`: unix time; the earlier one counts. `margin` seconds are kept free (limits.margin).
  WallTime(std::optional<double> limit, std::optional<std::int64_t> job_end, double margin, Clock clock);

  // Measured durations; the longest of the last steps and the longest checkpoint write count.
  void step_took(double seconds);
  void checkpoint_took(double seconds);
  // Less than 2 steps + 3 checkpoint writes + margin remain.
  bool is_over() const;
  // Seconds until the limit; none without one.
  std::optional<double> remaining() const;

 private:
  std::optional<double> end_;  // on clock_.seconds()
  double margin_;
  Clock clock_;
  double step_ = 0, checkpoint_ = 0;
};

}  // namespace qs
