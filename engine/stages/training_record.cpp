#include "engine/stages/training_record.h"

#include <algorithm>
#include <cmath>

namespace qs {
namespace {

constexpr std::int64_t shortest_window = 10, windows_per_stage = 50, remembered_steps = 100;
constexpr double errors_of_better = 2;  // a window is better if it is lower by more than so many errors
constexpr double errors_of_runaway = 5;
constexpr int steps_of_runaway = 2;

std::vector<double> flat(const LossPoint& loss) {
  std::vector<double> values = loss.mean;
  values.insert(values.end(), loss.error.begin(), loss.error.end());
  return values;
}

LossPoint point(const double* values, std::size_t problems) { return {{values, values + problems}, {values + problems, values + 2 * problems}}; }

}  // namespace

double LossPoint::family_mean() const {
  double sum = 0;
  for (const double value : mean) sum += value;
  return sum / static_cast<double>(mean.size());
}

double LossPoint::family_error() const {
  double squares = 0;
  for (const double value : error) squares += value * value;
  return std::sqrt(squares) / static_cast<double>(error.size());
}

TrainingRecord::TrainingRecord(Evidence evidence, std::int64_t steps, int problems)
    : evidence_(evidence),
      length_(static_cast<std::size_t>(std::max(shortest_window, steps / windows_per_stage))),
      problems_(static_cast<std::size_t>(problems)) {}

// The error of the mean: chains go on from step to step, so losses of one window are correlated, and the difference of its halves tells more than the
// errors of the steps; the larger of both counts.
TrainingRecord::Window TrainingRecord::closed_window() const {
  const std::size_t n = present_.size(), half = n / 2;
  Window window{{std::vector<double>(problems_), std::vector<double>(problems_)}, std::vector<double>(problems_)};
  for (std::size_t g = 0; g < problems_; ++g) {
    double first = 0, second = 0, squared_errors = 0, squares = 0;
    for (std::size_t k = 0; k < n; ++k) {
      (k < half ? first : second) += present_[k].mean[g];
      squared_errors += present_[k].error[g] * present_[k].error[g];
    }
    const double mean = (first + second) / static_cast<double>(n);
    for (const LossPoint& step : present_) squares += (step.mean[g] - mean) * (step.mean[g] - mean);
    window.loss.mean[g] = mean;
    window.spread[g] = std::sqrt(squares / static_cast<double>(n));
    const double halves = std::abs(first / static_cast<double>(half) - second / static_cast<double>(n - half)) / 2;
    window.loss.error[g] = evidence_ == Evidence::exact ? 0 : std::max(halves, std::sqrt(squared_errors) / static_cast<double>(n));
  }
  return window;
}

void TrainingRecord::observe(const LossPoint& loss, const std::vector<double>& parameters) {
  if (!start_) start_ = loss;
  const auto take = [&](const LossPoint& found) {
    best_ = found;
    best_parameters_ = parameters;
  };
  if (!best_ || (evidence_ == Evidence::exact && loss.family_mean() < best_->family_mean())) take(loss);
  present_.push_back(loss);
  if (present_.size() < length_) return;
  Window window = closed_window();
  present_.clear();
  const double margin = errors_of_better * std::hypot(window.loss.family_error(), best_->family_error());
  if (evidence_ == Evidence::sampled && window.loss.family_mean() < best_->family_mean() - margin) take(window.loss);
  windows_.push_back(std::move(window));
  const std::size_t kept = std::max<std::size_t>(2, static_cast<std::size_t>(remembered_steps) / length_);
  if (windows_.size() > kept) windows_.erase(windows_.begin());
}

bool TrainingRecord::runs_away(const LossPoint& loss) {
  bool above = false;
  for (std::size_t g = 0; g < problems_ && !windows_.empty(); ++g) {
    const auto lowest =
        std::min_element(windows_.begin(), windows_.end(), [&](const Window& a, const Window& b) { return a.loss.mean[g] < b.loss.mean[g]; });
    const double noise = std::hypot(loss.error[g], lowest->loss.error[g], lowest->spread[g]);
    const double rounding = 1e-6 * std::abs(lowest->loss.mean[g]);
    above = above || loss.mean[g] > lowest->loss.mean[g] + errors_of_runaway * noise + rounding;
  }
  above_in_a_row_ = above ? above_in_a_row_ + 1 : 0;
  return above_in_a_row_ >= steps_of_runaway;
}

void TrainingRecord::forget_present_window() {
  present_.clear();
  above_in_a_row_ = 0;
}

std::vector<LossPoint> TrainingRecord::last_windows() const {
  if (windows_.size() < 2) return {};
  return {windows_[windows_.size() - 2].loss, windows_.back().loss};
}

void TrainingRecord::save(Buffers& buffers) const {
  const auto append = [](std::vector<double>& to, const std::vector<double>& values) { to.insert(to.end(), values.begin(), values.end()); };
  if (start_) buffers["record/start"] = flat(*start_);
  if (best_) {
    buffers["record/best"] = flat(*best_);
    buffers["record/best_parameters"] = best_parameters_;
  }
  std::vector<double>&present = buffers["record/present"], &windows = buffers["record/windows"];
  for (const LossPoint& step : present_) append(present, flat(step));
  for (const Window& window : windows_) {
    append(windows, flat(window.loss));
    append(windows, window.spread);
  }
  buffers["record/above"] = {static_cast<double>(above_in_a_row_)};
}

void TrainingRecord::restore(const Buffers& buffers) {
  const auto found = [&](const std::string& name) {
    const auto at = buffers.find("record/" + name);
    return at == buffers.end() ? std::vector<double>{} : at->second;
  };
  const std::vector<double> start = found("start"), best = found("best"), present = found("present"), windows = found("windows"),
                            above = found("above");
  if (!start.empty()) start_ = point(start.data(), problems_);
  if (!best.empty()) best_ = point(best.data(), problems_);
  best_parameters_ = found("best_parameters");
  present_.clear();
  for (std::size_t at = 0; at + 2 * problems_ <= present.size(); at += 2 * problems_) present_.push_back(point(present.data() + at, problems_));
  windows_.clear();
  for (std::size_t at = 0; at + 3 * problems_ <= windows.size(); at += 3 * problems_) {
    const double* spread = windows.data() + at + 2 * problems_;
    windows_.push_back({point(windows.data() + at, problems_), {spread, spread + problems_}});
  }
  above_in_a_row_ = above.empty() ? 0 : static_cast<int>(above.front());
}

}  // namespace qs
