#include "engine/sampling/equal_samples.h"

#include <algorithm>
#include <complex>
#include <numeric>
#include <tuple>

#include "engine/base/error.h"

namespace qs {

bool many_are_equal(const Problems& problems, const SampleSet& samples) {
  std::int64_t states = 0;
  for (int g = 0; g < problems.size(); ++g) {
    const Sector& sector = problems[g].sector;
    if (!sector.enumerable() || sector.dimension() >= 2 * samples.total_rows) return false;
    states += sector.dimension();
  }
  return samples.markov && 2 * samples.total_rows > states;
}

DistinctSamples distinct_samples(Communicator& comm, const SampleSet& samples) {
  QS_ASSERT(samples.rows.words == 1);
  const ConfigurationBatch all = gather_rows(comm, samples.rows);
  const std::vector<double> weight = gather_rows(comm, samples.weight);
  const std::vector<std::complex<double>> log_psi = gather_rows(comm, samples.log_psi);

  // Equal rows stand together, in global order.
  const auto key = [&](std::int64_t i) { return std::tuple(all.problem[i], *all.row(i), i); };
  std::vector<std::int64_t> order(all.rows());
  std::iota(order.begin(), order.end(), std::int64_t{0});
  std::sort(order.begin(), order.end(), [&](std::int64_t a, std::int64_t b) { return key(a) < key(b); });
  std::vector<std::int64_t> first, number(all.rows());
  std::vector<double> sum;
  for (const std::int64_t i : order) {
    if (first.empty() || all.problem[first.back()] != all.problem[i] || *all.row(first.back()) != *all.row(i)) {
      first.push_back(i);
      sum.push_back(0);
    }
    sum.back() += weight[i];
    number[i] = static_cast<std::int64_t>(first.size()) - 1;
  }

  const auto count = static_cast<std::int64_t>(first.size());
  const Blocks blocks = Blocks::of_grains(count, rows_per_grain, comm.size(), comm.rank());
  DistinctSamples result{.samples = {.rows = ConfigurationBatch(all.modes, 0), .log_psi = {}, .weight = {}, .block_begin = {}, .blocks = blocks},
                         .first = {first.begin() + blocks.my_begin(), first.begin() + blocks.my_end()},
                         .of_row = {}};
  SampleSet& mine = result.samples;
  mine.problems = samples.problems;
  mine.total_rows = count;
  for (std::int64_t k = blocks.my_begin(); k < blocks.my_end(); ++k) {
    mine.rows.push_back(all.row(first[k]), all.problem[first[k]]);
    mine.log_psi.push_back(log_psi[first[k]]);
    mine.weight.push_back(sum[k]);
  }
  for (int block = blocks.first(); block <= blocks.last(); ++block) mine.block_begin.push_back(blocks.begin(block) - blocks.my_begin());
  const std::int64_t before = first_row(comm, samples);
  result.of_row.assign(number.begin() + before, number.begin() + before + samples.rows.rows());
  return result;
}

}  // namespace qs
