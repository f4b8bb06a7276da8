#include "engine/job/wall_time.h"

#include <algorithm>
#include <charconv>
#include <cstdlib>
#include <cstring>

namespace qs {

std::optional<std::int64_t> job_end_time() {
  const char* text = std::getenv("SLURM_JOB_END_TIME");
  if (!text) return std::nullopt;
  std::int64_t seconds = 0;
  const char* end = text + std::strlen(text);
  const auto [stopped, error] = std::from_chars(text, end, seconds);
  if (error != std::errc() || stopped != end || seconds <= 0) return std::nullopt;
  return seconds;
}

WallTime::WallTime(std::optional<double> limit, std::optional<std::int64_t> job_end, double margin, Clock clock)
    : margin_(margin), clock_(std::move(clock)) {
  const double now = clock_.seconds();
  if (limit) end_ = now + *limit;
  if (job_end) {
    const double job = now + static_cast<double>(*job_end - clock_.unix_seconds());
    end_ = end_ ? std::min(*end_, job) : job;
  }
}

void WallTime::step_took(double seconds) {
  // A decaying maximum: one slow step is remembered for some ten steps, a slow first step does not end the run early for ever.
  constexpr double decay = 0.9;
  step_ = std::max(seconds, decay * step_);
}

void WallTime::checkpoint_took(double seconds) { checkpoint_ = std::max(checkpoint_, seconds); }

bool WallTime::is_over() const { return end_ && *remaining() < 2 * step_ + 3 * checkpoint_ + margin_; }

std::optional<double> WallTime::remaining() const {
  if (!end_) return std::nullopt;
  return *end_ - clock_.seconds();
}

}  // namespace qs
