// What a step works on: weighted configurations of all problems, this rank's share. Rows are in global order (chain-major), cut into
// the fixed blocks of engine/comm/blocks.h.
#pragma once

#include <complex>
#include <cstdint>
#include <numeric>
#include <vector>

#include "engine/comm/blocks.h"
#include "hamiltonians/configuration.h"

namespace qs {

struct SampleSet {
  ConfigurationBatch rows;                    // my rows
  std::vector<std::complex<double>> log_psi;  // [my rows], at the parameters of this step
  std::vector<double> weight;                 // [my rows]; over all ranks they sum to 1 for every problem
  std::vector<std::int64_t> block_begin;      // my blocks + 1 entries: rows of my k-th block
  Blocks blocks;                              // partition of chains (Metropolis) or states (exact sum)
  int problems = 1;
  std::int64_t samples_per_chain = 1;  // row = chain * samples_per_chain + k; 1 and !markov for an exact sum
  bool markov = true;                  // false: an exact sum, which has no statistical error
  std::int64_t total_rows = 0;         // over all ranks
};

// Rows that no Markov chain ties together are cut into blocks of whole grains: two chunks of 16 float32 lanes. Fewer rows would leave lanes empty,
// and clearing and adding the gradient of a block of them would take as long as computing it.
inline constexpr std::int64_t rows_per_grain = 32;

// Every rank's per-row values in global row order, on every rank.
template <class T>
std::vector<T> gather_rows(Communicator& comm, const std::vector<T>& mine) {
  return comm.all_gather<T>(std::span<const T>(mine));
}

// The same of configurations.
inline ConfigurationBatch gather_rows(Communicator& comm, const ConfigurationBatch& mine) {
  ConfigurationBatch all(mine.modes, 0);
  all.bits = gather_rows(comm, mine.bits);
  all.problem = gather_rows(comm, mine.problem);
  return all;
}

// How many rows stand before mine in global order. Collective.
inline std::int64_t first_row(Communicator& comm, const SampleSet& samples) {
  const std::vector<std::int64_t> counts = comm.all_gather<std::int64_t>(std::vector<std::int64_t>{samples.rows.rows()});
  return std::accumulate(counts.begin(), counts.begin() + comm.rank(), std::int64_t{0});
}

}  // namespace qs
