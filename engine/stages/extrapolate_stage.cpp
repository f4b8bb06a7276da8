#include "engine/stages/extrapolate_stage.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "engine/stages/quantities.h"
#include "engine/statistics/distributions.h"

namespace qs {
namespace {

constexpr double nan = std::numeric_limits<double>::quiet_NaN();
constexpr double unlikely = 1e-3;     // of chi^2
constexpr double many_degrees = 1e6;  // Fisher's F with so many below is chi^2 per degree of freedom

std::string fit_words(const EnergyFit& fit) {
  if (!std::isfinite(fit.energy)) return "not to be had";
  std::string words = format_with_error(fit.energy, fit.error);
  if (fit.freedom > 0 && std::isfinite(fit.chi_square)) words += fmt::format(" (chi^2/dof {:.2g}/{})", fit.chi_square, fit.freedom);
  return words;
}

// Whether less is known than lies between the points and the end of the line.
bool reaches_far(const Extrapolation& result) {
  const auto [lowest, highest] =
      std::minmax_element(result.points.begin(), result.points.end(), [](const EnergyPoint& a, const EnergyPoint& b) { return a.energy < b.energy; });
  return lowest->energy - result.linear.energy > highest->energy - lowest->energy;
}

}  // namespace

double Extrapolation::systematic() const { return std::abs(linear.energy - quadratic.energy); }

ExtrapolateStage::ExtrapolateStage(std::vector<std::string> sources, Compare compare, StageContext context, ExactStates& exact)
    : sources_(std::move(sources)), compare_(compare), context_(std::move(context)), exact_(exact) {}

StepOutcome ExtrapolateStage::step(RunState& state) {
  StepOutcome outcome;
  outcome.trace_row = {0};
  std::vector<Extrapolation> all;
  for (int g = 0; g < context_.family.size(); ++g) all.push_back(extrapolate(state.outputs, g));
  std::vector<EnergyResult> energies;
  for (const Extrapolation& each : all) energies.push_back(each.energy);
  if (compare_ == Compare::ed) {
    clock_.measure("diagonalise", [&] { add_exact(context_, exact_, energies); });
    for (std::size_t g = 0; g < all.size(); ++g) all[g].energy.exact = energies[g].exact;
    store_converged(context_, energies, outcome, state.outputs);
  }
  store(all, state.outputs);
  for (std::size_t g = 0; g < all.size(); ++g) report(all[g], static_cast<int>(g), outcome);
  outcome.notes.push_back("energies at zero variance are extrapolated: they are no upper bounds");
  return outcome;
}

Extrapolation ExtrapolateStage::extrapolate(const DataTree& results, int problem) const {
  Extrapolation result;
  for (const std::string& source : sources_) {
    const auto value = [&](const char* name) {
      const bool known = !results.has(source + name + "_valid") || results.doubles(source + name + "_valid").at(problem) != 0;
      return known ? results.doubles(source + name).at(problem) : nan;
    };
    result.points.push_back({value("mean"), value("variance"), value("error"), value("variance_error"), value("covariance")});
  }
  result.linear = fit_energy(result.points, 1);
  result.quadratic = fit_energy(result.points, 2);
  result.energy.energy.mean = result.linear.energy;
  result.energy.energy.error = result.linear.error;
  return result;
}

void ExtrapolateStage::store(const std::vector<Extrapolation>& all, DataTree& outputs) const {
  const std::string group = "stages/" + context_.group + "/";
  const auto put = [&](const std::string& folder, const std::string& name, auto&& value) {
    std::vector<double> values;
    for (const Extrapolation& each : all) values.push_back(value(each));
    store_quantity(context_, group + folder, name, std::move(values), outputs);
  };
  const std::pair<const char*, EnergyFit Extrapolation::*> fits[] = {{"linear/", &Extrapolation::linear}, {"quadratic/", &Extrapolation::quadratic}};
  for (const auto& [folder, fit] : fits) {
    put(folder, "mean", [&, member = fit](const Extrapolation& e) { return (e.*member).energy; });
    put(folder, "error", [&, member = fit](const Extrapolation& e) { return (e.*member).error; });
    put(folder, "slope", [&, member = fit](const Extrapolation& e) { return (e.*member).slope; });
    put(folder, "curvature", [&, member = fit](const Extrapolation& e) { return (e.*member).curvature; });
    put(folder, "chi_square", [&, member = fit](const Extrapolation& e) { return (e.*member).chi_square; });
    put(folder, "freedom", [&, member = fit](const Extrapolation& e) { return (e.*member).freedom; });
  }
  put("", "systematic", [](const Extrapolation& e) { return e.systematic(); });
  put("", "exact", [](const Extrapolation& e) { return e.energy.exact.value_or(nan); });
  put("", "relative_error", [](const Extrapolation& e) { return e.energy.relative_error().value_or(nan); });
  store_points(all, outputs);
  store_couplings(context_.family, context_.group, outputs);
}

void ExtrapolateStage::store_points(const std::vector<Extrapolation>& all, DataTree& outputs) const {
  const std::string folder = "stages/" + context_.group + "/points/";
  const auto put = [&](const char* name, double EnergyPoint::*member) {
    std::vector<double> values;
    for (const Extrapolation& each : all) {
      for (const EnergyPoint& point : each.points) values.push_back(point.*member);
    }
    store_values(outputs, folder + name, std::move(values), {context_.family.size(), static_cast<std::int64_t>(sources_.size())},
                 quantity_attributes(name, context_.family.hamiltonian.convention));
  };
  put("mean", &EnergyPoint::energy);
  put("variance", &EnergyPoint::variance);
  put("error", &EnergyPoint::energy_error);
  put("variance_error", &EnergyPoint::variance_error);
  put("covariance", &EnergyPoint::covariance);
  outputs.set(folder + "sources", with(array(sources_), {{"long_name", "where the points come from"}}));
}

void ExtrapolateStage::report(const Extrapolation& result, int problem, StepOutcome& outcome) const {
  const std::string& label = context_.family.problems[problem].label;
  const std::string who = name_of(context_.family, problem);
  std::string words = fmt::format("{}E at zero variance from {} points: linear {}, quadratic {}", label.empty() ? "" : label + ": ",
                                  result.points.size(), fit_words(result.linear), fit_words(result.quadratic));
  if (std::isfinite(result.systematic())) words += fmt::format(", their difference {:.1e} is the systematic error", result.systematic());
  if (const auto error = result.energy.relative_error()) words += fmt::format(", exact {:.9g}, relative error {:.2e}", *result.energy.exact, *error);
  outcome.notes.push_back(words);
  const EnergyFit& linear = result.linear;
  const auto warn = [&](const std::string& text) { outcome.warnings.push_back(who + ": " + text); };
  if (!std::isfinite(linear.energy)) return warn("the points are no line (their variances are equal, or not known): nothing is extrapolated");
  if (!std::isfinite(result.quadratic.energy)) warn("with two different points nobody can tell how straight the line is; measure a third state");
  if (!(linear.slope > 0)) warn("the energies do not fall with the variance: the points are not of one family of states");
  if (reaches_far(result))
    warn("zero variance is farther from the best point than the points from each other: poor states mislead, train on or take a Lanczos step");
  if (linear.freedom > 0 && f_tail(linear.chi_square / linear.freedom, linear.freedom, many_degrees) < unlikely)
    warn(fmt::format("the points are no straight line within their errors: chi^2/dof = {:.3g}/{}; leave out the worst", linear.chi_square,
                     linear.freedom));
}

}  // namespace qs
