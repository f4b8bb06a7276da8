// Lockstep Metropolis chains. Chain c (global number) belongs to problem c / C for life; ranks own the chains of their blocks and never talk
// while sampling. Every random number is a function of (seed, stage, chain, proposal), so the chains do not depend on ranks or threads.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <complex>
#include <deque>

#include "engine/base/error.h"
#include "engine/base/parallel.h"
#include "engine/sampling/acceptance.h"
#include "engine/sampling/lockstep.h"
#include "engine/sampling/move_mixture.h"
#include "engine/sampling/random_state.h"
#include "engine/sampling/sampler.h"
#include "engine/sampling/tempering.h"
#include "engine/sampling/weights.h"
#include "engine/wavefunctions/chunked.h"
#include "engine/wavefunctions/projected.h"

namespace qs {
namespace {

// Steps with the top bit set belong to the random start; attempt in the low bits.
constexpr std::uint64_t start_step = std::uint64_t{1} << 63;
// The element of the group that is applied to a sample; the number of proposals before it in the low bits.
constexpr std::uint64_t image_step = std::uint64_t{1} << 62;
constexpr int start_attempts = 1000;

bool is_zero(std::complex<double> log_psi) { return log_psi.real() == -HUGE_VAL; }
bool is_usable(std::complex<double> log_psi) { return std::isfinite(log_psi.real()) && std::isfinite(log_psi.imag()); }

std::string hexadecimal(const Word* row, int words) {
  std::string text = "0x";
  for (int w = words - 1; w >= 0; --w) text += fmt::format("{:016x}", row[w]);
  return text;
}

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
  Metropolis(const MetropolisOptions& options, const ProblemFamily& family, Communicator& comm, RandomKey key);

  std::string kind() const override { return "metropolis"; }
  SampleSet sample(const Wavefunction& psi) override {
    return read(psi, {.discard = options_.discard, .samples_per_chain = options_.samples / options_.chains});
  }
  SampleSet read(const Wavefunction& psi, const Reading& reading) override;
  std::vector<double> acceptance(Communicator& comm) const override { return acceptance_.ratios(comm); }
  Acceptance acceptance_counts(Communicator& comm) const override { return acceptance_.total(comm); }
  ConfigurationBatch gather_chains() const override;
  ConfigurationBatch my_chains() const override;
  void restore_mine(const ConfigurationBatch& my_chains, std::uint64_t proposals_done) override;
  std::uint64_t proposals_done() const override { return proposals_done_; }
  void restore(const ConfigurationBatch& all_chains, std::uint64_t proposals_done) override;

 private:
  int replicas() const { return static_cast<int>(options_.tempering.size()); }
  std::int64_t walkers() const { return chains_.rows(); }  // mine: replica after replica, each a walker of every chain
  std::int64_t global_chain(std::int64_t mine) const { return blocks_.my_begin() + mine % blocks_.my_items(); }
  // Random stream of a walker: those of beta = 1 have the numbers of their chains.
  std::uint32_t stream(std::int64_t mine) const {
    return static_cast<std::uint32_t>(mine / blocks_.my_items() * blocks_.items() + global_chain(mine));
  }
  std::int64_t sweep_size() const { return options_.sweep_size > 0 ? options_.sweep_size : family_.lattice.sites(); }
  int problem_of(std::int64_t mine) const { return static_cast<int>(global_chain(mine) / options_.chains); }
  void draw_start(std::int64_t mine, int attempt);
  void random_start(const Wavefunction& psi);
  void refresh(const Wavefunction& psi);
  std::deque<Lockstep> pieces(const Wavefunction& psi, const DeviceMixtures& mixtures) const;
  void advance(const Wavefunction& psi, std::deque<Lockstep>& pieces, std::int64_t sweeps);
  void swap_replicas(std::deque<Lockstep>& pieces);
  void sweep(const Wavefunction& psi, std::deque<Lockstep>& pieces, std::int64_t sweeps);
  // The projection of psi if chains follow the network before it; else null.
  const Projected* around_bare(const Wavefunction& psi) const { return options_.follow == Follow::bare ? projection_of(psi) : nullptr; }
  void run(const Wavefunction& psi, const SymmetrySector* images, const Reading& reading, SampleSet& samples);
  std::vector<double> log_densities(const Projected* around_bare, const SampleSet& samples) const;
  std::vector<double> log_weights(const Wavefunction& psi, SampleSet& samples) const;
  [[noreturn]] void refuse(std::complex<double> log_psi, std::int64_t mine, const Word* row) const;
  void record(const SymmetrySector* images, SampleSet& samples, std::int64_t k) const;
  void take(const ConfigurationBatch& ordered, std::int64_t first, std::uint64_t proposals_done);
  SampleSet empty_samples(std::int64_t samples_per_chain) const;

