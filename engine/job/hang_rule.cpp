#include "engine/job/hang_rule.h"

#include <fmt/format.h>

#include <algorithm>

#include "engine/job/clock.h"
#include "engine/stages/stage.h"

namespace qs {
namespace {

constexpr double longer_than_any = 20;
constexpr int steps_to_know = 3;
constexpr double late_periods = 3;
constexpr double longest_silence = 3;  // patiences

}  // namespace

void HangRule::begin_stage(const std::string& name, Pace pace) {
  stage_ = name;
  pace_ = pace;
  step_began_.reset();
  last_sign_.reset();
  longest_ = 0;
  finished_ = 0;
}

void HangRule::begin_step(std::int64_t step, double now) {
  step_ = step;
  step_began_ = last_sign_ = now;
}

void HangRule::end_step(double now) {
  if (step_began_) longest_ = std::max(longest_, now - *step_began_);
  step_began_.reset();
  last_sign_ = now;
  ++finished_;
}

std::optional<std::string> HangRule::judge(double now, std::span<const int> stopped) {
  const double since_last = judged_ ? now - *judged_ : 0;
  judged_ = now;
  const bool stood_still = since_last > late_periods * period_;
  if (stood_still) stopped_since_.clear();
  if (!last_sign_ || stood_still) last_sign_ = now;
  if (!stopped.empty()) last_sign_ = std::min(now, *last_sign_ + since_last);
  if (step_began_) {
    if (stood_still) step_began_ = now;
    // The step waits for the stopped rank, of which the first rule speaks: the second would name a symptom.
    if (!stopped.empty()) step_began_ = std::min(now, *step_began_ + since_last);
  }
  if (auto reason = judge_ranks(now, stopped)) return reason;
  if (auto reason = judge_step(now)) return reason;
  return judge_silence(now);
}

std::optional<std::string> HangRule::judge_ranks(double now, std::span<const int> stopped) {
  std::erase_if(stopped_since_, [&](const auto& seen) { return std::find(stopped.begin(), stopped.end(), seen.first) == stopped.end(); });
  for (const int rank : stopped) {
    const double since = stopped_since_.emplace(rank, now).first->second;
    if (now - since >= patience_)
      return fmt::format("rank {} has been stopped for {} (SIGSTOP, or a debugger left it)", rank, duration_text(now - since));
  }
  return std::nullopt;
}

std::optional<std::string> HangRule::judge_step(double now) const {
  if (!step_began_ || pace_ != Pace::even || finished_ < steps_to_know) return std::nullopt;
  const double lasted = now - *step_began_;
  if (lasted < std::max(patience_, longer_than_any * longest_)) return std::nullopt;
  return fmt::format("a step has lasted {}, none before it more than {:.3g} s", duration_text(lasted), longest_);
}

std::optional<std::string> HangRule::judge_silence(double now) const {
  const double usual = pace_ == Pace::even ? longest_ : 0;
  if (stage_.empty() || now - *last_sign_ < std::max(longest_silence * patience_, longer_than_any * usual)) return std::nullopt;
  return fmt::format("nothing has moved for {}", duration_text(now - *last_sign_));
}

std::string HangRule::place() const {
  if (stage_.empty()) return "before the first stage";
  return step_began_ ? fmt::format("step {} of {}", step_, stage_) : "between the steps of " + stage_;
}

}  // namespace qs
