#include "hamiltonians/registry.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "engine/base/error.h"
#include "hamiltonians/sector_input.h"

namespace qs {

namespace {

constexpr auto kSpin = SectorKind::spin_half;
constexpr auto kSpinless = SectorKind::spinless_fermions;

template <class Entry>
std::string join_names(std::span<const Entry> entries, std::string Entry::*name) {
  std::string text;
  for (const Entry& entry : entries) text += (text.empty() ? "" : ", ") + entry.*name;
  return text;
}

template <class Entry>
const Entry& find_named(std::span<const Entry> entries, std::string Entry::*name, const std::string& wanted, const char* key) {
  for (const Entry& entry : entries) {
    if (entry.*name == wanted) return entry;
  }
  throw InputError(fmt::format("{} '{}' is not known (known: {})", key, wanted, join_names(entries, name)));
}

const std::string& name_of(SectorKind kind) { return sector_entry(kind).name; }

void check_coupling(const SystemOptions& options, const std::string& key, const std::string& name) {
  const std::vector<CouplingEntry> known = couplings_of(options);
  if (std::any_of(known.begin(), known.end(), [&](const CouplingEntry& coupling) { return coupling.name == name; })) return;
  throw InputError(fmt::format("{}.{} is not a coupling of {} (known: {})", key, name, options.model,
                               join_names(std::span<const CouplingEntry>(known), &CouplingEntry::name)));
}

void check_finite(const std::string& key, const std::string& name, double value) {
  if (!std::isfinite(value)) throw InputError(fmt::format("{}.{} is {} (couplings are finite numbers): give a finite value", key, name, value));
}

void check_system(const ModelEntry& model, const SystemOptions& options) {
  if (model.sector && options.sector.kind != *model.sector) {
    throw InputError(fmt::format("system.sector.kind {} does not fit the model {} (it needs {})", name_of(options.sector.kind), model.kind,
                                 name_of(*model.sector)));
  }
  const auto& boundary = options.lattice.boundary;
  if (options.sector.kind == kSpin && std::find(boundary.begin(), boundary.end(), Boundary::antiperiodic) != boundary.end()) {
    throw InputError("system.lattice.boundary antiperiodic belongs to fermions (spins have no hopping to change sign): use periodic or open");
  }
  if (model.spin_number == SpinNumber::not_conserved && options.sector.up >= 0) {
    throw InputError(fmt::format("system.sector.total_sz is fixed ({} does not conserve Sz): remove total_sz", model.kind));
  }
  const bool exchange = options.sector.kind == kSpin && model.spin_number == SpinNumber::conserved;
  if (options.sign_rule == SignRule::marshall && !exchange) {
    throw InputError(fmt::format("system.hamiltonian.marshall_sign rotates exchange terms ({} has none): switch it off", model.kind));
  }
  for (const auto& [name, value] : options.couplings) {
    check_coupling(options, "system.hamiltonian", name);
    check_finite("system.hamiltonian", name, value);
  }
}

bool is_free_disorder(const TermSpec& term) {
  const auto* field = std::get_if<RandomField>(&term.coefficient);
  return field != nullptr && !field->seed;
}

bool has_free_disorder(const SystemOptions& options) { return std::any_of(options.terms.terms.begin(), options.terms.terms.end(), is_free_disorder); }

void refuse_unnumbered_disorder(const SystemOptions& options) {
  if (std::find(options.varied.begin(), options.varied.end(), "disorder") != options.varied.end()) return;
  const auto& terms = options.terms.terms;
  const auto found = std::find_if(terms.begin(), terms.end(), is_free_disorder);
  if (found == terms.end()) return;
  throw TermError(static_cast<int>(found - terms.begin()), 0,
                  fmt::format("the random field of term '{}' has no seed: give random.seed, or the samples in system.family.disorder: [1, 2, 3]",
                              name_of(*found)));
}

// The name keys the numbers: two fields of one name and one seed would have the same.
void refuse_equal_disorder(const SystemOptions& options) {
  const auto& terms = options.terms.terms;
  for (std::size_t t = 0; t < terms.size(); ++t) {
    const auto* field = std::get_if<RandomField>(&terms[t].coefficient);
    const auto equal = [&](const TermSpec& other) {
      const auto* known = std::get_if<RandomField>(&other.coefficient);
      return known != nullptr && known->seed == field->seed && name_of(other) == name_of(terms[t]);
    };
    if (field != nullptr && std::any_of(terms.begin(), terms.begin() + static_cast<std::ptrdiff_t>(t), equal))
      throw TermError(static_cast<int>(t), 0,
                      fmt::format("two random fields are called '{}', which names their numbers: give one of the terms a 'name'", name_of(terms[t])));
  }
}

void check_family(const SystemOptions& options) {
  for (std::size_t column = 0; column < options.varied.size(); ++column) {
    const std::string& name = options.varied[column];
    if (std::count(options.varied.begin(), options.varied.end(), name) > 1) {
      throw InputError(fmt::format("system.family.{} is listed twice: keep one", name));
    }
    if (name == "particles") {
      if (options.sector.kind != kSpinless)
        throw InputError(
            fmt::format("system.family.particles belongs to spinless_fermions ({} has {}): remove it", options.model, name_of(options.sector.kind)));
    } else if (name == "disorder") {
      if (!has_free_disorder(options))
        throw InputError(
            "system.family.disorder counts samples of random fields, but no term has one whose seed is open: write random: {width: 1.0}");
    } else {
      check_coupling(options, "system.family", name);
    }
  }
  if (options.varied.empty() && !options.rows.empty()) throw InputError("system.family has rows but names no coupling: name what varies");
  if (!options.varied.empty() && options.rows.empty())
    throw InputError(fmt::format("system.family.{} is empty: give at least one value", options.varied[0]));
  for (const auto& row : options.rows) {
    if (row.size() != options.varied.size()) {
      throw InputError(fmt::format("system.family has a row of {} values for {} names: give one value per name", row.size(), options.varied.size()));
    }
    for (std::size_t column = 0; column < row.size(); ++column) check_finite("system.family", options.varied[column], row[column]);
  }
}

// The random numbers of one sample of the disorder, by coupling.
std::map<std::string, double> disorder_of(const SystemOptions& options, const Lattice& lattice, std::uint64_t seed) {
  std::map<std::string, double> numbers;
  for (const TermSpec& term : options.terms.terms)
    numbers.merge(disorder_values(term, placements(lattice, term.where, options.terms.options.bonds), seed));
  return numbers;
}

void add_disorder(const SystemOptions& options, const Lattice& lattice, double seed, std::map<std::string, double>& named) {
  if (seed != std::floor(seed) || seed < 0 || seed > 9e15)
    throw InputError(fmt::format("system.family.disorder {} is not the number of a sample: use an integer >= 0", seed));
  named.merge(disorder_of(options, lattice, static_cast<std::uint64_t>(seed)));
}

std::vector<RandomNumbers> random_numbers(const SystemOptions& options, const Lattice& lattice, const std::vector<std::vector<double>>& rows) {
  const auto varied = std::find(options.varied.begin(), options.varied.end(), "disorder") - options.varied.begin();
  std::vector<RandomNumbers> all;
  for (std::size_t t = 0; t < options.terms.terms.size(); ++t) {
    const TermSpec& term = options.terms.terms[t];
    const auto* field = std::get_if<RandomField>(&term.coefficient);
    if (field == nullptr) continue;
    RandomNumbers numbers{static_cast<int>(t), name_of(term), term.coupling, {}, {}};
    for (const Placement& place : placements(lattice, term.where, options.terms.options.bonds)) numbers.sites.push_back(place.sites);
    for (const std::vector<double>& row : rows) {
      const std::uint64_t seed = field->seed ? *field->seed : static_cast<std::uint64_t>(row[varied]);
      std::vector<double>& values = numbers.values.emplace_back();
      for (std::size_t p = 0; p < numbers.sites.size(); ++p)
        values.push_back(random_field_value(*field, seed, numbers.name, static_cast<std::uint32_t>(p)));
    }
    all.push_back(std::move(numbers));
  }
  return all;
}

// The problem of one family row; couplings and E_inf follow once the operator is known.
Problem make_problem(const SystemOptions& options, const std::vector<double>& row, const Lattice& lattice) {
  SectorOptions sector = options.sector;
  sector.sites = lattice.sites();
  std::map<std::string, double> named;
  for (const CouplingEntry& coupling : couplings_of(options)) named[coupling.name] = coupling.default_value;
  for (const auto& [name, value] : options.couplings) named[name] = value;
  std::string label;
  for (std::size_t column = 0; column < row.size(); ++column) {
    const std::string& name = options.varied[column];
    if (name == "particles") {
      if (row[column] != std::floor(row[column]) || std::abs(row[column]) > 1e9)
        throw InputError(fmt::format("system.family.particles {} is not a whole number of particles: use an integer", row[column]));
      sector.up = static_cast<int>(row[column]);
    } else if (name == "disorder") {
      add_disorder(options, lattice, row[column], named);
    } else {
      named[name] = row[column];
    }
    label += fmt::format("{}{} = {:g}", column == 0 ? "" : ", ", name, row[column]);
  }
  return {Sector(sector), std::move(named), {}, std::move(label), 0};
}

}  // namespace

// Two lines per model; its entry stands in models/<name>.cpp.
ModelEntry tv_entry();
ModelEntry hubbard_entry();
ModelEntry heisenberg_entry();
ModelEntry xxz_entry();
ModelEntry xyz_entry();
ModelEntry tfim_entry();
ModelEntry shastry_sutherland_entry();
ModelEntry haldane_shastry_entry();
ModelEntry terms_entry();

std::span<const ModelEntry> models() {
  static const std::vector<ModelEntry> table = {tv_entry(),   hubbard_entry(), heisenberg_entry(),         xxz_entry(),
                                                xyz_entry(),  tfim_entry(),    shastry_sutherland_entry(), haldane_shastry_entry(),
                                                terms_entry()};
  return table;
}

const ModelEntry& find_model(const std::string& kind) { return find_named(models(), &ModelEntry::kind, kind, "system.hamiltonian.kind"); }

const ObservableEntry& find_observable(const std::string& name) { return find_named(observables(), &ObservableEntry::name, name, "observable"); }

std::vector<CouplingEntry> couplings_of(const SystemOptions& options) {
  std::vector<CouplingEntry> out = find_model(options.model).couplings;
  for (const auto& [name, number] : options.terms.couplings) out.push_back({name, number, ""});
  return out;
}

std::vector<std::string> disorder_couplings(const SystemOptions& options) {
  if (std::find(options.varied.begin(), options.varied.end(), "disorder") == options.varied.end()) return {};
  std::vector<std::string> names;
  for (const auto& [name, number] : disorder_of(options, Lattice(options.lattice), 0)) names.push_back(name);
  return names;
}

ProblemFamily build_family(const SystemOptions& options) {
  const ModelEntry& model = find_model(options.model);
  check_system(model, options);
  check_family(options);
  const Lattice lattice(options.lattice);
  const std::vector<std::vector<double>> rows = options.rows.empty() ? std::vector<std::vector<double>>{{}} : options.rows;

  ProblemFamily family{lattice, {}, {}, {}, options.varied, rows, options.terms.options.twist};
  refuse_unnumbered_disorder(options);
  refuse_equal_disorder(options);
  ModelOptions model_options{options.sign_rule, options.pinning, {}, options.sector.kind, options.terms};
  model_options.terms.options.sign_rule = options.sign_rule;
  for (const std::vector<double>& row : rows) {
    family.problems.push_back(make_problem(options, row, lattice));
    for (const auto& [name, value] : family.problems.back().named) {
      if (value != 0) model_options.active.insert(name);
    }
  }
  family.random = random_numbers(options, lattice, rows);
  if (model.check != nullptr) model.check(lattice, family.problems.front().sector.options(), model_options);
  family.hamiltonian = model.build(lattice, model_options);
  family.table = TermTable(family.hamiltonian);
  for (Problem& problem : family.problems) {
    problem.couplings = family.hamiltonian.coupling_values(problem.named);
    problem.infinite_temperature_energy = infinite_temperature_energy(family.hamiltonian, problem.sector, problem.couplings);
  }
  return family;
}

}  // namespace qs