  MetropolisOptions options_;
  const ProblemFamily& family_;
  Communicator& comm_;
  RandomKey key_;
  Blocks blocks_;
  std::vector<std::shared_ptr<const MoveMixture>> moves_;  // [problems]
  // My walkers: what a checkpoint stores, and what follows from it and the parameters.
  ConfigurationBatch chains_;
  std::uint64_t proposals_done_ = 0;
  std::vector<std::complex<double>> log_psi_;
  AcceptanceCounter acceptance_;
};

Metropolis::Metropolis(const MetropolisOptions& options, const ProblemFamily& family, Communicator& comm, RandomKey key)
    : options_(options),
      family_(family),
      comm_(comm),
      key_(key),
      blocks_(options.chains * family.size(), comm.size(), comm.rank()),
      moves_(mixtures_of(options.moves, family)),
      acceptance_(family.size(), moves_[0]->names(), static_cast<int>(options.tempering.size()) - 1) {
  const std::int64_t walkers = blocks_.my_items() * replicas();
  chains_ = ConfigurationBatch(family.modes(), walkers);
  log_psi_.resize(walkers);
  for (std::int64_t c = 0; c < walkers; ++c) {
    chains_.problem[c] = problem_of(c);
    draw_start(c, 0);
  }
}

void Metropolis::draw_start(std::int64_t mine, int attempt) {
  random_state(family_.problems[problem_of(mine)].sector, key_, stream(mine), start_step + attempt, chains_.row(mine));
}

// Uniform random states with psi != 0: chains that fell on a zero draw again.
void Metropolis::random_start(const Wavefunction& psi) {
  for (std::int64_t c = 0; c < chains_.rows(); ++c) draw_start(c, 0);
  log_psi(psi, chains_, log_psi_);
  for (int attempt = 1;; ++attempt) {
    std::vector<std::int64_t> zeros;
    for (std::int64_t c = 0; c < chains_.rows(); ++c) {
      if (is_zero(log_psi_[c])) zeros.push_back(c);
    }
    if (zeros.empty()) return;
    if (attempt == start_attempts) {
      throw NumericalError(fmt::format("psi is zero on {} random states in a row (rank {}, chain {}, problem {}); start from other parameters",
                                       attempt, comm_.rank(), global_chain(zeros[0]), chains_.problem[zeros[0]]));
    }
    ConfigurationBatch again(chains_.modes, 0);
    for (std::int64_t c : zeros) {
      draw_start(c, attempt);
      again.push_back(chains_.row(c), chains_.problem[c]);
    }
    const std::vector<std::complex<double>> values = log_psi(psi, again);
    for (std::size_t i = 0; i < zeros.size(); ++i) log_psi_[zeros[i]] = values[i];
  }
}

// log psi of all chains at the present parameters.
void Metropolis::refresh(const Wavefunction& psi) {
  log_psi(psi, chains_, log_psi_);
  for (std::int64_t c = 0; c < chains_.rows(); ++c) {
    if (!is_usable(log_psi_[c])) refuse(log_psi_[c], c, chains_.row(c));
  }
}

void Metropolis::refuse(std::complex<double> log_psi, std::int64_t mine, const Word* row) const {
  throw NumericalError(
      fmt::format("log psi of a current state is {} + {}i (rank {}, chain {}, problem {}, configuration {}); the parameters have left "
                  "the range where the wavefunction can be evaluated: lower the learning rate or raise the shift",
                  log_psi.real(), log_psi.imag(), comm_.rank(), global_chain(mine), chains_.problem[mine], hexadecimal(row, chains_.words)));
}

// Chains are independent, so threads meet once at the end; a device that takes all chains at once has one thread.
void Metropolis::advance(const Wavefunction& psi, std::deque<Lockstep>& pieces, std::int64_t sweeps) {
  const std::int64_t proposals = sweeps * sweep_size();
  const auto count = static_cast<std::int64_t>(pieces.size());
  const std::int64_t tasks = kernels::chains_per_call(psi.device()) < chains_.rows() ? count : 1;
  parallel_for(tasks, [&](std::int64_t task) {
    for (std::int64_t i = task; i < count; i += tasks) pieces[i].advance(proposals);
  });
  proposals_done_ += static_cast<std::uint64_t>(proposals);
}

// From the flattest replicas down, so that a state may come all the way in one sweep.
void Metropolis::swap_replicas(std::deque<Lockstep>& pieces) {
  const std::int64_t chains = blocks_.my_items();
  for (const Lockstep& each : pieces) each.read(chains_, log_psi_);
  for (int replica = replicas() - 2; replica >= 0; --replica) {
    for (std::int64_t c = 0; c < chains; ++c) {
      const std::int64_t x = replica * chains + c, y = x + chains;
      const double log_ratio =
          log_swap_ratio(options_.power, options_.tempering[replica], options_.tempering[replica + 1], log_psi_[x].real(), log_psi_[y].real());
      const bool accepted = accepts_swap(key_, stream(c), proposals_done_, replica, log_ratio);
      acceptance_.add_swap(problem_of(c), replica, accepted);
      if (!accepted) continue;
      std::swap_ranges(chains_.row(x), chains_.row(x) + chains_.words, chains_.row(y));
      std::swap(log_psi_[x], log_psi_[y]);
    }
  }
  for (Lockstep& each : pieces) each.write(chains_, log_psi_);
}

void Metropolis::sweep(const Wavefunction& psi, std::deque<Lockstep>& pieces, std::int64_t sweeps) {
  if (replicas() == 1) return advance(psi, pieces, sweeps);
  for (std::int64_t i = 0; i < sweeps; ++i) {
    advance(psi, pieces, 1);
    swap_replicas(pieces);
  }
}

SampleSet Metropolis::empty_samples(std::int64_t n) const {
  const std::int64_t rows = blocks_.my_items() * n, samples_per_problem = options_.chains * n;
  SampleSet samples{.rows = ConfigurationBatch(family_.modes(), rows),
                    .log_psi = std::vector<std::complex<double>>(rows),
                    .weight = std::vector<double>(rows, 1.0 / static_cast<double>(samples_per_problem)),
                    .block_begin = {},
                    .blocks = blocks_,
                    .problems = family_.size(),
                    .samples_per_chain = n,
                    .markov = true,
                    .total_rows = samples_per_problem * family_.size()};
  for (int block = blocks_.first(); block <= blocks_.last(); ++block) samples.block_begin.push_back((blocks_.begin(block) - blocks_.my_begin()) * n);
  return samples;
}

// With `images`, a random one of each configuration: samples then follow the mean over the group of what chains follow.
void Metropolis::record(const SymmetrySector* images, SampleSet& samples, std::int64_t k) const {
  for (std::int64_t c = 0; c < blocks_.my_items(); ++c) {
    const std::int64_t row = c * samples.samples_per_chain + k;
    if (images == nullptr) {
      std::copy(chains_.row(c), chains_.row(c) + chains_.words, samples.rows.row(row));
    } else {
      const auto [high, low, unused, more] = random_words(key_, static_cast<std::uint32_t>(global_chain(c)), image_step + proposals_done_, 0).word;
      images->apply(uniform_below(static_cast<std::uint32_t>(images->order()), high, low), chains_.row(c), samples.rows.row(row));
    }
    samples.rows.problem[row] = chains_.problem[c];
    samples.log_psi[row] = log_psi_[c];
  }
}

// Replica after replica.
std::deque<Lockstep> Metropolis::pieces(const Wavefunction& psi, const DeviceMixtures& mixtures) const {
  std::deque<Lockstep> pieces;
  for (int replica = 0; replica < replicas(); ++replica) {
    const double power = options_.power * options_.tempering[replica];
    const ChainRule rule{mixtures.view(), key_, power, static_cast<std::uint64_t>(sweep_size()), proposals_done_};
    for (ChainRange range : ranges_of(blocks_, moves_, psi.device(), psi.chunk_rows())) {
      range.first += replica * blocks_.my_items();
      range.stream = stream(range.first);
      pieces.emplace_back(psi, rule, range, chains_, log_psi_);
    }
  }
  return pieces;
}

void Metropolis::run(const Wavefunction& psi, const SymmetrySector* images, const Reading& reading, SampleSet& samples) {
  const bool fresh = proposals_done_ == 0;
  if (fresh) random_start(psi);
  refresh(psi);

  const DeviceMixtures mixtures(psi.device(), moves_);
  std::deque<Lockstep> pieces = this->pieces(psi, mixtures);
  sweep(psi, pieces, (fresh ? options_.thermalise : 0) + reading.discard);
  for (std::int64_t k = 0; k < samples.samples_per_chain; ++k) {
    sweep(psi, pieces, reading.stride);
    for (const Lockstep& each : pieces) each.read(chains_, log_psi_);
    record(images, samples, k);
  }
  const std::size_t of_beta_one = pieces.size() / replicas();
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
    if (!is_usable(value) && !is_zero(value)) refuse(value, row / samples.samples_per_chain, samples.rows.row(row));
    log_weight[row] += 2 * value.real();
  }
  return log_weight;
}

