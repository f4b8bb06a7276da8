// The exact sum: every basis state of every problem with its weight |psi|^2 / sum. States are numbered problem after problem, each in the
// order of its sector, and distributed by blocks.
#include <fmt/format.h>

#include <cmath>
#include <limits>

#include "engine/base/error.h"
#include "engine/sampling/sampler.h"
#include "engine/sampling/weights.h"
#include "engine/wavefunctions/chunked.h"

namespace qs {
namespace {

constexpr std::int64_t most_states = std::int64_t{1} << 26;

// First state number of every problem, and the total behind.
std::vector<std::int64_t> state_offsets(const Problems& problems) {
  std::vector<std::int64_t> offset{0};
  for (int g = 0; g < problems.size(); ++g) {
    const Problem& problem = problems[g];
    if (!problem.sector.enumerable() || problem.sector.dimension() > most_states - offset.back()) {
      throw InputError(
          fmt::format("the sector is too large for an exact sum ({}; at most 2^26 states over all problems); use sampler kind 'metropolis'",
                      problem.sector.describe()));
    }
    offset.push_back(offset.back() + problem.sector.dimension());
  }
  return offset;
}

class ExactSum final : public Sampler {
 public:
  ExactSum(const Problems& problems, Communicator& comm)
      : comm_(comm),
        problems_(problems.size()),
        offset_(state_offsets(problems)),
        blocks_(Blocks::of_grains(offset_.back(), rows_per_grain, comm.size(), comm.rank())),
        modes_(problems.modes()) {
    states_ = ConfigurationBatch(problems.modes(), blocks_.my_items());
    int g = 0;
    for (std::int64_t i = 0; i < states_.rows(); ++i) {
      const std::int64_t state = blocks_.my_begin() + i;
      while (state >= offset_[g + 1]) ++g;
      *states_.row(i) = problems[g].sector.state(state - offset_[g]);
      states_.problem[i] = g;
    }
  }

  std::string kind() const override { return "exact_sum"; }
  SampleSet sample(const Wavefunction& psi) override;
  SampleSet read(const Wavefunction& psi, const Reading&) override { return sample(psi); }
  std::vector<double> acceptance(Communicator&) const override { return {}; }
  Acceptance acceptance_counts(Communicator&) const override { return {}; }
  ConfigurationBatch gather_chains() const override { return ConfigurationBatch(modes_, 0); }
  ConfigurationBatch my_chains() const override { return gather_chains(); }
  void restore_mine(const ConfigurationBatch&, std::uint64_t) override {}
  std::uint64_t proposals_done() const override { return 0; }
  void restore(const ConfigurationBatch& all_chains, std::uint64_t) override {
    if (all_chains.rows() > 0)
      throw CheckpointError("the checkpoint holds Markov chains, but the sampler is an exact sum; resume with the stored sampler");
  }

 private:
  void require_usable(const SampleSet& samples) const;

  Communicator& comm_;
  int problems_;
  std::vector<std::int64_t> offset_;  // [problems + 1]
  Blocks blocks_;
  int modes_;
  ConfigurationBatch states_;  // mine
};

void ExactSum::require_usable(const SampleSet& samples) const {
  for (std::int64_t i = 0; i < samples.rows.rows(); ++i) {
    const std::complex<double> value = samples.log_psi[i];
    const bool zero = value.real() == -std::numeric_limits<double>::infinity();
    if (zero || (std::isfinite(value.real()) && std::isfinite(value.imag()))) continue;
    throw NumericalError(
        fmt::format("log psi of a basis state is {} + {}i (rank {}, problem {}, configuration 0x{:x}); the parameters have left the range "
                    "where the wavefunction can be evaluated: lower the learning rate or raise the shift",
                    value.real(), value.imag(), comm_.rank(), samples.rows.problem[i], *samples.rows.row(i)));
  }
}

SampleSet ExactSum::sample(const Wavefunction& psi) {
  SampleSet samples{.rows = states_,
                    .log_psi = std::vector<std::complex<double>>(states_.rows()),
                    .weight = std::vector<double>(states_.rows(), 1.0),
                    .block_begin = {},
                    .blocks = blocks_,
                    .problems = problems_,
                    .samples_per_chain = 1,
                    .markov = false,
                    .total_rows = blocks_.items()};
  for (int block = blocks_.first(); block <= blocks_.last(); ++block) samples.block_begin.push_back(blocks_.begin(block) - blocks_.my_begin());
  on_all(comm_, [&] {
    log_psi(psi, states_, samples.log_psi);
    require_usable(samples);
  });
  reweight_by_psi(comm_, samples);
  return samples;
}

}  // namespace

std::unique_ptr<Sampler> make_exact_sum(const Problems& problems, Communicator& comm) { return std::make_unique<ExactSum>(problems, comm); }

}  // namespace qs
