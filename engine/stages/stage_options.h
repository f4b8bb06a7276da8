// Keys that several stages have.
#pragma once

#include <string>
#include <utility>

#include "engine/base/options.h"
#include "engine/optimize/optimizer_entry.h"
#include "engine/stages/energy_results.h"
#include "engine/stages/measure.h"
#include "engine/stages/training_end.h"

namespace qs {

SamplerOptions read_sampler(const Node& node);

template <class Struct>
void add_training(Options<Struct>& options) {
  options
      .add(
          "optimizer", shape::section("optimizer"), "how parameters are updated", &Struct::optimizer,
          [](const Node& node, OptimizerOptions& optimizer) { optimizer = read_optimizer(node); },
          [](const OptimizerOptions&) { return std::string(); })
      .otherwise_required("{kind: minsr, lr: 0.02}");
  options
      .word("keep", &Struct::keep, Words<Keep>{{"best", Keep::best}, {"last", Keep::last}},
            "parameters that later stages and the results take: the best of the stage within errors, or those of its last step")
      .since("0.2.0");
}

template <class Struct>
void add_sampler(Options<Struct>& options) {
  options
      .add(
          "sampler", shape::overriding("sampler"), "keys that differ from the global sampler in this stage", &Struct::sampler,
          [](const Node& node, SamplerOptions& sampler) { sampler = read_sampler(node); }, [](const SamplerOptions&) { return std::string(); })
      .otherwise_absent("the global sampler");
}

template <class Struct>
void add_compare(Options<Struct>& options, std::string doc) {
  options.word("compare", &Struct::compare, Words<Compare>{{"none", Compare::none}, {"ed", Compare::ed}}, std::move(doc));
}

}  // namespace qs
