#include "engine/plan/plan.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <exception>
#include <filesystem>
#include <functional>
#include <map>

#include "engine/base/error.h"
#include "engine/plan/plan_checks.h"
#include "engine/plan/plan_network.h"
#include "engine/plan/plan_nodes.h"
#include "engine/plan/plan_symmetry.h"
#include "engine/plan/plan_system.h"
#include "engine/plan/stage_memory.h"
#include "engine/plan/target_files.h"
#include "engine/plan/vocabulary.h"
#include "hamiltonians/symmetry/symmetry_sector.h"

namespace qs {
namespace {

using input::Diagnostics;
using input::Node;

// The term of the Hamiltonian that an error is about, if `system` is the system section.
input::Location place_of(const TermError& error, const Node& system) {
  if (!system.has("hamiltonian")) return system.where();
  const std::vector<Node> terms = system["hamiltonian"]["terms"].items();
  return terms.at(error.term())["expression"].where();
}

// Runs `work`; what the physics layers refuse becomes a diagnostic at the node.
template <class F>
void diagnosed(Diagnostics& diagnostics, const Node& node, F&& work) {
  diagnostics.check(node, [&] {
    try {
      work();
    } catch (const TermError& error) {
      diagnostics.error(place_of(error, node), error.what());
    } catch (const SymmetryError& error) {
      diagnostics.error(node.has(error.key()) ? node[error.key()].where() : node.where(), error.what());
    }
  });
}

// "12", "4x6"; of a lattice without axes the number of its sites.
std::string short_name(const Lattice& lattice) {
  const std::vector<int>& size = lattice.options().size;
  return size.empty() ? std::to_string(lattice.sites()) : fmt::format("{}", fmt::join(size, "x"));
}

struct UnusableFile {
  Node node;  // that names it
  std::exception_ptr failure;
};

class Planner {
 public:
  Planner(const input::Document& document, Diagnostics& diagnostics, std::optional<int> ranks)
      : document_(document), root_(document.root), symmetry_(root_["symmetry"]), diagnostics_(diagnostics), ranks_(ranks) {}

  RunPlan make() {
    general();
    diagnosed(diagnostics_, root_["system"], [&] {
      system_ = system_options(root_["system"]);
      plan_.sign_rule = system_->sign_rule;
      base_.emplace(build_family(with_family(*system_, root_["system"]["family"])));
    });
    if (!base_) return std::move(plan_);
    if (const Node hamiltonian = root_["system"]["hamiltonian"]; hamiltonian.has("twist") && !hamiltonian["twist"].is_null())
      diagnosed(diagnostics_, hamiltonian["twist"], [&] { check_twist(base_->lattice, hamiltonian["twist"].numbers()); });
    plan_.origin = origin_of(*base_, *system_);
    warn_about(*base_);
    base_->symmetry = symmetry_of(*base_);
    if (!root_["wavefunction"].is_null()) network();
    const std::vector<Node> stages = root_["stages"].items();
    for (std::size_t position = 0; position < stages.size(); ++position) {
      diagnosed(diagnostics_, stages[position], [&] { stage(stages[position], static_cast<int>(position)); });
    }
    plan_.family = base_;
    report_files();
    origin();
    if (!diagnostics_.has_errors()) diagnosed(diagnostics_, root_["wavefunction"], [&] { memory(stages); });
    return std::move(plan_);
  }

 private:
  void general() {
    plan_ = run_options().read(root_, std::move(plan_));
    plan_ = output_options().read(root_["output"], std::move(plan_));
    plan_ = limits_options().read(root_["limits"], std::move(plan_));
    plan_ = checkpoint_options().read(root_["checkpoint"], std::move(plan_));
    plan_ = log_options().read(root_["log"], std::move(plan_));
    if (plan_.watchdog < 1)
      diagnostics_.error(root_["limits"]["watchdog"].where(),
                         "'limits.watchdog' is 0 s, which would end every run; write at least 1s, or 1000h to be rid of it");
    plan_.ed.memory_limit = plan_.memory_limit;
    plan_.ed.seed = plan_.seed;
  }

  void warn_about(const ProblemFamily& family) {
    int shells = 1;
    if (system_->couplings.count("J2") && system_->couplings.at("J2") != 0) shells = 2;
    if (system_->couplings.count("J3") && system_->couplings.at("J3") != 0) shells = 3;
    for (const TermSpec& term : system_->terms.terms)
      if (const auto* bonds = std::get_if<ShellBonds>(&term.where)) shells = std::max(shells, bonds->shell);
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
      const Problems problems = stage.problems();
      for (int g = 0; g < problems.size(); ++g) {
        const std::string words = problems[g].sector.describe();
        if (std::find(sectors.begin(), sectors.end(), words) == sectors.end()) sectors.push_back(words);
      }
    }
    if (base_->symmetry.sector) plan_.origin["symmetry"] = base_->symmetry.sector->describe();
    if (!sectors.empty()) plan_.origin["sector"] = fmt::format("{}", fmt::join(sectors, "; "));
    if (!plan_.network) return;
    const Node weights = root_["wavefunction"]["weights"];
    for (const std::string& text : other_differences(plan_.network->weights_origin, plan_.origin, weights.is_null() ? "" : weights.text()))
      warn(weights, text);
  }

