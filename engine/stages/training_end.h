// How a training stage ends: which parameters it hands on, and whether what it reached can be called converged.
#pragma once

#include <string>
#include <vector>

#include "engine/hdf5/data_tree.h"
#include "engine/stages/training_record.h"

namespace qs {

// What later stages and the results take: the best parameters of the stage, or those of its last step.
enum class Keep { best, last };

struct TrainingEnd {
  std::vector<double> parameters;
  bool converged = true;
  std::vector<std::string> warnings;
};

struct Loss {
  std::string name, units;  // "energy", "S.S"
  double still_falling;     // a relative fall from one window of steps to the next by more than this is not the end; infinite: any fall is welcome
  double worth_saying;      // a rise above the best by less than this, relative to the best, is nobody's worry
};

// Where the last update led: its parameters and their loss.
struct LastStep {
  const std::vector<double>& parameters;
  const LossPoint& loss;
};

TrainingEnd end_training(const TrainingRecord& record, Keep keep, const Loss& loss, const LastStep& last);

// stages/<group>/loss/{start, best, last} and converged; the last parameters too where they are not those that are handed on.
void store_training_end(const TrainingEnd& end, const TrainingRecord& record, const Loss& loss, const LastStep& last, const std::string& group,
                        DataTree& outputs);

}  // namespace qs