SampleSet Metropolis::read(const Wavefunction& psi, const Reading& reading) {
  QS_ASSERT(reading.discard >= 0 && reading.samples_per_chain >= 1 && reading.stride >= 1);
  SampleSet samples = empty_samples(reading.samples_per_chain);
  acceptance_.reset();
  const ConfigurationBatch chains_before = chains_;
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
    chains_ = chains_before;
    proposals_done_ = proposals_before;
    throw;
  }
  return samples;
}

// Outside, the replicas of a chain stand together, so that those of all ranks one after the other are in global order.
ConfigurationBatch Metropolis::my_chains() const {
  ConfigurationBatch ordered(chains_.modes, 0);
  for (std::int64_t c = 0; c < blocks_.my_items(); ++c) {
    for (std::int64_t walker = c; walker < walkers(); walker += blocks_.my_items()) ordered.push_back(chains_.row(walker), chains_.problem[walker]);
  }
  return ordered;
}

// `first`: where in `ordered` mine begin.
void Metropolis::take(const ConfigurationBatch& ordered, std::int64_t first, std::uint64_t proposals_done) {
  for (std::int64_t c = 0; c < blocks_.my_items(); ++c) {
    for (std::int64_t walker = c; walker < walkers(); walker += blocks_.my_items(), ++first)
      std::copy(ordered.row(first), ordered.row(first) + chains_.words, chains_.row(walker));
  }
  proposals_done_ = proposals_done;
}

