// When a job hangs, as a rule over times that somebody else reads: no clock, no thread.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <string>

namespace qs {

// How the steps of a stage compare in length (engine/stages/stage.h).
enum class Pace;

class HangRule {
 public:
  // `patience`: seconds. `period`: judge() is called about this often; a call that comes three periods late says that this process itself stood still
  // (SIGSTOP, a suspended job) and that what it saw before has no meaning.
  HangRule(double patience, double period) : patience_(patience), period_(period) {}

  void begin_stage(const std::string& name, Pace pace);
  void begin_step(std::int64_t step, double now);
  void end_step(double now);
  // A sign of life was seen: work went on since the last look, or this rank waits for others, who judge for themselves.
  void alive(double now) { last_sign_ = now; }

  // Why the job hangs, for a person: "rank 3 has been stopped for 301 s". `stopped`: ranks that are stopped now.
  //  1. A rank was stopped for `patience` while this one goes on.
  //  2. A step lasts `patience` and 20 times longer than the longest before it, in a stage of even pace after three steps; time in which
  //     a rank was stopped is not counted.
  //  3. Nothing was a sign of life for three times `patience` (and 20 times the longest step of an even stage): in any stage, from its first step on,
  //  and also between
  //     steps. Three times, because a factorisation of LAPACK gives no sign before it ends.
  std::optional<std::string> judge(double now, std::span<const int> stopped);
  // "step 12 of 02_vmc", "between the steps of 02_vmc", "before the first stage"
  std::string place() const;

 private:
  std::optional<std::string> judge_ranks(double now, std::span<const int> stopped);
  std::optional<std::string> judge_step(double now) const;
  std::optional<std::string> judge_silence(double now) const;

  double patience_, period_;
  std::optional<double> judged_;
  std::map<int, double> stopped_since_;
  std::string stage_;
  Pace pace_{};
  std::int64_t step_ = 0;
  std::optional<double> step_began_;  // none between steps
  std::optional<double> last_sign_;   // none before the first look at a stage
  double longest_ = 0;                // of the stage's finished steps
  int finished_ = 0;
};

}  // namespace qs
