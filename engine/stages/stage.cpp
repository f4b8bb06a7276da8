#include "engine/stages/stage.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "engine/stages/quantities.h"
#include "hamiltonians/mean_field/start_orbitals.h"

namespace qs {

namespace {

std::vector<std::vector<double>> features_of(const ProblemFamily& family, const std::vector<std::string>& names, const StartOrbitals& start) {
  std::vector<std::vector<double>> table(family.size());
  for (int g = 0; g < family.size(); ++g) {
    for (const std::string& name : names) table[g].push_back(family.feature(g, name));
  }
  if (start.start == OrbitalStart::random) return table;
  const std::vector<std::vector<double>> orbitals = start_orbitals(family, start);
  for (int g = 0; g < family.size(); ++g) table[g].insert(table[g].end(), orbitals[g].begin(), orbitals[g].end());
  return table;
}

}  // namespace

std::vector<std::vector<double>> feature_table(const Problems& problems, const std::vector<std::string>& names, const StartOrbitals& start) {
  if (problems.on_one_lattice()) return features_of(problems.family_of(0), names, start);
  std::vector<std::vector<double>> table;
  for (std::size_t lattice = 0; lattice < problems.families().size(); ++lattice) {
    for (std::vector<double>& row : features_of(*problems.families()[lattice], names, start)) {
      row.insert(row.begin(), static_cast<double>(lattice));
      table.push_back(std::move(row));
    }
  }
  return table;
}

void show(const StageContext& context, const Problems& problems) {
  context.psi->set_features(feature_table(problems, context.features, context.start));
}

void store_trace(const Trace& trace, const std::string& group, DataTree& outputs) {
  for (std::size_t c = 0; c < trace.columns.size(); ++c) {
    std::vector<double> column;
    column.reserve(trace.rows.size());
    for (const auto& row : trace.rows) column.push_back(row[c]);
    const auto steps = static_cast<std::int64_t>(column.size());
    store_values(outputs, "stages/" + group + "/trace/" + trace.columns[c], std::move(column), {steps}, quantity_attributes(trace.columns[c]));
  }
}

void store_values(DataTree& outputs, const std::string& path, std::vector<double> values, std::vector<std::int64_t> shape,
                  std::map<std::string, Attribute> attributes) {
  std::vector<double> valid;
  for (double& value : values) {
    valid.push_back(std::isfinite(value) ? 1 : 0);
    if (!std::isfinite(value)) value = 0;
  }
  if (std::any_of(valid.begin(), valid.end(), [](double v) { return v == 0; })) outputs.set(path + "_valid", array(std::move(valid), shape));
  outputs.set(path, with(array(std::move(values), std::move(shape)), std::move(attributes)));
}

void store_couplings(const Problems& problems, const std::string& group, DataTree& outputs) {
  const std::vector<std::string>& names = problems.families().front()->varied;
  for (std::size_t c = 0; c < names.size(); ++c) {
    std::vector<double> column;
    for (const ProblemFamily* family : problems.families()) {
      for (const auto& row : family->varied_values) column.push_back(row[c]);
    }
    outputs.set("stages/" + group + "/couplings/" + names[c],
                with(array(std::move(column)), {{"units", "1"}, {"long_name", "coupling of every problem, in the energy unit of the Hamiltonian"}}));
  }
  if (problems.on_one_lattice()) return;
  std::vector<std::int64_t> sites;
  for (int g = 0; g < problems.size(); ++g) sites.push_back(problems.family_of(g).lattice.sites());
  outputs.set("stages/" + group + "/sites", with(array(std::move(sites)), {{"units", "1"}, {"long_name", "sites of the lattice of every problem"}}));
}

}  // namespace qs
