// Lockstep Metropolis chains. Chain c (global number) belongs to problem c / C for life; ranks own the chains of their blocks and never talk
// while sampling. Every random number is a function of (seed, stage, chain, proposal), so the chains do not depend on ranks or threads.
#include <fmt/format.h>

#include <algorithm>
#include <complex>
#include <deque>

#include "engine/base/error.h"
#include "engine/base/parallel.h"
#include "engine/sampling/acceptance.h"
#include "engine/sampling/lockstep.h"
#include "engine/sampling/move_mixture.h"
#include "engine/sampling/sampler.h"
#include "engine/sampling/tempering.h"
#include "engine/sampling/walkers.h"
#include "engine/sampling/weights.h"
#include "engine/wavefunctions/chunked.h"
#include "engine/wavefunctions/log_psi.h"
#include "engine/wavefunctions/projected.h"

namespace qs {
namespace {

// The element of the group that is applied to a sample; the number of proposals before it in the low bits.
constexpr std::uint64_t image_step = std::uint64_t{1} << 62;
// One replica of each of a rank's chains in pieces that suit the device: whole chunks, and chains of problems where nothing moves apart from the
// others.
std::vector<ChainRange> ranges_of(const Blocks& blocks, const std::vector<std::shared_ptr<const MoveMixture>>& moves, Device device, int chunk_rows) {
  const std::int64_t most = std::max(kernels::chains_per_call(device), std::int64_t{chunk_rows});
  const std::int64_t chains_per_problem = blocks.items() / static_cast<std::int64_t>(moves.size());
  std::vector<ChainRange> ranges;
  for (std::int64_t c = 0; c < blocks.my_items(); ++c) {
    const std::int64_t global = blocks.my_begin() + c;
    const auto kind = moves[global / chains_per_problem]->frozen() ? ChainRange::Kind::frozen : ChainRange::Kind::moving;
    if (ranges.empty() || ranges.back().count == most || ranges.back().kind != kind) {
      ranges.push_back({.first = c, .count = 0, .stream = static_cast<std::uint32_t>(global), .kind = kind});
    }
    ++ranges.back().count;
  }
  return ranges;
}

class Metropolis final : public Sampler {
 public:
  Metropolis(const MetropolisOptions& options, const Problems& problems, Communicator& comm, RandomKey key);

  std::string kind() const override { return "metropolis"; }
  SampleSet sample(const Wavefunction& psi) override {
    return read(psi, {.discard = options_.discard, .samples_per_chain = options_.samples / options_.chains});
  }
  SampleSet read(const Wavefunction& psi, const Reading& reading) override;
  std::vector<double> acceptance(Communicator& comm) const override { return acceptance_.ratios(comm); }
  Acceptance acceptance_counts(Communicator& comm) const override { return acceptance_.total(comm); }
  ConfigurationBatch gather_chains() const override { return gather_rows(comm_, walkers_.ordered()); }
  ConfigurationBatch my_chains() const override { return walkers_.ordered(); }
  std::uint64_t proposals_done() const override { return proposals_done_; }
  void restore_mine(const ConfigurationBatch& my_chains, std::uint64_t proposals_done) override {
    QS_ASSERT(my_chains.rows() == walkers_.rows().rows() && my_chains.modes == walkers_.rows().modes);
    walkers_.take(my_chains, 0);
    proposals_done_ = proposals_done;
  }
  void restore(const ConfigurationBatch& all_chains, std::uint64_t proposals_done) override {
    walkers_.take_of_all(all_chains);
    proposals_done_ = proposals_done;
  }