  FamilySymmetry symmetry_of(const ProblemFamily& family) {
    FamilySymmetry symmetry;
    if (symmetry_.is_null()) return symmetry;
    diagnosed(diagnostics_, symmetry_, [&] { symmetry = family_symmetry(symmetry_, family, plan_.sign_rule, plan_.device); });
    return symmetry;
  }

  // From this stage on.
  void take_symmetry(const Node& stage) {
    if (stage["symmetry"].is_null()) return;
    symmetry_ = stage["symmetry"];
    base_->symmetry = symmetry_of(*base_);
  }

  // What a stage works on: a system, and its problems in the irrep that is in force.
  struct OnLattice {
    SystemOptions system;
    ProblemFamily family;
  };

  std::vector<OnLattice> lattices_of(const Node& stage) {
    if (!stage["systems"].is_null()) return lattices_of(stage["systems"].items(), stage["family"]);
    ProblemFamily family = build_family(with_family(*system_, stage["family"]));
    family.symmetry = stage["family"].is_null() ? base_->symmetry : symmetry_of(family);
    return {{*system_, std::move(family)}};
  }

  std::vector<OnLattice> lattices_of(const std::vector<Node>& systems, const Node& couplings) {
    std::vector<OnLattice> lattices;
    for (const Node& node : systems) {
      diagnosed(diagnostics_, node, [&] {
        const SystemOptions system = on_lattice(*system_, node);
        ProblemFamily family = build_family(with_family(system, couplings));
        family.symmetry = symmetry_of(family);
        const std::string name = "size " + short_name(family.lattice);
        if (systems.size() > 1)
          for (Problem& problem : family.problems) problem.label = problem.label.empty() ? name : name + ", " + problem.label;
        lattices.push_back({system, std::move(family)});
      });
    }
    return lattices;
  }

  // The network that a stage works with.
  void check_projection(const Problems& problems) {
    std::unique_ptr<Wavefunction> psi;
    diagnosed(diagnostics_, symmetry_.is_null() ? root_["wavefunction"] : symmetry_,
              [&] { psi = make_network(*plan_.network, problems, Device::reference); });
    for (const ProblemFamily* family : problems.families())
      if (psi) diagnosed(diagnostics_, root_["wavefunction"], [&] { check_reality(*psi, *family, *system_); });
  }

  void network() {
    const Node node = root_["wavefunction"];
    reading(node, [&] {
      NetworkPlan network = network_plan(document_, *base_, with_family(*system_, root_["system"]["family"]), plan_.origin);
      plan_.origin["conditioning"] = describe_conditioning(network.options, network.input);
      plan_.origin["start"] = describe(network.start);
      if (const std::string text = check_suits(network, *base_); !text.empty()) warn(node, text);
      plan_.network = std::move(network);
    });
    if (plan_.network) check_projection(*base_);
  }

  // Runs `work`, which reads a file that the node names; a file that cannot be used is kept for report_files. Whether all went well.
  template <class F>
  bool reading(const Node& node, F&& work) {
    try {
      work();
      return true;
    } catch (const InputError& error) {
      diagnostics_.error(node.where(), error.what());
    } catch (const Error&) {
      unusable_.push_back({node, std::current_exception()});
    }
    return false;
  }

  // Unusable weights and data have exit codes of their own. If the input has errors too, all of them are reported together as errors of the input.
  void report_files() {
    if (unusable_.empty()) return;
    if (!diagnostics_.has_errors()) std::rethrow_exception(unusable_.front().failure);
    for (const UnusableFile& file : unusable_) diagnosed(diagnostics_, file.node, [&] { std::rethrow_exception(file.failure); });
  }

  // One stage, or one for each of its lattices.
  void stage(const Node& node, int position) {
    const std::span<const StageEntry> known = qs::stages();
    const auto entry = std::find_if(known.begin(), known.end(), [&](const StageEntry& each) { return each.name == node.kind(); });
    take_symmetry(node);
    std::vector<OnLattice> lattices = lattices_of(node);
    if (lattices.empty()) return;
    StagePlan stage{
        .entry = &*entry, .position = position, .group = fmt::format("{:02}_{}", position, entry->name), .family = lattices.front().family};
    if (entry->lattices == Lattices::several || lattices.size() == 1) {
      for (std::size_t k = 1; k < lattices.size(); ++k) stage.beside.push_back(lattices[k].family);
      return plan_stage(node, lattices.front().system, std::move(stage));
    }
    std::map<std::string, int> times;  // that a group has been named
    for (OnLattice& lattice : lattices) {
      StagePlan one = stage;
      one.group += "_" + short_name(lattice.family.lattice);
      if (const auto seen = times[one.group]++; seen > 0) one.group += fmt::format("_{}", seen + 1);
      one.family = std::move(lattice.family);
      plan_stage(node, lattice.system, std::move(one));
    }
  }

