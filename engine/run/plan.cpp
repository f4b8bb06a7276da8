#include "engine/run/plan.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <exception>
#include <filesystem>
#include <functional>

#include "engine/run/plan_checks.h"
#include "engine/run/plan_network.h"
#include "engine/run/plan_nodes.h"
#include "engine/run/plan_system.h"
#include "engine/run/stage_memory.h"
#include "engine/run/target_files.h"
#include "kernels/api/error.h"

namespace qs {
namespace {

using input::Diagnostics;
using input::Node;

// Runs `work`; what the physics layers refuse becomes a diagnostic at the node.
template <class F>
void diagnosed(Diagnostics& diagnostics, const Node& node, F&& work) {
  try {
    work();
  } catch (const Error& error) {
    diagnostics.error(node.where(), error.what());
  }
}

Device device_of(const std::string& name) {
  if (name == "reference") return Device::reference;
  if (name == "cuda") return Device::cuda;
  return Device::cpu;  // auto: never a GPU, whose results have not been checked yet
}

struct UnusableFile {
  Node node;  // that names it
  std::exception_ptr failure;
};

class Planner {
 public:
  Planner(const input::Document& document, Diagnostics& diagnostics, std::optional<int> ranks)
      : document_(document), root_(document.root), diagnostics_(diagnostics), ranks_(ranks) {}

  RunPlan make() {
    general();
    diagnosed(diagnostics_, root_["system"], [&] {
      system_ = system_options(root_["system"]);
      plan_.sign_rule = system_->sign_rule;
      base_.emplace(build_family(with_family(*system_, root_["system"]["family"])));
    });
    if (!base_) return std::move(plan_);
    plan_.family = base_;
    plan_.origin = origin_of(*base_, *system_);
    warn_about(*base_);
    if (!root_["wavefunction"].is_null()) network();
    const std::vector<Node> stages = root_["stages"].items();
    for (std::size_t position = 0; position < stages.size(); ++position) stage(stages[position], static_cast<int>(position));
    report_files();
    origin();
    if (!diagnostics_.has_errors()) memory(stages);
    return std::move(plan_);
  }

 private:
  void general() {
    plan_.title = root_["title"].text();
    plan_.seed = static_cast<std::uint64_t>(root_["seed"].integer());
    plan_.device = device_of(root_["device"].text());
    if (!root_["threads"].is_null()) plan_.threads = static_cast<int>(root_["threads"].integer());
    plan_.directory = root_["output"]["directory"].text();
    const Node limits = root_["limits"];
    if (!limits["walltime"].is_null()) plan_.walltime = limits["walltime"].number();
    plan_.margin = limits["margin"].number();
    plan_.watchdog = limits["watchdog"].number();
    if (plan_.watchdog < 1)
      diagnostics_.error(limits["watchdog"].where(),
                         "'limits.watchdog' is 0 s, which would end every run; write at least 1s, or 1000h to be rid of it");
    plan_.memory_limit = limits["memory"].integer();
    plan_.checkpoint_interval = root_["checkpoint"]["interval"].number();
    plan_.keep_every = root_["checkpoint"]["keep_every"].integer();
    plan_.log_every = root_["log"]["every"].number();
    plan_.ed.memory_limit = plan_.memory_limit;
    plan_.ed.seed = plan_.seed;
  }

  void warn_about(const ProblemFamily& family) {
    int shells = 1;
    if (system_->couplings.count("J2") && system_->couplings.at("J2") != 0) shells = 2;
    if (system_->couplings.count("J3") && system_->couplings.at("J3") != 0) shells = 3;
    for (const std::string& text : family.lattice.warnings(shells)) warn(root_["system"]["lattice"], text);
  }

  void warn(const Node& node, const std::string& text) {
    diagnostics_.warning(node.where(), text);
    plan_.warnings.push_back(text);
  }

  // Once the families of all stages are known.
  void origin() {
    std::vector<std::string> sectors;
    for (const StagePlan& stage : plan_.stages) {
      for (const Problem& problem : stage.family.problems) {
        const std::string words = problem.sector.describe();
        if (std::find(sectors.begin(), sectors.end(), words) == sectors.end()) sectors.push_back(words);
      }
    }
    if (!sectors.empty()) plan_.origin["sector"] = fmt::format("{}", fmt::join(sectors, "; "));
    if (!plan_.network) return;
    const Node weights = root_["wavefunction"]["weights"];
    for (const std::string& text : other_differences(plan_.network->weights_origin, plan_.origin, weights.is_null() ? "" : weights.text()))
      warn(weights, text);
  }

