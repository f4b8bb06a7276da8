#include "engine/run/plan.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <exception>
#include <filesystem>
#include <functional>

#include "engine/io/ed_csv.h"
#include "engine/run/plan_network.h"
#include "engine/run/plan_nodes.h"
#include "engine/run/plan_system.h"
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
  Planner(const input::Document& document, Diagnostics& diagnostics) : document_(document), root_(document.root), diagnostics_(diagnostics) {}

  RunPlan make() {
    general();
    diagnosed(diagnostics_, root_["system"], [&] {
      system_ = system_options(root_["system"]);
      plan_.sign_rule = system_->sign_rule;
      base_.emplace(build_family(with_family(*system_, root_["system"]["family"])));
    });
    if (!base_) return std::move(plan_);
    plan_.family = base_;
    warn_about(*base_);
    if (!root_["wavefunction"].is_null()) network();
    const std::vector<Node> stages = root_["stages"].items();
    for (std::size_t position = 0; position < stages.size(); ++position) stage(stages[position], static_cast<int>(position));
    report_files();
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
    for (const std::string& text : family.lattice.warnings(shells)) plan_.warnings.push_back(text);
  }

  void network() {
    const Node node = root_["wavefunction"];
    reading(node, [&] { plan_.network = network_plan(document_, *base_, system_->model); });
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
        if (!plan_.network && root_["wavefunction"].is_null())
          throw InputError("stages." + std::to_string(position) + " '" + kind + "' needs a 'wavefunction' section (there is none)");
        if (kind == "pretrain") pretrain(node, stage);
        if (kind == "vmc") vmc(node, stage);
        if (kind == "evaluate") evaluate(node, stage);
        conditioned(stage);
        filled(stage);
      }
      plan_.stages.push_back(std::move(stage));
    });
  }

  // A network that sees no couplings cannot tell the members of a family apart.
  void conditioned(const StagePlan& stage) {
    if (stage.family.size() < 2 || !plan_.network) return;
    const auto& seen = plan_.network->input.feature_names;
    for (const std::string& name : stage.family.varied) {
      const std::string alias = name == "particles" ? "N" : name;
      if (std::find(seen.begin(), seen.end(), name) == seen.end() && std::find(seen.begin(), seen.end(), alias) == seen.end())
        throw InputError(fmt::format(
            "family varies '{}' but the {} wavefunction does not see it (all members would share one state); {}", name, plan_.network->kind,
            plan_.network->kind == "rbm" ? "use kind qstage or vit" : "add it to wavefunction.tail or wavefunction.couplings"));
    }
  }

  // A determinant has room for so many fermions.
  void filled(const StagePlan& stage) {
    if (!plan_.network) return;
    const auto* qstage = std::get_if<QstageOptions>(&plan_.network->options);
    if (qstage == nullptr || qstage->amplitude != Amplitude::determinant) return;
    for (const Problem& problem : stage.family.problems) {
      if (problem.sector.particles() > qstage->orbitals)
        throw InputError(fmt::format("{} do not fit the {} orbitals of the determinant; write wavefunction.orbitals: {:.0f} or more",
                                     problem.sector.describe(), qstage->orbitals, problem.sector.particles()));
    }
  }

  void check_ed(const ProblemFamily& family, const EdOptions& options) {
    for (const Problem& problem : family.problems) {
      const bool too_many = !problem.sector.enumerable();
      const std::int64_t bytes = too_many ? 0 : ed_memory(problem.sector.dimension(), options);
      if (!too_many && bytes <= plan_.memory_limit) continue;
      throw InputError(
          fmt::format("exact diagonalisation of {} needs {} per rank, limits.memory is {:.3g} GiB ({} states); choose a smaller "
                      "sector or lattice, or raise limits.memory",
                      problem.sector.describe(), too_many ? "far too much memory" : fmt::format("{:.3g} GiB", bytes / 1073741824.0),
                      plan_.memory_limit / 1073741824.0,
                      too_many ? fmt::format("e^{:.0f}", problem.sector.log_dimension()) : std::to_string(problem.sector.dimension())));
    }
  }

  void ed(const Node& node, StagePlan& stage) {
    EdStageOptions options;
    options.solver = plan_.ed;
    options.solver.states = static_cast<int>(node["states"].integer());
    options.solver.tolerance = node["tolerance"].number();
    const std::string write = node["write_states"].text();
    options.write_states = write == "always" ? WriteStates::always : write == "never" ? WriteStates::never : WriteStates::automatic;
    if (!node["export_csv"].is_null()) {
      if (system_->model != "tv") throw InputError("export_csv writes states of spinless fermions (hamiltonian kind tv), not of " + system_->model);
      options.export_csv = node["export_csv"].text();
    }
    check_ed(stage.family, options.solver);
    stage.steps = stage.family.size();
    stage.options = options;
  }

  void pretrain(const Node& node, StagePlan& stage) {
    PretrainPlan pretrain;
    pretrain.options.steps = stage.steps = node["steps"].integer();
    pretrain.options.optimizer = optimizer(node);
    if (!node["stop"]["overlap"].is_null()) pretrain.options.stop_overlap = node["stop"]["overlap"].number();
    const bool all_rows = node["rows"].is_text();
    pretrain.options.rows = all_rows ? 0 : node["rows"].integer();
    if (!node["power"].is_null()) pretrain.options.power = node["power"].number();
    pretrain.options.evaluate_every = node["evaluate_every"].integer();
    split(node["held_out"], stage.family, pretrain);
    if (node["targets"].is_text()) {
      check_ed(stage.family, plan_.ed);
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
        pretrain.file_states.push_back(checked_state(pretrain.files.back(), family, g));
      });
    }
  }

  // The file's state must belong to the problem: same sector, and H phi = E phi.
  static Amplitudes checked_state(const std::string& path, const ProblemFamily& family, int g) {
    constexpr double largest_residual = 1e-5;  // the published files carry 8 digits
    const EdState file = read_ed_csv(path);
    const Sector& sector = family.problems[g].sector;
    if (!sector.enumerable() || file.sites != sector.modes() || static_cast<std::int64_t>(file.basis.size()) != sector.dimension())
      throw InputError(
          fmt::format("{}: the state has {} sites and {} amplitudes, problem {} has {}", path, file.sites, file.basis.size(), g, sector.describe()));
    Amplitudes state(sector.dimension());
    for (std::size_t i = 0; i < file.basis.size(); ++i) {
      if (!sector.contains(&file.basis[i])) throw InputError(path + ": a mask lies outside the sector " + sector.describe());
      state[sector.index(file.basis[i])] = file.amplitudes[i];
    }
    const double* couplings = family.problems[g].couplings.data();
    double residual = 0;
    for (std::size_t i = 0; i < file.basis.size(); ++i) {
      const Word sigma = file.basis[i];
      std::complex<double> image = (family.table.diagonal(&sigma, couplings) - file.energy) * file.amplitudes[i];
      family.table.for_each_connected(sigma, couplings, [&](Word other, double element) { image += element * state[sector.index(other)]; });
      residual += std::norm(image);
    }
    if (!(std::sqrt(residual) < largest_residual))
      throw InputError(
          fmt::format("{}: |H phi - E phi| = {:.1e} for problem {} ({}): the file belongs to another Hamiltonian; check couplings, pinning and order",
                      path, std::sqrt(residual), g, family.problems[g].label));
    return state;
  }

  // The sampler of a stage, with the checks that need the system.
  SamplerOptions sampler(const Node& stage_node, const ProblemFamily& family) {
    const Node node = stage_node["sampler"];
    if (node.is_null()) throw InputError("no sampler: add a 'sampler' section (global, or in this stage)");
    SamplerOptions options = sampler_options(node);
    if (options.kind == SamplerKind::exact_sum) {
      for (const Problem& problem : family.problems) {
        if (!problem.sector.enumerable() || problem.sector.dimension() > exact_sum_limit)
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

  void vmc(const Node& node, StagePlan& stage) {
    VmcOptions options;
    options.steps = stage.steps = node["steps"].integer();
    options.sampler = sampler(node, stage.family);
    options.optimizer = optimizer(node);
    options.on_nonfinite = root_["on_nonfinite"].text() == "stop" ? OnNonfinite::stop : OnNonfinite::rollback;
    stage.options = options;
  }

  void evaluate(const Node& node, StagePlan& stage) {
    EvaluateOptions options;
    options.sampler = sampler(node, stage.family);
    options.observables = texts(node["observables"]);
    options.compare = node["compare"].text() == "ed" ? Compare::ed : Compare::none;
    const bool wants_exact =
        options.compare == Compare::ed || std::find(options.observables.begin(), options.observables.end(), "overlap") != options.observables.end();
    if (wants_exact) check_ed(stage.family, plan_.ed);
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
};

}  // namespace

RunPlan make_plan(const input::Document& document, input::Diagnostics& diagnostics) { return Planner(document, diagnostics).make(); }

}  // namespace qs
