#include "engine/stages/thermalise.h"

#include <fmt/format.h>

#include <algorithm>

namespace qs {
namespace {

// Local energies are the expensive part, so a look takes few samples, spread over its sweeps. Differences of 8 chains and more have a spread of their
// own; with fewer, it must come from the samples.
std::int64_t samples_of_look(std::int64_t chains) { return chains >= 8 ? 4 : 32; }

// Set modes on one sublattice; every second site where the nearest neighbours do not form two.
std::vector<int> colours(const Lattice& lattice) {
  std::vector<int> colour = Lattice::two_colouring(lattice.sites(), lattice.bonds(1));
  for (int s = static_cast<int>(colour.size()); s < lattice.sites(); ++s) colour.push_back(s % 2);
  return colour;
}

std::vector<std::complex<double>> sublattice_occupation(const Problems& problems, const SampleSet& samples) {
  std::vector<std::vector<int>> colour;  // [lattices][sites]
  for (const ProblemFamily* family : problems.families()) colour.push_back(colours(family->lattice));
  std::vector<std::complex<double>> occupation(samples.rows.rows());
  for (std::int64_t i = 0; i < samples.rows.rows(); ++i) {
    const std::vector<int>& mine = colour[problems.lattice_of()[samples.rows.problem[i]]];
    const auto sites = static_cast<int>(mine.size());
    for (int mode = 0; mode < samples.rows.modes; ++mode) occupation[i] += mine[mode % sites] == 0 && test_bit(samples.rows.row(i), mode) ? 1 : 0;
  }
  return occupation;
}

// What drifts most clearly, or nothing.
std::string unsettled(const SampleSet& samples, const Problems& problems, Communicator& comm, const Wavefunction& psi) {
  const std::pair<const char*, std::vector<std::complex<double>>> probes[] = {
      {"energy", sampled_energies(comm, problems, psi, samples)},
      {"ln|psi|", samples.log_psi},
      {"occupation of one sublattice", sublattice_occupation(problems, samples)}};
  const int quantities = static_cast<int>(std::size(probes)) * problems.size();
  double worst = 1;
  std::string doubt;
  for (const auto& [name, values] : probes) {
    const std::vector<Drift> drifts = drifts_of(comm, samples, values, name, quantities);
    for (int g = 0; g < problems.size(); ++g) {
      if (!(drifts[g].t > worst * drifts[g].limit)) continue;
      worst = drifts[g].t / drifts[g].limit;
      const std::string& label = problems[g].label;
      doubt = fmt::format("{}{} still drifts by {:.1f} > {:.1f} errors", name, label.empty() ? "" : " of " + label, drifts[g].t, drifts[g].limit);
    }
  }
  return doubt;
}

}  // namespace

std::vector<std::string> Thermalisation::warnings() const {
  if (doubt.empty()) return {};
  return {fmt::format("the chains have not settled after {} sweeps: {}; means are biased towards the random start; raise sampler.thermalise", sweeps,
                      doubt)};
}

Thermalisation thermalise(Sampler& sampler, const SamplerOptions& options, const Problems& problems, Communicator& comm, const Wavefunction& psi) {
  Thermalisation result;
  if (options.kind == SamplerKind::exact_sum || options.metropolis.thermalise == 0) return result;
  const std::int64_t samples = samples_of_look(options.metropolis.chains);
  if (sampler.proposals_done() == 0) result.sweeps = options.metropolis.thermalise;  // which the sampler makes after a random start
  for (std::int64_t window = options.metropolis.thermalise;; window *= 2) {
    const std::int64_t stride = std::max<std::int64_t>(1, window / samples);
    const SampleSet look = sampler.read(psi, {.samples_per_chain = samples, .stride = stride});
    result.sweeps += samples * stride;
    result.doubt = unsettled(look, problems, comm, psi);
    if (result.doubt.empty() || result.sweeps + 2 * window > most_sweeps) return result;
  }
}

}  // namespace qs
