// Wall seconds by phase: clock.measure("sample", [&] { ... }).
#pragma once

#include <chrono>
#include <functional>
#include <map>
#include <string>

namespace qs {

// Phases may nest. Time inside an inner phase counts for the inner one alone, so the seconds of all phases add up to the time spent in them.
class PhaseClock {
 public:
  template <class F>
  auto measure(const std::string& phase, F&& work) {
    const Span span(*this, phase);
    return work();
  }
  const std::map<std::string, double>& seconds() const { return seconds_; }
  // Called at every change with the phase that ends or gives way and the one that begins or goes on; nullptr: none.
  using Watcher = std::function<void(const std::string* left, const std::string* entered)>;
  void watch(Watcher watcher) { watcher_ = std::move(watcher); }

 private:
  using Clock = std::chrono::steady_clock;

  class Span {
   public:
    Span(PhaseClock& clock, const std::string& phase) : clock_(clock), outer_(clock.current_) { clock.switch_to(&phase); }
    ~Span() { clock_.switch_to(outer_); }
    Span(const Span&) = delete;
    Span& operator=(const Span&) = delete;

   private:
    PhaseClock& clock_;
    const std::string* outer_;
  };

  void switch_to(const std::string* next) {
    if (current_) seconds_[*current_] += std::chrono::duration<double>(Clock::now() - since_).count();
    if (watcher_) watcher_(current_, next);
    current_ = next;
    since_ = Clock::now();
  }

  std::map<std::string, double> seconds_;
  Watcher watcher_;
  const std::string* current_ = nullptr;
  Clock::time_point since_;
};

// `work`, measured if somebody wants to know.
template <class F>
auto timed(PhaseClock* clock, const std::string& phase, F&& work) {
  return clock ? clock->measure(phase, work) : work();
}

}  // namespace qs
