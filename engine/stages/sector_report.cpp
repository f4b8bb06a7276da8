#include "engine/stages/sector_report.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "engine/base/error.h"
#include "engine/wavefunctions/projected.h"

namespace qs {
namespace {

constexpr double least_kappa = 1e-3;     // of the mean; below, the rounding of float32 (1e-6) is a thousandth of psi_s
constexpr double least_effective = 0.2;  // below, samples of psi_s itself are worth their cost
constexpr double unknown = std::numeric_limits<double>::quiet_NaN();

bool follows_bare(const SamplerOptions& options) { return options.kind == SamplerKind::metropolis && options.metropolis.follow == Follow::bare; }

// Rows of all ranks.
struct Rows {
  std::vector<std::int32_t> problem;
  std::vector<double> weight, kappa;
  std::vector<std::int32_t> allowed;
  // ln of |psi_s|^2 / q and of the mean over the group of |psi|^2 / q, where rows come with the density q; empty if only q = |psi_s|^power is known.
  std::vector<double> log_projected, log_whole;
};

Rows gathered(const StageContext& context, const SamplerOptions& options, const SampleSet& samples) {
  const Projected& projected = *projection_of(*context.psi);
  const bool bare = follows_bare(options), known = bare || options.kind == SamplerKind::exact_sum;
  std::vector<Projected::Inside> inside, density;
  on_all(context.comm, [&] {
    inside = projected.inside(samples.rows, 2);
    if (bare) density = options.metropolis.power == 2 ? inside : projected.inside(samples.rows, options.metropolis.power);
  });
  Rows mine{.problem = samples.rows.problem, .weight = samples.weight, .kappa = {}, .allowed = {}, .log_projected = {}, .log_whole = {}};
  for (std::size_t i = 0; i < inside.size(); ++i) {
    mine.kappa.push_back(inside[i].kappa);
    mine.allowed.push_back(inside[i].allowed ? 1 : 0);
    if (!known) continue;
    const double log_density = bare ? density[i].log_mean : 0;
    mine.log_projected.push_back(2 * samples.log_psi[i].real() - log_density);
    mine.log_whole.push_back(inside[i].log_mean - log_density);
  }
  Communicator& comm = context.comm;
  return {gather_rows(comm, mine.problem), gather_rows(comm, mine.weight),        gather_rows(comm, mine.kappa),
          gather_rows(comm, mine.allowed), gather_rows(comm, mine.log_projected), gather_rows(comm, mine.log_whole)};
}

SectorReport report_of(const Rows& rows, int problem, bool weighted) {
  SectorReport report;
  double largest = -std::numeric_limits<double>::infinity(), projected = 0, whole = 0, squares = 0;
  const bool known = !rows.log_whole.empty();
  for (std::size_t i = 0; known && i < rows.problem.size(); ++i)
    if (rows.problem[i] == problem) largest = std::max(largest, rows.log_whole[i]);
  for (std::size_t i = 0; i < rows.problem.size(); ++i) {
    if (rows.problem[i] != problem) continue;
    ++report.rows;
    report.kappa_mean += rows.weight[i] * rows.kappa[i];
    squares += rows.weight[i] * rows.weight[i];
    if (rows.kappa[i] > 0) report.kappa_least = std::min(report.kappa_least, rows.kappa[i]);
    if (rows.allowed[i] != 0 && rows.kappa[i] == 0) ++report.cancelled;
    if (!known) continue;
    projected += std::exp(rows.log_projected[i] - largest);
    whole += std::exp(rows.log_whole[i] - largest);
  }
  if (known) report.weight = projected / whole;
  if (weighted) report.effective = 1 / (double(report.rows) * squares);
  return report;
}

std::string prefix(const StageContext& context, std::size_t problem) {
  const std::string& label = context.family.problems[problem].label;
  return label.empty() ? "" : label + ": ";
}

// Whether a float32 network says what psi_s is.
bool rounds_coarsely(const StageContext& context, const SamplerOptions& options) {
  const bool chains = options.kind == SamplerKind::metropolis && !follows_bare(options);
  return context.psi->precision() == Precision::float32 || (chains && context.psi->for_chains().precision() == Precision::float32);
}

std::string rounding_text(const SectorReport& report) {
  return fmt::format(
      "{:.1e} of the sums of the projection is left on average, and the rounding of a float32 network is not small beside it; write "
      "precision: {{network: float64, sampler: network}}",
      report.kappa_mean);
}

}  // namespace

std::vector<SectorReport> examine_sector(const StageContext& context, const SamplerOptions& options, const SampleSet& samples) {
  std::vector<SectorReport> reports;
  if (projection_of(*context.psi) == nullptr) return reports;
  const Rows rows = gathered(context, options, samples);
  for (int g = 0; g < samples.problems; ++g) reports.push_back(report_of(rows, g, follows_bare(options)));
  return reports;
}

std::vector<std::string> sector_notes(const std::vector<SectorReport>& reports, const StageContext& context) {
  std::vector<std::string> notes;
  for (std::size_t g = 0; g < reports.size(); ++g) {
    const SectorReport& report = reports[g];
    std::string note = fmt::format("{}projection: {} evaluations for one psi; {:.2g} of the sum is left on average, {:.2g} at least",
                                   prefix(context, g), projection_of(*context.psi)->evaluations(), report.kappa_mean, report.kappa_least);
    if (report.weight) note += fmt::format("; weight of the sector in the network {:.4g}", *report.weight);
    if (report.effective) note += fmt::format("; {:.2g} of the samples count", *report.effective);
    notes.push_back(std::move(note));
  }
  return notes;
}

std::vector<std::string> sector_warnings(const std::vector<SectorReport>& reports, const StageContext& context, const SamplerOptions& options) {
  std::vector<std::string> warnings;
  for (std::size_t g = 0; g < reports.size(); ++g) {
    const SectorReport& report = reports[g];
    if (report.cancelled > 0)
      warnings.push_back(
          fmt::format("{}on {} of {} configurations that the sector allows less than 1e-11 of the sum is left, which is rounding: "
                      "they count as psi = 0 (ln|psi| = -inf)",
                      prefix(context, g), report.cancelled, report.rows));
    if (report.effective && *report.effective < least_effective)
      warnings.push_back(
          fmt::format("{}only {:.2g} of the samples count (weight of the sector {:.2g}): the network lies mostly in other sectors; "
                      "write sampler.follow: projected",
                      prefix(context, g), *report.effective, report.weight.value_or(unknown)));
    if (report.kappa_mean < least_kappa && rounds_coarsely(context, options)) warnings.push_back(prefix(context, g) + rounding_text(report));
  }
  return warnings;
}

void refuse_rounding(const std::vector<SectorReport>& reports, const StageContext& context, const SamplerOptions& options) {
  if (!rounds_coarsely(context, options)) return;
  for (std::size_t g = 0; g < reports.size(); ++g)
    if (reports[g].kappa_mean < least_kappa) throw InputError(prefix(context, g) + rounding_text(reports[g]));
}

void store_sector(const std::vector<SectorReport>& reports, const StageContext& context, DataTree& outputs) {
  if (reports.empty()) return;
  const std::string group = "stages/" + context.group + "/sector/";
  const auto put = [&](const std::string& name, const std::string& words, auto&& value) {
    std::vector<double> values;
    for (const SectorReport& report : reports) values.push_back(value(report));
    store_values(outputs, group + name, std::move(values), {static_cast<std::int64_t>(reports.size())},
                 {{"units", "1"}, {"long_name", words}, {"sector", projection_of(*context.psi)->symmetry().describe()}});
  };
  put("kappa_mean", "what is left of the sum over the group, mean over |psi|^2", [](const SectorReport& r) { return r.kappa_mean; });
  put("kappa_least", "what is left of the sum over the group, least", [](const SectorReport& r) { return r.kappa_least; });
  put("cancelled", "configurations with psi = 0 by cancellation", [](const SectorReport& r) { return double(r.cancelled); });
  put("weight", "<psi|P|psi> / <psi|psi> of the network", [](const SectorReport& r) { return r.weight.value_or(unknown); });
  put("effective", "share of the samples that count, (sum w)^2 / (M sum w^2)", [](const SectorReport& r) { return r.effective.value_or(unknown); });
}

}  // namespace qs