void Metropolis::restore_mine(const ConfigurationBatch& my_chains, std::uint64_t proposals_done) {
  QS_ASSERT(my_chains.rows() == walkers() && my_chains.modes == chains_.modes);
  take(my_chains, 0, proposals_done);
}

ConfigurationBatch Metropolis::gather_chains() const { return gather_rows(comm_, my_chains()); }

void Metropolis::restore(const ConfigurationBatch& all_chains, std::uint64_t proposals_done) {
  const std::int64_t all = blocks_.items() * replicas();
  if (all_chains.modes != chains_.modes || all_chains.rows() != all) {
    throw CheckpointError(
        fmt::format("stored chains do not fit: {} chains of {} modes, the sampler has {} of {}; resume with the sampler of the stored run",
                    all_chains.rows(), all_chains.modes, all, chains_.modes));
  }
  for (std::int64_t c = 0; c < all_chains.rows(); ++c) {
    const auto problem = static_cast<std::int32_t>(c / (options_.chains * replicas()));
    if (all_chains.problem[c] != problem || !family_.problems[problem].sector.contains(all_chains.row(c))) {
      throw CheckpointError(fmt::format("stored chain {} is not a state of problem {} ({}); the checkpoint belongs to another system", c, problem,
                                        family_.problems[problem].sector.describe()));
    }
  }
  take(all_chains, blocks_.my_begin() * replicas(), proposals_done);
}

void check(const MetropolisOptions& options, const ProblemFamily& family) {
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
  const std::int64_t walkers_per_chain = family.size() * static_cast<std::int64_t>(options.tempering.size());
  require(family.size() >= 1 && options.chains <= std::int64_t{0xFFFFFFFF} / walkers_per_chain, "the sampler has more than 2^32 chains; use fewer");
}

}  // namespace

std::unique_ptr<Sampler> make_metropolis(const MetropolisOptions& options, const ProblemFamily& family, Communicator& comm, RandomKey key) {
  check(options, family);
  return std::make_unique<Metropolis>(options, family, comm, key);
}

std::size_t metropolis_memory(const MetropolisOptions& options, const ProblemFamily& family, int ranks, Device device, int chunk_rows) {
  const auto mixtures = mixtures_of(options.moves, family);
  std::size_t bytes = DeviceMixtures::bytes(mixtures);
  for (const ChainRange& range : ranges_of(Blocks(options.chains * family.size(), ranks, 0), mixtures, device, chunk_rows)) {
    bytes += options.tempering.size() * Lockstep::bytes(range.count, words_for(family.modes()), mixtures[0]->size(), chunk_rows);
  }
  return bytes;
}

}  // namespace qs
