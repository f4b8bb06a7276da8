// Where a sector is smaller than the sample, many samples are equal. Each configuration once, with the weight of all samples that have it, gives the
// same means, gradients and metric, for less.
#pragma once

#include <cstdint>
#include <vector>

#include "engine/sampling/sample_set.h"
#include "hamiltonians/problems.h"

namespace qs {

// Whether the samples outnumber half of the basis states.
bool many_are_equal(const Problems& problems, const SampleSet& samples);

struct DistinctSamples {
  SampleSet samples;                 // my share of the configurations, sorted, as chains of one sample
  std::vector<std::int64_t> first;   // [my configurations]: global row of the first sample that has it
  std::vector<std::int64_t> of_row;  // [my rows of the samples before]: global number of its configuration

  // From values of my samples to those of my configurations, and back. Collective.
  template <class T>
  std::vector<T> merge(Communicator& comm, const std::vector<T>& of_samples) const {
    return pick(gather_rows(comm, of_samples), first);
  }
  template <class T>
  std::vector<T> spread(Communicator& comm, const std::vector<T>& of_configurations) const {
    return pick(gather_rows(comm, of_configurations), of_row);
  }

 private:
  template <class T>
  static std::vector<T> pick(const std::vector<T>& all, const std::vector<std::int64_t>& which) {
    std::vector<T> picked;
    picked.reserve(which.size());
    for (const std::int64_t i : which) picked.push_back(all[i]);
    return picked;
  }
};

// For samples of sectors with one word. The configurations are dealt out anew, the same on any number of ranks. Collective.
DistinctSamples distinct_samples(Communicator& comm, const SampleSet& samples);

}  // namespace qs
