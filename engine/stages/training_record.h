// What a training stage remembers of its losses: where it started, windows of steps, the best parameters, and whether it runs away. Pure functions of
// values that every rank holds, kept in the checkpoint.
//
// Losses of single steps are noisy, and the least of many of them is low by their noise; so sampled losses are compared as means over windows of
// steps. Exact sums have no noise: there the best is the lowest loss of all.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "engine/optimize/step_judge.h"

namespace qs {

// The loss at one set of parameters, per problem, with standard errors (0 for exact sums).
struct LossPoint {
  std::vector<double> mean, error;

  double family_mean() const;
  double family_error() const;  // errors in quadrature
};

class TrainingRecord {
 public:
  TrainingRecord(Evidence evidence, std::int64_t steps, int problems);

  // The loss of `parameters`, once per step.
  void observe(const LossPoint& loss, const std::vector<double>& parameters);
  // Whether this loss, and the one before, lie far above the best window of the last 100 steps, for some problem. Far: five errors, those of the
  // window and its spread included, so that one step in some millions of an honest run looks so.
  bool runs_away(const LossPoint& loss);
  // After a rollback the losses of the bad way are no reference.
  void forget_present_window();

  const std::vector<double>& best_parameters() const { return best_parameters_; }  // empty: nothing was observed
  std::optional<LossPoint> start() const { return start_; }
  std::optional<LossPoint> best() const { return best_; }
  // Mean and error of the last two whole windows, older first; empty before.
  std::vector<LossPoint> last_windows() const;

  using Buffers = std::map<std::string, std::vector<double>>;
  void save(Buffers& buffers) const;
  void restore(const Buffers& buffers);

 private:
  struct Window {
    LossPoint loss;
    std::vector<double> spread;  // standard deviation of the steps
  };
  Window closed_window() const;

  Evidence evidence_;
  std::size_t length_, problems_;
  std::optional<LossPoint> start_, best_;
  std::vector<double> best_parameters_;
  std::vector<LossPoint> present_;  // steps of the window that is not full
  std::vector<Window> windows_;     // of the last 100 steps
  int above_in_a_row_ = 0;
};

}  // namespace qs
