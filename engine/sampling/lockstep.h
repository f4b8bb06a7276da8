// Markov chains that advance together where the wavefunction computes: they propose, are evaluated and decide there, and nothing travels between
// host and device until they are read.
#pragma once

#include <complex>
#include <cstdint>
#include <vector>

#include "engine/sampling/acceptance.h"
#include "engine/wavefunctions/wavefunction.h"
#include "hamiltonians/configuration.h"
#include "kernels/api/chains.h"
#include "kernels/api/memory.h"
#include "kernels/api/recording.h"

namespace qs {

// What all chains of a sampler share.
struct ChainRule {
  kernels::MoveMixtures mixtures;  // where psi computes
  RandomKey key;
  double power;
  std::uint64_t sweep;  // proposals of a sweep
  std::uint64_t proposals_done;
};

// Chains [first, first + count) of a rank; the first one draws from random stream `stream`.
struct ChainRange {
  std::int64_t first, count;
  std::uint32_t stream;
  enum class Kind { moving, frozen } kind;  // frozen: no move ever finds a proposal
};

class Lockstep {
 public:
  // Starts at the rows of `chains`, whose log psi is given. psi and what the rule points to must outlive this, and psi keep its parameters.
  Lockstep(const Wavefunction& psi, const ChainRule& rule, const ChainRange& range, const ConfigurationBatch& chains,
           const std::vector<std::complex<double>>& log_psi);
  Lockstep(const Lockstep&) = delete;
  Lockstep& operator=(const Lockstep&) = delete;

  void advance(std::int64_t proposals);
  // Into the rows that they came from, and from there again.
  void read(ConfigurationBatch& chains, std::vector<std::complex<double>>& log_psi) const;
  void write(const ConfigurationBatch& chains, const std::vector<std::complex<double>>& log_psi);
  void add_counts(AcceptanceCounter& counter) const;

  // Bytes of `chains` chains where psi computes.
  static std::size_t bytes(std::int64_t chains, int words, int moves, int chunk_rows);

 private:
  void propose_and_decide();
  kernels::Chains chains();
  kernels::Candidates candidates();

  const Wavefunction& psi_;
  ChainRule rule_;
  ChainRange range_;
  int words_;
  Buffer<Word> rows_, candidate_rows_;
  Buffer<std::int32_t> problem_, move_, flips_;
  Buffer<double> re_, im_, log_ratio_;
  Buffer<double> candidate_log_psi_;  // [2][whole chunks]
  Buffer<std::uint64_t> step_;
  Buffer<std::int64_t> counts_;  // [2 moves + 1][count]
  Recording proposal_;
};

}  // namespace qs
