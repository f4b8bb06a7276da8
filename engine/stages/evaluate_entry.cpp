// What the input says of an evaluation, and what its results say.
#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "engine/base/error.h"
#include "engine/stages/evaluate_stage.h"
#include "engine/stages/stage_entry.h"
#include "engine/stages/stage_options.h"
#include "hamiltonians/bipartition.h"
#include "hamiltonians/observable.h"
#include "hamiltonians/terms_input.h"

namespace qs {
namespace {

using nlohmann::json;

// Names, and observables that the input writes out; their terms are read where the system is known.
void add_observables(Options<EvaluateOptions>& options) {
  Shape known = shape::choice({"energy", "overlap"});
  known.meanings = {"mean energy, always measured", "with the exact ground level, |<psi|phi>| / (|psi| |phi|)"};
  for (const ObservableEntry& entry : observables()) {
    known.words.push_back(entry.name);
    known.meanings.push_back(entry.doc);
  }
  options.add(
      "observables", shape::set(shape::either({std::move(known), shape::section("own_observable")}), 1),
      "what to measure; {name: ..., terms: [...]} measures terms of your own", &EvaluateOptions::observables,
      [](const Node& node, std::vector<std::string>& names) {
        names.clear();
        for (const Node& item : node.items()) names.push_back(item.is_map() ? item["name"].text() : item.text());
      },
      [](const std::vector<std::string>&) { return std::string("[energy]"); });
}

Options<EvaluateOptions> evaluate_options() {
  const EvaluateOptions defaults;  // a temporary in its place makes GCC 12 warn of members that are not initialised
  Options<EvaluateOptions> options(defaults);
  add_sampler(options);
  add_observables(options);
  add_compare(options, "put exact values beside the measured ones: energy, and every observable as its mean over the exact ground level");
  options
      .other("renyi2", shape::section("renyi2"), absent("not measured"),
             "second Renyi entropies -ln Tr rho_A^2 (natural logarithm) of regions A, by swap between pairs of chains, or exactly with an exact_sum")
      .since("0.2.0");
  options
      .other("fidelity", shape::section("fidelity"), absent("not measured"),
             "|<psi|phi>|^2 / (<psi|psi><phi|phi>) with another state phi of the same network")
      .since("0.2.0");
  return options;
}

Options<Renyi2Options> renyi2_options() {
  using R = Renyi2Options;
  Options<R> options;
  options
      .add(
          "regions", shape::list(shape::list(shape::integer(0, 1 << 20), 1), 1), "sites of each region A; [[0, 1], [0, 1, 2, 3]] are two regions",
          &R::regions,
          [](const Node& node, std::vector<std::vector<int>>& regions) {
            regions.clear();
            for (const Node& region : node.items()) {
              const std::vector<std::int64_t> sites = region.integers();
              regions.emplace_back(sites.begin(), sites.end());
            }
          },
          [](const auto&) { return std::string(); })
      .otherwise_required("[[0, 1, 2, 3]]");
  options
      .add(
          "pairings", shape::either({shape::choice({"all"}), shape::integer(1, 1 << 24)}),
          "chains of the second half with which each one of the first half is paired; a pair costs two evaluations for each of its samples, and the "
          "variance falls with the number of pairs",
          &R::pairings, [](const Node& node, std::int64_t& pairings) { pairings = node.is_text() ? 0 : node.integer(); },
          [](std::int64_t pairings) { return pairings == 0 ? std::string("all") : std::to_string(pairings); })
      .unit("chains");
  return options;
}

Options<FidelityOptions> fidelity_options() {
  Options<FidelityOptions> options;
  options.text("with", &FidelityOptions::with, "weights of the other state, relative to the input file: any file that wavefunction.weights takes")
      .otherwise_required("../other/results.h5");
  return options;
}

Options<OwnObservable> own_options() {
  Options<OwnObservable> options;
  options.other("name", shape::text(), required("string"), "its name in the results");
  options.other("terms", shape::list(shape::section("term"), 1), required("[{expression: Sz, sites: all}]"),
                "terms whose sum is measured, written as those of a Hamiltonian of kind terms");
  return options;
}

// Names are those of groups in results.h5.
void check_name(const std::string& name, const EvaluateOptions& options) {
  const auto allowed = [](char c) { return std::isalnum(static_cast<unsigned char>(c)) || c == '_' || c == '-'; };
  if (name.empty() || !std::all_of(name.begin(), name.end(), allowed))
    throw InputError(fmt::format("the name '{}' of an observable has other characters than letters, digits, _ and -", name));
  const auto has_name = [&](const auto& other) { return other.name == name; };
  if (name == "energy" || name == "overlap" || name == "renyi2" || name == "fidelity" ||
      std::any_of(observables().begin(), observables().end(), has_name))
    throw InputError(fmt::format("'{}' is the name of a built-in observable: choose another", name));
  if (std::any_of(options.own.begin(), options.own.end(), has_name)) throw InputError(fmt::format("observable '{}' is listed twice", name));
}

void plan_own(const Node& node, const ProblemFamily& family, const SystemOptions& system, EvaluateOptions& options) {
  OwnObservable own{node["name"].text(), {}, system.terms.options};
  own.options.sign_rule = system.sign_rule;
  check_name(own.name, options);
  for (const Node& term : node["terms"].items()) own.terms.push_back(read_term(term, static_cast<int>(own.terms.size())));
  make_observable(own, family.lattice, family.problems[0].sector, family.problems[0].named);
  options.own.push_back(std::move(own));
}

// Reads the terms of the user's own observables into `options`, and reports what the system does not allow where it stands in the input.
void plan_observables(const Node& list, const ProblemFamily& family, StagePlanning& run, EvaluateOptions& options) {
  for (const Node& item : list.items()) {
    try {
      if (item.is_map())
        plan_own(item, family, run.system, options);
      else if (item.text() != "energy" && item.text() != "overlap")
        make_observable(find_observable(item.text()),
                        {family.lattice, family.problems[0].sector, run.system.sign_rule, &family.hamiltonian, family.twist});
    } catch (const TermError& error) {
      run.diagnostics.error(item["terms"].items().at(error.term())["expression"].where(), error.what());
    } catch (const InputError& error) {
      run.diagnostics.error(item.where(), error.what());
    }
  }
}

void require_pairs(const SamplerOptions& sampler, const std::string& name) {
  if (sampler.kind == SamplerKind::metropolis && sampler.metropolis.chains < 4)
    throw InputError(
        fmt::format("{} compares chains, of which sampler.chains: {} leaves too few; write 64 or more", name, sampler.metropolis.chains));
}

void plan_renyi2(const Node& node, const ProblemFamily& family, StagePlanning& run, EvaluateOptions& options) {
  options.renyi2 = renyi2_options().read(node);
  run.diagnostics.check(node, [&] { require_pairs(options.sampler, "renyi2"); });
  const std::vector<Node> regions = node["regions"].items();
  for (std::size_t k = 0; k < regions.size(); ++k)
    run.diagnostics.check(regions[k], [&] { Bipartition(family.problems[0].sector, options.renyi2->regions[k]); });
}

void plan_fidelity(const Node& node, StagePlanning& run, EvaluateOptions& options) {
  options.fidelity = fidelity_options().read(node);
  run.diagnostics.check(node, [&] { require_pairs(options.sampler, "fidelity"); });
  options.fidelity->parameters = run.read_parameters(node["with"]);
}

void plan(const Node& node, StagePlanning& run, StagePlan& stage) {
  EvaluateOptions options = evaluate_options().read(node);
  check_sampler(options.sampler, stage.family);
  stage.exact_states = options.wants_exact();
  if (stage.exact_states) check_exact_states(stage.family, 1);
  plan_observables(node["observables"], stage.family, run, options);
  if (!node["renyi2"].is_null()) plan_renyi2(node["renyi2"], stage.family, run, options);
  if (!node["fidelity"].is_null()) plan_fidelity(node["fidelity"], run, options);
  stage.sampler = options.sampler;
  stage.points = {"energy"};
  stage.make = [options](const StagePlan&, StageContext context, ExactStates& exact) {
    return std::make_unique<EvaluateStage>(options, std::move(context), exact);
  };
}

// What tells whether the numbers of problem g can be trusted, and the observables.
json sampling_entry(const StagePlan& stage, const DataTree& outputs, std::size_t g) {
  const std::string group = "stages/" + stage.group + "/";
  json entry = {{"reliable", value_at(outputs, group + "energy/reliable", g) == 1.0}, {"observables", json::object()}};
  if (outputs.has(group + "sampling/moves")) {
    const auto& moves = std::get<std::vector<std::string>>(outputs.at(group + "sampling/moves").values);
    entry["accept_of_move"] = json::array();
    for (std::size_t k = 0; k < moves.size(); ++k) {
      entry["accept_of_move"].push_back({{"move", moves[k]}, {"accept", value_at(outputs, group + "sampling/accept_of_move", g * moves.size() + k)}});
    }
    if (outputs.has(group + "sampling/accept_of_swap")) {
      const auto swaps = outputs.at(group + "sampling/accept_of_swap").shape.at(1);
      for (std::int64_t k = 0; k < swaps; ++k) entry["accept_of_swap"].push_back(value_at(outputs, group + "sampling/accept_of_swap", g * swaps + k));
    }
    for (const char* name : {"invalid", "still_chains"}) entry[name] = outputs.integers(group + "sampling/" + name).at(g);
  }
  const std::string folder = group + "observables/", file = "/labels";
  for (const auto& [path, dataset] : outputs.datasets) {
    if (!path.starts_with(folder) || !path.ends_with(file)) continue;
    const std::string name = path.substr(folder.size(), path.size() - folder.size() - file.size());
    const auto& labels = std::get<std::vector<std::string>>(dataset.values);
    json& observable = entry["observables"][name] = {{"labels", labels}};
    for (const char* column : {"mean", "error", "tau", "rhat", "exact"}) {
      for (std::size_t k = 0; k < labels.size(); ++k)
        observable[column].push_back(value_at(outputs, folder + name + "/" + column, g * labels.size() + k));
    }
    for (std::size_t k = 0; k < labels.size(); ++k) {
      observable["reliable"].push_back(value_at(outputs, folder + name + "/reliable", g * labels.size() + k) == 1.0);
    }
  }
  return entry;
}

void summarise(const StagePlan& stage, const DataTree& outputs, json& summary) {
  const std::string energy = "stages/" + stage.group + "/energy/";
  if (!outputs.has(energy + "mean")) return;
  summary["results"] = json::array();
  for (int g = 0; g < stage.family.size(); ++g) {
    json entry = varied_couplings(stage.family, g);
    const json mean = value_at(outputs, energy + "mean", g), error = value_at(outputs, energy + "error", g);
    entry["energy"] = mean;
    entry["energy_per_site"] = mean.is_null() ? json() : json(mean.get<double>() / stage.family.lattice.sites());
    entry.update(sampling_entry(stage, outputs, g));
    for (const char* name : {"error", "variance", "vscore", "tau", "rhat", "accept", "exact", "relative_error", "overlap"})
      entry[name] = value_at(outputs, energy + name, g);
    const bool has_z = !entry["exact"].is_null() && !error.is_null() && error.get<double>() > 0;
    entry["z"] = has_z ? json((mean.get<double>() - entry["exact"].get<double>()) / error.get<double>()) : json();
    summary["results"].push_back(entry);
  }
}

}  // namespace

StageEntry evaluate_entry() {
  return {.name = "evaluate",
          .text = "energies and observables of the trained network",
          .keys = evaluate_options().list(),
          .plan = plan,
          .summarise = summarise,
          .sections = {{"own_observable", own_options().list()}, {"renyi2", renyi2_options().list()}, {"fidelity", fidelity_options().list()}}};
}

}  // namespace qs
