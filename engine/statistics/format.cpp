#include <fmt/format.h>

#include <cmath>

#include "engine/statistics/estimate.h"

namespace qs {

// Two digits of error: -3.41902(13), 5.2(1.4), 1234(56). No error (an exact sum): all digits that mean something. Unknown error: (?).
std::string format_with_error(double value, double error) {
  if (!std::isfinite(value)) return fmt::format("{}", value);
  if (!std::isfinite(error)) return fmt::format("{:.8g}(?)", value);
  if (error <= 0) return fmt::format("{:.12g}", value);

  constexpr int most_decimals = 15;
  int decimals = 1 - static_cast<int>(std::floor(std::log10(error)));
  // 0.0996 rounds to 0.10: one decimal fewer shows the same two digits.
  if (std::round(error * std::pow(10.0, decimals)) >= 100) --decimals;
  if (decimals <= 0) return fmt::format("{:.0f}({:.0f})", value, error);
  if (decimals > most_decimals) return fmt::format("{:.{}f}(0)", value, most_decimals);
  if (decimals == 1) return fmt::format("{:.1f}({:.1f})", value, error);
  return fmt::format("{:.{}f}({:.0f})", value, decimals, error * std::pow(10.0, decimals));
}

}  // namespace qs