  void network() {
    const Node node = root_["wavefunction"];
    reading(node, [&] {
      plan_.network = network_plan(document_, *base_, system_->model, plan_.origin);
      plan_.origin["conditioning"] = describe_conditioning(plan_.network->options, plan_.network->input);
      if (const std::string text = check_attention(*plan_.network, base_->lattice); !text.empty()) warn(node, text);
    });
  }

  // Runs `work`, which reads a file that the node names; a file that cannot be used is kept for report_files.
  template <class F>
  void reading(const Node& node, F&& work) {
    try {
      work();
    } catch (const InputError& error) {
      diagnostics_.error(node.where(), error.what());
    } catch (const Error&) {
      unusable_.push_back({node, std::current_exception()});
    }
  }

  // Unusable weights and data have exit codes of their own. If the input has errors too, all of them are reported together as errors of the input.
  void report_files() {
    if (unusable_.empty()) return;
    if (!diagnostics_.has_errors()) std::rethrow_exception(unusable_.front().failure);
    for (const UnusableFile& file : unusable_) diagnosed(diagnostics_, file.node, [&] { std::rethrow_exception(file.failure); });
  }

  void stage(const Node& node, int position) {
    const std::string kind = node.kind();
    diagnosed(diagnostics_, node, [&] {
      StagePlan stage{.kind = kind,
                      .group = fmt::format("{:02}_{}", position, kind),
                      .family = build_family(with_family(*system_, node["family"])),
                      .options = EdStageOptions{},
                      .steps = 1};
      if (kind == "ed") {
        ed(node, stage);
      } else {
        if (kind == "pretrain") pretrain(node, stage);
        if (kind == "vmc") vmc(node, stage);
        if (kind == "evaluate") evaluate(node, stage);
        if (plan_.network) {
          check_conditioning(*plan_.network, stage.family);
          check_orbitals(*plan_.network, stage.family);
        }
      }
      plan_.stages.push_back(std::move(stage));
    });
  }

  // Without a number of ranks the plan is refused only if none of them is enough.
  void memory(const std::vector<Node>& nodes) {
    plan_.ed.memory_limit -= kept_exact_states(plan_);  // Lanczos takes fewer vectors where memory is tight
    const auto psi = plan_.network ? make_network(*plan_.network, Device::reference) : nullptr;
    const auto excess = [&](int ranks) { return memory_excess(plan_, psi.get(), ranks); };
    const std::optional<MemoryExcess> now = excess(ranks_.value_or(1));
    if (!now) return;
    int enough = ranks_.value_or(1) + 1;
    while (enough <= default_blocks && excess(enough)) ++enough;
    const std::string more = enough <= default_blocks ? fmt::format("use {} ranks or more, ", enough) : "";
    const std::string text = fmt::format("{}; {}lower {}, or raise limits.memory", now->text, more, now->key);
    if (!ranks_ && enough <= default_blocks) return warn(nodes.at(now->stage), text);
    diagnostics_.error(nodes.at(now->stage).where(), text);
  }

  void ed(const Node& node, StagePlan& stage) {
    EdStageOptions options;
    options.states = static_cast<int>(node["states"].integer());
    const std::string write = node["write_states"].text();
    options.write_states = write == "always" ? WriteStates::always : write == "never" ? WriteStates::never : WriteStates::automatic;
    if (!node["export_csv"].is_null()) {
      if (system_->model != "tv") throw InputError("export_csv writes states of spinless fermions (hamiltonian kind tv), not of " + system_->model);
      options.export_csv = node["export_csv"].text();
    }
    check_exact_states(stage.family, options.states);
    const auto is_ed = [](const StagePlan& before) { return before.kind == "ed"; };
    const bool first = std::none_of(plan_.stages.begin(), plan_.stages.end(), is_ed);
    plan_.ed.states = std::max(plan_.ed.states, options.states);
    plan_.ed.tolerance = first ? node["tolerance"].number() : std::min(plan_.ed.tolerance, node["tolerance"].number());
    stage.steps = stage.family.size();
    stage.options = options;
  }

  void pretrain(const Node& node, StagePlan& stage) {
    PretrainPlan pretrain;
    pretrain.options.steps = stage.steps = node["steps"].integer();
    pretrain.options.optimizer = optimizer(node);
    pretrain.options.keep = keep(node);
    if (!node["stop"]["overlap"].is_null()) pretrain.options.stop_overlap = node["stop"]["overlap"].number();
    const bool all_rows = node["rows"].is_text();
    pretrain.options.rows = all_rows ? 0 : node["rows"].integer();
    if (!node["power"].is_null()) pretrain.options.power = node["power"].number();
    pretrain.options.evaluate_every = node["evaluate_every"].integer();
    split(node["held_out"], stage.family, pretrain);
    if (node["targets"].is_text()) {
      check_exact_states(stage.family, 1);
    } else {
      read_targets(node["targets"]["files"], stage.family, pretrain);
    }
    stage.options = std::move(pretrain);
  }