 private:
  std::int64_t sweep_size() const { return options_.sweep_size > 0 ? options_.sweep_size : problems_.most_sites(); }
  std::deque<Lockstep> pieces(const Wavefunction& psi, const DeviceMixtures& mixtures) const;
  void advance(const Wavefunction& psi, std::deque<Lockstep>& pieces, std::int64_t sweeps);
  void swap_replicas(std::deque<Lockstep>& pieces);
  void sweep(const Wavefunction& psi, std::deque<Lockstep>& pieces, std::int64_t sweeps);
  // The projection of psi if chains follow the network before it; else null.
  const Projected* around_bare(const Wavefunction& psi) const { return options_.follow == Follow::bare ? projection_of(psi) : nullptr; }
  void run(const Wavefunction& psi, const SymmetrySector* images, const Reading& reading, SampleSet& samples);
  std::vector<double> log_densities(const Projected* around_bare, const SampleSet& samples) const;
  std::vector<double> log_weights(const Wavefunction& psi, SampleSet& samples) const;
  void record(const SymmetrySector* images, SampleSet& samples, std::int64_t k) const;
  SampleSet empty_samples(std::int64_t samples_per_chain) const;

  MetropolisOptions options_;
  Problems problems_;
  Communicator& comm_;
  RandomKey key_;
  std::vector<std::shared_ptr<const MoveMixture>> moves_;  // [problems]
  Walkers walkers_;
  std::uint64_t proposals_done_ = 0;
  AcceptanceCounter acceptance_;
};

Metropolis::Metropolis(const MetropolisOptions& options, const Problems& problems, Communicator& comm, RandomKey key)
    : options_(options),
      problems_(problems),
      comm_(comm),
      key_(key),
      moves_(mixtures_of(options.moves, problems)),
      walkers_(options, problems, comm, key),
      acceptance_(problems.size(), moves_[0]->names(), static_cast<int>(options.tempering.size()) - 1) {}

// Chains are independent, so threads meet once at the end; a device that takes all chains at once has one thread.
void Metropolis::advance(const Wavefunction& psi, std::deque<Lockstep>& pieces, std::int64_t sweeps) {
  const std::int64_t proposals = sweeps * sweep_size();
  const auto count = static_cast<std::int64_t>(pieces.size());
  const std::int64_t tasks = kernels::chains_per_call(psi.device()) < walkers_.rows().rows() ? count : 1;
  parallel_for(tasks, [&](std::int64_t task) {
    for (std::int64_t i = task; i < count; i += tasks) pieces[i].advance(proposals);
  });
  proposals_done_ += static_cast<std::uint64_t>(proposals);
}

// From the flattest replicas down, so that a state may come all the way in one sweep.
void Metropolis::swap_replicas(std::deque<Lockstep>& pieces) {
  ConfigurationBatch& rows = walkers_.rows();
  std::vector<std::complex<double>>& log_psi = walkers_.log_psi();
  const std::int64_t chains = walkers_.chains();
  for (const Lockstep& each : pieces) each.read(rows, log_psi);
  for (auto replica = static_cast<int>(walkers_.replicas()) - 2; replica >= 0; --replica) {
    for (std::int64_t c = 0; c < chains; ++c) {
      const std::int64_t x = replica * chains + c, y = x + chains;
      const double log_ratio =
          log_swap_ratio(options_.power, options_.tempering[replica], options_.tempering[replica + 1], log_psi[x].real(), log_psi[y].real());
      const bool accepted = accepts_swap(key_, walkers_.stream(c), proposals_done_, replica, log_ratio);
      acceptance_.add_swap(walkers_.problem_of(c), replica, accepted);
      if (!accepted) continue;
      std::swap_ranges(rows.row(x), rows.row(x) + rows.words, rows.row(y));
      std::swap(log_psi[x], log_psi[y]);
    }
  }
  for (Lockstep& each : pieces) each.write(rows, log_psi);
}

void Metropolis::sweep(const Wavefunction& psi, std::deque<Lockstep>& pieces, std::int64_t sweeps) {
  if (walkers_.replicas() == 1) return advance(psi, pieces, sweeps);
  for (std::int64_t i = 0; i < sweeps; ++i) {
    advance(psi, pieces, 1);
    swap_replicas(pieces);
  }
}

SampleSet Metropolis::empty_samples(std::int64_t n) const {
  const Blocks& blocks = walkers_.blocks();
  const std::int64_t rows = blocks.my_items() * n, samples_per_problem = options_.chains * n;
  SampleSet samples{.rows = ConfigurationBatch(problems_.modes(), rows),
                    .log_psi = std::vector<std::complex<double>>(rows),
                    .weight = std::vector<double>(rows, 1.0 / static_cast<double>(samples_per_problem)),
                    .block_begin = {},
                    .blocks = blocks,
                    .problems = problems_.size(),
                    .samples_per_chain = n,
                    .markov = true,
                    .total_rows = samples_per_problem * problems_.size()};
  for (int block = blocks.first(); block <= blocks.last(); ++block) samples.block_begin.push_back((blocks.begin(block) - blocks.my_begin()) * n);
  return samples;
}

// With `images`, a random one of each configuration: samples then follow the mean over the group of what chains follow.
void Metropolis::record(const SymmetrySector* images, SampleSet& samples, std::int64_t k) const {
  const ConfigurationBatch& rows = walkers_.rows();
  for (std::int64_t c = 0; c < walkers_.chains(); ++c) {
    const std::int64_t row = c * samples.samples_per_chain + k;
    if (images == nullptr) {
      std::copy(rows.row(c), rows.row(c) + rows.words, samples.rows.row(row));
    } else {
      const auto [high, low, unused, more] = random_words(key_, walkers_.stream(c), image_step + proposals_done_, 0).word;
      images->apply(uniform_below(static_cast<std::uint32_t>(images->order()), high, low), rows.row(c), samples.rows.row(row));
    }
    samples.rows.problem[row] = rows.problem[c];
    samples.log_psi[row] = walkers_.log_psi()[c];
  }
}

// Replica after replica.
std::deque<Lockstep> Metropolis::pieces(const Wavefunction& psi, const DeviceMixtures& mixtures) const {
  std::deque<Lockstep> pieces;
  for (std::int64_t replica = 0; replica < walkers_.replicas(); ++replica) {
    const double power = options_.power * options_.tempering[replica];
    const ChainRule rule{mixtures.view(), key_, power, static_cast<std::uint64_t>(sweep_size()), proposals_done_};
    for (ChainRange range : ranges_of(walkers_.blocks(), moves_, psi.device(), psi.chunk_rows())) {
      range.first += replica * walkers_.chains();
      range.stream = walkers_.stream(range.first);
      pieces.emplace_back(psi, rule, range, walkers_.rows(), walkers_.log_psi());
    }
  }
  return pieces;
}

void Metropolis::run(const Wavefunction& psi, const SymmetrySector* images, const Reading& reading, SampleSet& samples) {
  const bool fresh = proposals_done_ == 0;
  if (fresh) walkers_.start(psi);
  walkers_.refresh(psi);

  const DeviceMixtures mixtures(psi.device(), moves_);
  std::deque<Lockstep> pieces = this->pieces(psi, mixtures);
  sweep(psi, pieces, (fresh ? options_.thermalise : 0) + reading.discard);
  for (std::int64_t k = 0; k < samples.samples_per_chain; ++k) {
    sweep(psi, pieces, reading.stride);
    for (const Lockstep& each : pieces) each.read(walkers_.rows(), walkers_.log_psi());
    record(images, samples, k);
  }
  const std::size_t of_beta_one = pieces.size() / walkers_.replicas();
  for (std::size_t i = 0; i < of_beta_one; ++i) pieces[i].add_counts(acceptance_);
}

// ln q of the samples: q = |psi'|^power of what the chains follow or, around a bare network, its mean over the group (log psi of a sample is that of
// its chain then, not yet its own).
std::vector<double> Metropolis::log_densities(const Projected* around_bare, const SampleSet& samples) const {
  std::vector<double> log_density;
  if (around_bare != nullptr) {
    for (const Projected::Inside& row : around_bare->inside(samples.rows, options_.power)) log_density.push_back(row.log_mean);
  } else {
    for (const std::complex<double> followed : samples.log_psi) log_density.push_back(options_.power * followed.real());
  }
  return log_density;
}

// ln(|psi|^2 / q) of the samples, whose log psi becomes that of psi.
std::vector<double> Metropolis::log_weights(const Wavefunction& psi, SampleSet& samples) const {
  std::vector<double> log_weight = log_densities(around_bare(psi), samples);
  for (double& value : log_weight) value = -value;
  if (&psi.for_chains() != &psi || around_bare(psi)) log_psi(psi, samples.rows, samples.log_psi);
  for (std::int64_t row = 0; row < samples.rows.rows(); ++row) {
    const std::complex<double> value = samples.log_psi[row];
    if (!is_usable(value) && !is_zero(value)) walkers_.refuse(value, row / samples.samples_per_chain, samples.rows.row(row));
    log_weight[row] += 2 * value.real();
  }
  return log_weight;
}

SampleSet Metropolis::read(const Wavefunction& psi, const Reading& reading) {
  QS_ASSERT(reading.discard >= 0 && reading.samples_per_chain >= 1 && reading.stride >= 1);
  SampleSet samples = empty_samples(reading.samples_per_chain);
  acceptance_.reset();
  const ConfigurationBatch rows_before = walkers_.rows();
  const std::uint64_t proposals_before = proposals_done_;
  try {
    const Projected* around = around_bare(psi);
    const bool weighted = options_.power != 2 || &psi.for_chains() != &psi || around;
    std::vector<double> log_weight;
    on_all(comm_, [&] {
      run(around ? around->bare() : psi.for_chains(), around ? &around->symmetry() : nullptr, reading, samples);
      if (weighted) log_weight = log_weights(psi, samples);
    });
    if (weighted) reweight(comm_, log_weight, samples);
  } catch (...) {
    // Some ranks may have finished: all go back, so that a retry with other parameters starts from one common state.
    walkers_.rows() = rows_before;
    proposals_done_ = proposals_before;
    throw;
  }
  return samples;
}

void check(const MetropolisOptions& options, const Problems& problems) {
  const auto require = [](bool holds, const std::string& message) {
    if (!holds) throw InputError(message);
  };
  require(options.chains >= 1, fmt::format("sampler.chains is {} (there must be a chain); give at least 1", options.chains));
  require(options.samples >= options.chains && options.samples % options.chains == 0,
          fmt::format("sampler.samples {} is not a multiple of sampler.chains {} (every chain keeps the same number, nothing is rounded); try {}",
                      options.samples, options.chains, (options.samples / options.chains + 1) * options.chains));
  require(options.sweep_size >= 0 && options.discard >= 0 && options.thermalise >= 0,
          "sampler.sweep_size, discard and thermalise count proposals or sweeps; none may be negative");
  require(options.power > 0 && options.power <= 2,
          fmt::format("sampler.power is {} (samples follow |psi|^power); give 0 < power <= 2", options.power));
  require(options.moves.size() <= 255, "the sampler has more than 255 moves; merge some");
  check_ladder(options.tempering);
  const std::int64_t walkers_per_chain = problems.size() * static_cast<std::int64_t>(options.tempering.size());
  require(problems.size() >= 1 && options.chains <= std::int64_t{0xFFFFFFFF} / walkers_per_chain, "the sampler has more than 2^32 chains; use fewer");
}

}  // namespace

std::unique_ptr<Sampler> make_metropolis(const MetropolisOptions& options, const Problems& problems, Communicator& comm, RandomKey key) {
  check(options, problems);
  return std::make_unique<Metropolis>(options, problems, comm, key);
}

std::size_t metropolis_memory(const MetropolisOptions& options, const Problems& problems, int ranks, Device device, int chunk_rows) {
  const auto mixtures = mixtures_of(options.moves, problems);
  std::size_t bytes = DeviceMixtures::bytes(mixtures);
  for (const ChainRange& range : ranges_of(Blocks(options.chains * problems.size(), ranks, 0), mixtures, device, chunk_rows)) {
    bytes += options.tempering.size() * Lockstep::bytes(range.count, words_for(problems.modes()), mixtures[0]->size(), chunk_rows);
  }
  return bytes;
}

}  // namespace qs
