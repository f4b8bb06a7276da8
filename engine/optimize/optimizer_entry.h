// The catalogue of optimizers. An entry stands in the file that implements it; optimizer.cpp lists them.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>

#include "engine/base/options.h"
#include "engine/optimize/optimizer.h"

namespace qs {

struct OptimizerEntry {
  std::string name, text;
  Options<OptimizerOptions> options;
  std::unique_ptr<Optimizer> (*make)(const OptimizerOptions& options, std::int64_t parameters);
};

std::span<const OptimizerEntry> optimizers();  // the usual one first

// What every optimizer has: lr and control. `defaults` say which one it is.
Options<OptimizerOptions> common_options(const OptimizerOptions& defaults);
// betas, eps and weight_decay of Adam.
void add_adam_options(Options<OptimizerOptions>& options);
// A number or {from: , to: , steps: }.
void add_rate(Options<OptimizerOptions>& options, const std::string& name, Schedule OptimizerOptions::*member, const std::string& doc);
Options<Schedule> schedule_options();
// What `optimizer:` asks for.
OptimizerOptions read_optimizer(const Node& node);

}  // namespace qs