  // A problem is held out when each named coupling has one of the listed values.
  static void split(const Node& held_out, const ProblemFamily& family, PretrainPlan& pretrain) {
    for (int g = 0; g < family.size(); ++g) {
      bool held = !held_out.is_null();
      if (held) {
        for (const auto& [name, values] : held_out.entries()) {
          const std::vector<double> listed = values.numbers();
          held = held && std::find(listed.begin(), listed.end(), family.feature(g, name)) != listed.end();
        }
      }
      (held ? pretrain.hold_out : pretrain.train).push_back(g);
    }
    if (!held_out.is_null() && pretrain.hold_out.empty())
      throw InputError("held_out names no member of the family (compare its values with 'family')");
    if (pretrain.train.empty()) throw InputError("held_out leaves no problem to train on");
  }

  void read_targets(const Node& files, const ProblemFamily& family, PretrainPlan& pretrain) {
    const std::vector<Node> names = files.items();
    if (static_cast<int>(names.size()) != family.size())
      throw InputError(
          fmt::format("targets.files lists {} files for {} problems (one per member of the family, in its order)", names.size(), family.size()));
    for (int g = 0; g < family.size(); ++g) {
      reading(names[g], [&] {
        pretrain.files.push_back(resolve_path(names[g].text(), document_.directory));
        pretrain.file_states.push_back(read_target(pretrain.files.back(), family, g));
      });
    }
  }

  // The sampler of a stage, with the checks that need the system.
  SamplerOptions sampler(const Node& stage_node, const ProblemFamily& family) {
    const Node node = stage_node["sampler"];
    SamplerOptions options = sampler_options(node);
    if (options.kind == SamplerKind::exact_sum) {
      for (const Problem& problem : family.problems) {
        if (!problem.sector.enumerable())
          throw InputError(fmt::format("sampler exact_sum needs every state of the sector ({}), but {}; use kind: metropolis",
                                       problem.sector.describe(), problem.sector.why_not_enumerable()));
        if (problem.sector.dimension() > exact_sum_limit)
          throw InputError(fmt::format("sampler exact_sum over {} is too large (at most {} states); use kind: metropolis", problem.sector.describe(),
                                       exact_sum_limit));
      }
      return options;
    }
    for (const MoveOptions& move : options.metropolis.moves) {
      for (const Problem& problem : family.problems) make_move(move, family.lattice, problem.sector);
    }
    return options;
  }

  OptimizerOptions optimizer(const Node& stage_node) const {
    OptimizerOptions options = optimizer_options(stage_node["optimizer"]);
    options.device = plan_.device;
    return options;
  }

  static Keep keep(const Node& stage_node) { return stage_node["keep"].text() == "last" ? Keep::last : Keep::best; }

  void vmc(const Node& node, StagePlan& stage) {
    VmcOptions options;
    options.steps = stage.steps = node["steps"].integer();
    options.sampler = sampler(node, stage.family);
    options.optimizer = optimizer(node);
    options.keep = keep(node);
    options.on_nonfinite = root_["on_nonfinite"].text() == "stop" ? OnNonfinite::stop : OnNonfinite::rollback;
    stage.options = options;
  }

  void evaluate(const Node& node, StagePlan& stage) {
    EvaluateOptions options;
    options.sampler = sampler(node, stage.family);
    options.observables = texts(node["observables"]);
    options.compare = node["compare"].text() == "ed" ? Compare::ed : Compare::none;
    if (options.wants_exact()) check_exact_states(stage.family, 1);
    for (const std::string& name : options.observables) {
      if (name == "energy" || name == "overlap") continue;
      find_observable(name).build(stage.family.lattice, stage.family.problems[0].sector, system_->sign_rule);  // refuses the wrong degrees of freedom
    }
    stage.options = options;
  }

  static constexpr std::int64_t exact_sum_limit = std::int64_t{1} << 22;

  const input::Document& document_;
  Node root_;
  Diagnostics& diagnostics_;
  RunPlan plan_;
  std::optional<SystemOptions> system_;
  std::optional<ProblemFamily> base_;
  std::vector<UnusableFile> unusable_;
  std::optional<int> ranks_;
};

}  // namespace

RunPlan make_plan(const input::Document& document, input::Diagnostics& diagnostics, std::optional<int> ranks) {
  return Planner(document, diagnostics, ranks).make();
}

}  // namespace qs
