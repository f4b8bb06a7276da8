#include "engine/stages/fidelity.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>

#include "engine/stages/sampling_report.h"
#include "engine/stages/thermalise.h"
#include "engine/statistics/jackknife.h"
#include "engine/wavefunctions/chunked.h"
#include "engine/wavefunctions/log_psi.h"

namespace qs {
namespace {

using Complex = std::complex<double>;

constexpr double alarm_errors = 5;

// ln of the other state over the one that was sampled, at my samples of that.
struct LogRatios {
  const SampleSet* samples;
  std::vector<Complex> values;
};

std::vector<Complex> log_ratios(Communicator& comm, const Wavefunction& other, const SampleSet& samples) {
  std::vector<Complex> values;
  on_all(comm, [&] { values = log_psi(other, samples.rows); });
  for (std::size_t i = 0; i < values.size(); ++i) {
    if (!is_zero(values[i])) values[i] -= samples.log_psi[i];
  }
  return values;
}

// Mean of ln|ratio| of every problem, where it is not zero.
std::vector<double> mean_logarithms(Communicator& comm, const LogRatios& ratios) {
  const std::vector<Complex> all = gather_rows(comm, ratios.values);
  const std::vector<std::int32_t> problem = gather_rows(comm, ratios.samples->rows.problem);
  std::vector<double> sum(ratios.samples->problems), count(sum.size());
  for (std::size_t i = 0; i < all.size(); ++i) {
    if (is_zero(all[i])) continue;
    sum[problem[i]] += all[i].real();
    ++count[problem[i]];
  }
  for (std::size_t g = 0; g < sum.size(); ++g) sum[g] = count[g] > 0 ? sum[g] / count[g] : 0;
  return sum;
}

// exp(ratio - shift of its problem).
std::vector<Complex> shifted(const LogRatios& ratios, const std::vector<double>& shift) {
  std::vector<Complex> values;
  for (std::size_t i = 0; i < ratios.values.size(); ++i)
    values.push_back(is_zero(ratios.values[i]) ? Complex(0) : std::exp(ratios.values[i] - shift[ratios.samples->rows.problem[i]]));
  return values;
}

// Sums over a chain of psi and one of phi: w, w Re f, w Im f, w |f|^2, and the same of g.
constexpr int values_of_ratio = 4;

BlockSums chain_sums(Communicator& comm, const LogRatios& ratios, const std::vector<Complex>& values) {
  const std::vector<Complex> all = gather_rows(comm, values);
  const std::vector<double> weight = gather_rows(comm, ratios.samples->weight);
  const auto length = static_cast<std::size_t>(ratios.samples->samples_per_chain);
  BlockSums sums(all.size() / length, std::vector<double>(values_of_ratio, 0.0));
  for (std::size_t i = 0; i < all.size(); ++i) {
    if (weight[i] == 0) continue;
    std::vector<double>& sum = sums[i / length];
    sum[0] += weight[i];
    sum[1] += weight[i] * all[i].real();
    sum[2] += weight[i] * all[i].imag();
    sum[3] += weight[i] * std::norm(all[i]);
  }
  return sums;
}

double fidelity_of(std::span<const double> s) { return (s[1] * s[5] - s[2] * s[6]) / (s[0] * s[4]); }
double norm_of(std::span<const double> s) { return s[3] * s[7] / (s[0] * s[4]); }  // |fg|^2

Judged value_of(double mean, double variance, std::int64_t samples) {
  Judged result;
  result.estimate.mean = mean;
  result.estimate.error = std::sqrt(variance);
  result.estimate.samples = samples;
  return result;
}

double control_coefficient(const BlockSums& chains) {
  const std::vector<double> f = leave_one_out(chains, fidelity_of), k = leave_one_out(chains, norm_of);
  const double variance = jackknife_covariance(k, k);
  return variance > 0 ? -jackknife_covariance(f, k) / variance : 0;
}

// The mean of both halves of the chains, each with the coefficient of the other.
Judged controlled(const BlockSums& chains, std::int64_t samples) {
  const auto middle = chains.begin() + static_cast<std::ptrdiff_t>(chains.size() / 2);
  const BlockSums halves[] = {{chains.begin(), middle}, {middle, chains.end()}};
  double mean = 0, variance = 0;
  for (int half = 0; half < 2; ++half) {
    const double c = control_coefficient(halves[1 - half]);
    const OfSums estimator = [c](std::span<const double> s) { return fidelity_of(s) + c * (norm_of(s) - 1); };
    mean += estimator(total_of(halves[half])) / 2;
    variance += jackknife_variance(halves[half], estimator) / 4;
  }
  return value_of(mean, variance, samples);
}

struct Ratios {
  LogRatios f, g;
};

// The shift makes f and g alike in size, which rounding and overflow then spare: F does not feel it.
std::vector<BlockSums> sums_of_chains(Communicator& comm, const Ratios& ratios, std::vector<std::vector<Complex>>& values) {
  const std::vector<double> of_f = mean_logarithms(comm, ratios.f), of_g = mean_logarithms(comm, ratios.g);
  std::vector<double> shift, opposite;
  for (std::size_t g = 0; g < of_f.size(); ++g) {
    shift.push_back((of_f[g] - of_g[g]) / 2);
    opposite.push_back(-shift.back());
  }
  values = {shifted(ratios.f, shift), shifted(ratios.g, opposite)};
  const BlockSums f = chain_sums(comm, ratios.f, values[0]), g = chain_sums(comm, ratios.g, values[1]);
  const std::size_t problems = of_f.size(), chains = f.size() / problems;
  std::vector<BlockSums> sums(problems);
  for (std::size_t c = 0; c < f.size(); ++c) {
    std::vector<double>& both = sums[c / chains].emplace_back(f[c]);
    both.insert(both.end(), g[c].begin(), g[c].end());
  }
  return sums;
}

std::string norm_doubt(const Judged& norm) {
  const double from_one = std::abs(norm.estimate.mean.real() - 1);
  if (!(from_one > alarm_errors * norm.estimate.error)) return "";
  return fmt::format("E|fg|^2 is {}, not 1: samples of one state miss weight of the other",
                     format_with_error(norm.estimate.mean.real(), norm.estimate.error));
}

ObservableValues of_chains(const StageContext& context, const Ratios& ratios) {
  Communicator& comm = context.comm;
  std::vector<std::vector<Complex>> values;
  const std::vector<BlockSums> sums = sums_of_chains(comm, ratios, values);
  const int problems = context.family.size();
  const std::vector<Judged> f = judge(comm, *ratios.f.samples, values[0], "ratio of the states", 2 * problems),
                            g = judge(comm, *ratios.g.samples, values[1], "ratio of the states", 2 * problems);
  const std::int64_t samples = ratios.f.samples->total_rows / problems;
  ObservableValues result{.name = "fidelity", .doc = {}, .units = "1", .labels = {"F", "F_controlled", "E|fg|^2"}, .values = {}};
  result.values.resize(result.labels.size());
  for (int p = 0; p < problems; ++p) {
    const std::vector<double> total = total_of(sums[p]);
    result.values[0].push_back(value_of(fidelity_of(total), jackknife_variance(sums[p], fidelity_of), samples));
    result.values[1].push_back(controlled(sums[p], samples));
    result.values[2].push_back(value_of(norm_of(total), jackknife_variance(sums[p], norm_of), samples));
    std::string doubt = f[p].diagnosis.doubt.empty() ? g[p].diagnosis.doubt : f[p].diagnosis.doubt;
    if (doubt.empty()) doubt = norm_doubt(result.values[2][p]);
    for (auto& of_problems : result.values) of_problems[p].diagnosis.doubt = doubt;
  }
  return result;
}

// F = |sum_s sqrt(w_psi w_phi) e^(i (arg phi - arg psi))|^2 over all basis states, w ~ |psi|^2 of sum 1.
ObservableValues of_exact_sums(const StageContext& context, const SampleSet& psi, const SampleSet& phi) {
  const std::vector<Complex> log_psi = gather_rows(context.comm, psi.log_psi), log_phi = gather_rows(context.comm, phi.log_psi);
  const std::vector<double> p = gather_rows(context.comm, psi.weight), q = gather_rows(context.comm, phi.weight);
  const std::vector<std::int32_t> problem = gather_rows(context.comm, psi.rows.problem);
  std::vector<Complex> product(context.family.size());
  for (std::size_t i = 0; i < p.size(); ++i) {
    if (p[i] > 0 && q[i] > 0) product[problem[i]] += std::polar(std::sqrt(p[i] * q[i]), log_phi[i].imag() - log_psi[i].imag());
  }
  ObservableValues result{.name = "fidelity", .doc = {}, .units = "1", .labels = {"F"}, .values = {{}}};
  for (const Complex& each : product) result.values[0].push_back(value_of(std::norm(each), 0, static_cast<std::int64_t>(p.size())));
  return result;
}

// Random numbers that no stage draws: of a seed that is one itself.
RandomKey own_key(RandomKey key) {
  constexpr std::uint64_t step = ~std::uint64_t{0};
  const RandomWords words = random_words(key, 0, step, 0);
  return {std::uint64_t{words.word[0]} << 32 | words.word[1], key.stage};
}

}  // namespace

FidelityResult measure_fidelity(const StageContext& context, const FidelityOptions& options, const SamplerOptions& sampler,
                                const std::vector<double>& parameters, const Measurements& measured) {
  Wavefunction& psi = *context.psi;
  const SampleSet& own = *measured.samples;
  std::vector<double> other = options.parameters;
  context.comm.broadcast(std::span<double>(other), 0);  // ranks may have read the file from different disks
  FidelityResult result;
  psi.set_parameters(other);
  const auto chains = make_sampler(sampler, context.family, context.comm, own_key(context.key));
  const Thermalisation start = thermalise(*chains, sampler, context.family, context.comm, psi);
  const SampleSet samples =
      chains->read(psi, {.samples_per_chain = own.samples_per_chain, .stride = std::max<std::int64_t>(1, measured.sweeps_between)});
  if (!own.markov) {
    result.values = of_exact_sums(context, own, samples);
  } else {
    LogRatios f{&own, log_ratios(context.comm, psi, own)};
    psi.set_parameters(parameters);
    LogRatios g{&samples, log_ratios(context.comm, psi, samples)};
    result.values = of_chains(context, {std::move(f), std::move(g)});
    const Acceptance acceptance = chains->acceptance_counts(context.comm);
    for (auto& of_problems : result.values.values) {
      for (std::size_t p = 0; p < of_problems.size(); ++p) {
        std::string& doubt = of_problems[p].diagnosis.doubt;
        if (doubt.empty()) doubt = movement_doubt(acceptance, static_cast<int>(p), sampler.metropolis.chains);
      }
    }
  }
  psi.set_parameters(parameters);
  result.values.doc = "|<psi|phi>|^2 / (<psi|psi><phi|phi>), phi of " + options.with;
  for (const std::string& warning : start.warnings()) result.warnings.push_back("fidelity, chains of the other state: " + warning);
  return result;
}

}  // namespace qs