  void plan_stage(const Node& node, const SystemOptions& system, StagePlan stage) {
    StagePlanning run{system,
                      plan_.device,
                      plan_.on_nonfinite,
                      plan_.directory,
                      plan_.ed,
                      plan_.stages,
                      diagnostics_,
                      [&](const Node& files, const ProblemFamily& family) { return read_targets(files, family); },
                      [&](const Node& file) { return read_parameters(file); },
                      [&](const Node& at, const std::string& text) { warn(at, text); }};
    stage.entry->plan(node, run, stage);
    if (plan_.network && stage.uses_network()) {
      const Problems problems = stage.problems();
      if (symmetry_in_force() && !problems.on_one_lattice())
        throw InputError(
            "a stage over several lattices has no symmetry to be projected on (each lattice has its own group); write symmetry: {} here");
      if (!node["symmetry"].is_null() || !node["family"].is_null() || !node["systems"].is_null()) check_projection(problems);
      check_follow(node, stage);
      for (const ProblemFamily* family : problems.families()) {
        check_conditioning(*plan_.network, *family);
        check_suits(*plan_.network, *family);  // what it warns about is the lattice, and told already
      }
      feature_table(problems, plan_.network->input.feature_names, plan_.network->start);  // refuses problems without the mean field
    }
    plan_.stages.push_back(std::move(stage));
  }

  bool symmetry_in_force() const { return base_->symmetry.sector != nullptr; }

  // Without a symmetry in any stage there is nothing to follow but psi.
  void check_follow(const Node& node, const StagePlan& stage) {
    if (!stage.sampler || stage.sampler->kind != SamplerKind::metropolis || stage.sampler->metropolis.follow == Follow::projected) return;
    const std::vector<Node> stages = root_["stages"].items();
    const bool symmetric =
        !root_["symmetry"].is_null() || std::any_of(stages.begin(), stages.end(), [](const Node& other) { return !other["symmetry"].is_null(); });
    if (!symmetric)
      diagnostics_.error(node["sampler"]["follow"].where(),
                         "'sampler.follow: bare' tells chains in a symmetry sector to follow the network before it is projected, but no stage has a "
                         "symmetry; remove it, or write a section 'symmetry'");
  }

  // Without a number of ranks the plan is refused only if none of them is enough.
  void memory(const std::vector<Node>& nodes) {
    plan_.ed.memory_limit -= kept_exact_states(plan_);  // Lanczos takes fewer vectors where memory is tight
    const StageNetworks networks = networks_of(plan_);
    const auto excess = [&](int ranks) { return memory_excess(plan_, networks, ranks); };
    const std::optional<MemoryExcess> now = excess(ranks_.value_or(1));
    if (!now) return;
    int enough = ranks_.value_or(1) + 1;
    while (enough <= default_blocks && excess(enough)) ++enough;
    const std::string more = enough <= default_blocks ? fmt::format("use {} ranks or more, ", enough) : "";
    const std::string text = fmt::format("{}; {}lower {}, or raise limits.memory", now->text, more, now->key);
    const Node& node = nodes.at(plan_.stages.at(now->stage).position);
    if (!ranks_ && enough <= default_blocks) return warn(node, text);
    diagnostics_.error(node.where(), text);
  }

  std::vector<Amplitudes> read_targets(const Node& files, const ProblemFamily& family) {
    TargetSearch search(family, plan_.origin, static_cast<std::size_t>(plan_.memory_limit / 3));
    std::vector<Amplitudes> states;
    bool complete = true;  // as far as the files can be read
    for (const Node& name : files.items()) complete = reading(name, [&] { search.read(resolve_path(name.text(), document_.directory)); }) && complete;
    if (complete) reading(files, [&] { states = search.take(); });
    if (const std::string text = search.warning(); !text.empty()) warn(files, text);
    return states;
  }

  std::vector<double> read_parameters(const Node& file) {
    std::vector<double> parameters;
    Origin here = plan_.origin;
    if (base_->symmetry.sector) here["symmetry"] = base_->symmetry.sector->describe();  // in force in this stage
    if (plan_.network) reading(file, [&] { parameters = stored_parameters(*plan_.network, resolve_path(file.text(), document_.directory), here); });
    return parameters;
  }

  const input::Document& document_;
  Node root_;
  Node symmetry_;  // the section in force: of the stage, of one before it, or of the run
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

std::string first_refusal(const std::string& text, const std::string& name) {
  input::Diagnostics diagnostics;
  const input::Document document = input::load_text(vocabulary(), text, name, {}, diagnostics);
  if (!diagnostics.has_errors()) make_plan(document, diagnostics);
  return diagnostics.has_errors() ? diagnostics.errors().front().message : "";
}

}  // namespace qs
