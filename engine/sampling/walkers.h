// The states of a rank's Markov chains: what a checkpoint stores, and log psi of them, which follows from it and the parameters. A chain has as many
// walkers as there are replicas (tempering.h); here they stand replica after replica, each with a walker of every chain.
#pragma once

#include <complex>
#include <cstdint>
#include <vector>

#include "engine/comm/blocks.h"
#include "engine/sampling/sample_set.h"
#include "engine/sampling/sampler.h"
#include "engine/wavefunctions/wavefunction.h"

namespace qs {

class Walkers {
 public:
  // At random states.
  Walkers(const MetropolisOptions& options, const Problems& problems, Communicator& comm, RandomKey key);

  const Blocks& blocks() const { return blocks_; }  // of chains
  std::int64_t chains() const { return blocks_.my_items(); }
  std::int64_t replicas() const { return replicas_; }
  std::int64_t global_chain(std::int64_t walker) const { return blocks_.my_begin() + walker % chains(); }
  int problem_of(std::int64_t walker) const { return static_cast<int>(global_chain(walker) / chains_per_problem_); }
  // Random stream of a walker: those of beta = 1 have the numbers of their chains.
  std::uint32_t stream(std::int64_t walker) const { return static_cast<std::uint32_t>(walker / chains() * blocks_.items() + global_chain(walker)); }

  ConfigurationBatch& rows() { return rows_; }
  const ConfigurationBatch& rows() const { return rows_; }
  std::vector<std::complex<double>>& log_psi() { return log_psi_; }
  const std::vector<std::complex<double>>& log_psi() const { return log_psi_; }

  // Uniform random states with psi != 0: walkers that fell on a zero draw again. NumericalError after many attempts.
  void start(const Wavefunction& psi);
  // log psi at the present parameters. NumericalError where it is not a number.
  void refresh(const Wavefunction& psi);
  // NumericalError naming the chain of a walker, or of a sample of it, `row`.
  [[noreturn]] void refuse(std::complex<double> log_psi, std::int64_t walker, const Word* row) const;

  // Outside, the replicas of a chain stand together, so that those of all ranks one after the other are in global order.
  ConfigurationBatch ordered() const;
  // `first`: where in `ordered` mine begin.
  void take(const ConfigurationBatch& ordered, std::int64_t first);
  // Of all ranks. CheckpointError if they are not states of these problems and of this sampler.
  void take_of_all(const ConfigurationBatch& ordered);

 private:
  void draw(std::int64_t walker, int attempt);

  Problems problems_;
  Communicator& comm_;
  RandomKey key_;
  Blocks blocks_;
  std::int64_t chains_per_problem_, replicas_;
  ConfigurationBatch rows_;
  std::vector<std::complex<double>> log_psi_;
};

}  // namespace qs
