// Time as a value: everything here that waits, throttles or stamps takes a Clock, so tests move time by hand.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>

namespace qs {

struct Clock {
  std::function<double()> seconds;             // monotonic, arbitrary origin: for durations
  std::function<std::int64_t()> unix_seconds;  // wall clock: for stamps and for the end of a batch job
};

Clock system_clock();

// "2025-12-11T09:30:00Z"
std::string utc_text(std::int64_t unix_seconds);
// The inverse; none for anything else.
std::optional<std::int64_t> unix_time(const std::string& utc_text);
// "45 s", "3 min 20 s", "2 h 05 min"; "-" if negative or not finite.
std::string duration_text(double seconds);

}  // namespace qs
