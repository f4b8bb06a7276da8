#include "engine/stages/training_end.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "engine/statistics/estimate.h"

namespace qs {
namespace {

constexpr double errors_of_worse = 5;
constexpr double errors_of_equal = 2;

double rounding(const LossPoint& loss) { return 1e-6 * std::abs(loss.family_mean()); }

// Whether `a` lies above `b` by more than so many errors of their difference.
bool above(const LossPoint& a, const LossPoint& b, double errors) {
  return a.family_mean() > b.family_mean() + errors * std::hypot(a.family_error(), b.family_error()) + rounding(b);
}

std::string shown(const LossPoint& loss) { return format_with_error(loss.family_mean(), loss.family_error()); }

bool falls(const std::vector<LossPoint>& windows, double still_falling) {
  if (windows.size() < 2) return false;
  const double fall = windows[0].family_mean() - windows[1].family_mean();
  return fall > errors_of_worse * std::hypot(windows[0].family_error(), windows[1].family_error()) &&
         fall > still_falling * std::abs(windows[1].family_mean());
}

std::string complaint(const TrainingRecord& record, const Loss& loss, const LossPoint& last) {
  if (above(last, *record.start(), errors_of_worse)) {
    return fmt::format("the {} rose during this stage, from {} to {} (means over the family); lower optimizer.lr or raise optimizer.diag_shift",
                       loss.name, shown(*record.start()), shown(last));
  }
  const double rise = last.family_mean() - record.best()->family_mean();
  if (above(last, *record.best(), errors_of_worse) && rise > loss.worth_saying * std::abs(record.best()->family_mean())) {
    return fmt::format("the {} ended at {}, above its best of {} (means over the family); lower optimizer.lr at the end of the stage", loss.name,
                       shown(last), shown(*record.best()));
  }
  if (falls(record.last_windows(), loss.still_falling)) {
    return fmt::format("the {} was still falling when this stage ended (at {}, mean over the family); take more steps", loss.name, shown(last));
  }
  return "";
}

}  // namespace

TrainingEnd end_training(const TrainingRecord& record, Keep keep, const Loss& loss, const LastStep& last) {
  TrainingEnd end{.parameters = last.parameters, .converged = true, .warnings = {}};
  if (!record.best()) return end;
  if (const std::string text = complaint(record, loss, last.loss); !text.empty()) {
    end.converged = false;
    end.warnings.push_back(text);
  }
  // The newest of what cannot be told apart.
  if (keep == Keep::best && above(last.loss, *record.best(), errors_of_equal)) end.parameters = record.best_parameters();
  return end;
}

void store_training_end(const TrainingEnd& end, const TrainingRecord& record, const Loss& loss, const LastStep& last, const std::string& group,
                        DataTree& outputs) {
  const std::string path = "stages/" + group + "/";
  const auto store = [&](const std::string& name, const std::string& words, const LossPoint& point) {
    outputs.set(path + "loss/" + name, with(scalar(point.family_mean()), {{"units", loss.units}, {"long_name", loss.name + " " + words}}));
    outputs.set(path + "loss/" + name + "_error", with(scalar(point.family_error()), {{"units", loss.units}, {"long_name", "its standard error"}}));
  };
  if (record.start()) store("start", "of the first step, mean over the family", *record.start());
  if (record.best()) store("best", "of the best step or window of steps, mean over the family", *record.best());
  store("last", "after the last step, mean over the family", last.loss);
  outputs.set(path + "converged", with(scalar(std::int64_t{end.converged ? 1 : 0}), {{"units", "1"}, {"long_name", "1: nothing speaks against it"}}));
  if (end.parameters != last.parameters) {
    outputs.set(path + "last_parameters",
                with(array(last.parameters), {{"units", "1"}, {"long_name", "after the last step, in the order of the layout"}}));
  }
}

}  // namespace qs
