#include "engine/statistics/diagnosis.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>
#include <vector>

#include "engine/base/error.h"
#include "engine/statistics/distributions.h"
#include "engine/statistics/estimate.h"

namespace qs {
namespace {

constexpr double drift_level = 0.001, spread_level = 0.002;  // of false alarms, shared by all quantities
constexpr std::int64_t many_chains = 32;                     // from here on errors come from the spread of chain means
constexpr double times_of_many = 10, times_of_few = 20;      // autocorrelation times that a chain must last
constexpr std::int64_t independent_chains = 8;               // that a test over chains needs

// Normal scores of the ranks; equal values share the mean of their ranks.
std::vector<double> normal_scores(std::span<const double> values) {
  const std::size_t count = values.size();
  std::vector<std::size_t> order(count);
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) { return values[a] < values[b]; });
  std::vector<double> scores(count);
  for (std::size_t begin = 0; begin < count;) {
    std::size_t end = begin + 1;
    while (end < count && values[order[end]] == values[order[begin]]) ++end;
    const double rank = 0.5 * static_cast<double>(begin + 1 + end);
    const double score = -normal_quantile((rank - 0.375) / (static_cast<double>(count) + 0.25));
    for (std::size_t i = begin; i < end; ++i) scores[order[i]] = score;
    begin = end;
  }
  return scores;
}

std::vector<double> distances_from_median(std::span<const double> values) {
  std::vector<double> sorted(values.begin(), values.end());
  std::sort(sorted.begin(), sorted.end());
  const std::size_t half = sorted.size() / 2;
  const double median = sorted.size() % 2 == 1 ? sorted[half] : 0.5 * (sorted[half - 1] + sorted[half]);
  std::vector<double> distance(values.begin(), values.end());
  for (double& x : distance) x = std::abs(x - median);
  return distance;
}

double mean_of(std::span<const double> x) { return std::accumulate(x.begin(), x.end(), 0.0) / static_cast<double>(x.size()); }

double squares_about(std::span<const double> x, double mean) {
  double sum = 0;
  for (const double each : x) sum += (each - mean) * (each - mean);
  return sum;
}

Drift compare(double difference, double variance_of_difference, double freedom, int quantities) {
  if (!(variance_of_difference > 0)) return {.t = 0, .limit = std::numeric_limits<double>::infinity()};
  return {.t = std::abs(difference) / std::sqrt(variance_of_difference), .limit = student_quantile(drift_level / quantities, freedom)};
}

std::string drift_doubt(const Drift& halves) {
  return halves.settled() ? "" : fmt::format("halves of the chains differ by {:.1f} > {:.1f} errors", halves.t, halves.limit);
}

// n Var(chain means) / (tau variance within chains) against Fisher's F.
std::string spread_doubt(std::span<const double> values, std::int64_t chains, std::int64_t n, const WithinChains& within, int quantities) {
  if (chains < 2) return "";
  std::vector<double> means(chains);
  for (std::int64_t c = 0; c < chains; ++c) means[c] = mean_of(values.subspan(c * n, n));
  const auto c = static_cast<double>(chains), length = static_cast<double>(n);
  const double between = squares_about(means, mean_of(means)) / (c - 1);
  const double ratio = length * between / (within.variance * within.tau);
  const double limit = f_quantile(spread_level / quantities, c - 1, std::max(1.0, c * length / within.tau));
  return ratio > limit ? fmt::format("chains differ by {:.2f} > {:.2f} times what they fluctuate", ratio, limit) : "";
}

// Split R-hat of scores and the value that chains with the autocorrelation time of these scores exceed with probability spread_level: means of pieces
// of length l have the variance sigma^2 tau/l, and within them (ddof 1) sigma^2 (l - tau)/(l - 1) is left.
struct RankTest {
  double rhat, limit;
};
std::optional<RankTest> rank_test(const std::vector<double>& scores, std::int64_t chains, std::int64_t n, int quantities) {
  const auto rhat = split_rhat(scores, chains, n);
  if (!rhat) return std::nullopt;
  const double tau = within_chains(scores, chains, n).tau;
  const auto pieces = static_cast<double>(2 * chains), length = static_cast<double>(n / 2);
  const double f = f_quantile(spread_level / quantities, pieces - 1, std::max(1.0, pieces * (length - 1) / tau));
  return RankTest{*rhat, std::sqrt((length - 1) / length * (1 + tau * f / std::max(1.0, length - tau)))};
}

std::string rank_doubt(const std::string& name, const std::optional<RankTest>& test) {
  return test && test->rhat > test->limit ? fmt::format("{} {:.3f} > {:.3f}", name, test->rhat, test->limit) : "";
}

}  // namespace

Drift drift(std::span<const double> values, std::int64_t chains, std::int64_t n, int quantities) {
  QS_ASSERT(chains >= 1 && n >= 2 && static_cast<std::int64_t>(values.size()) == chains * n);
  const std::int64_t half = n / 2;
  if (chains >= independent_chains) {
    std::vector<double> difference(chains);
    for (std::int64_t c = 0; c < chains; ++c) {
      difference[c] = mean_of(values.subspan(c * n, half)) - mean_of(values.subspan(c * n + half, half));
    }
    const double mean = mean_of(difference), freedom = static_cast<double>(chains - 1);
    return compare(mean, squares_about(difference, mean) / freedom / static_cast<double>(chains), freedom, quantities);
  }
  // Up to 16 blocks of every half and chain, long enough to forget each other where the caller has lasted long enough.
  constexpr std::int64_t most_blocks = 16;
  const std::int64_t blocks = std::min(half, most_blocks), length = half / blocks;
  std::vector<double> first, second;
  for (std::int64_t c = 0; c < chains; ++c) {
    for (std::int64_t b = 0; b < blocks; ++b) {
      first.push_back(mean_of(values.subspan(c * n + b * length, length)));
      second.push_back(mean_of(values.subspan(c * n + half + b * length, length)));
    }
  }
  const auto count = static_cast<double>(first.size()), freedom = 2 * (count - 1);
  if (!(freedom > 0)) return {.t = 0, .limit = std::numeric_limits<double>::infinity()};
  const double mean_first = mean_of(first), mean_second = mean_of(second);
  const double variance = (squares_about(first, mean_first) + squares_about(second, mean_second)) / freedom;
  return compare(mean_first - mean_second, 2 * variance / count, freedom, quantities);
}

Diagnosis diagnose(std::span<const double> values, std::int64_t chains, std::int64_t n, int quantities) {
  Diagnosis result;
  const auto varies = [&](double x) { return x != values[0]; };
  if (std::none_of(values.begin(), values.end(), varies)) return result;  // an eigenvalue
  if (n < 4) {
    result.doubt = fmt::format("{} samples a chain < 4", n);
    return result;
  }
  const WithinChains within = within_chains(values, chains, n);
  if (!(within.variance > 0)) {
    result.doubt = "every chain has a value of its own";
    result.lengthen = 2;
    return result;
  }
  const auto bulk = rank_test(normal_scores(values), chains, n, quantities);
  const auto tails = rank_test(normal_scores(distances_from_median(values)), chains, n, quantities);
  for (const auto& test : {bulk, tails}) {
    if (test) result.rhat = std::max(result.rhat.value_or(0), test->rhat);
  }
  const auto length = static_cast<double>(n), piece = static_cast<double>(n / 2);
  const double of_ranks = bulk ? 1 + piece * (bulk->rhat * bulk->rhat - 1) : 1;
  const double tau = chains >= many_chains ? std::max(within.tau, of_ranks) : within.tau;
  const double times = chains >= many_chains ? times_of_many : times_of_few;
  result.lengthen = times * tau / length;
  for (const std::string& doubt :
       {drift_doubt(drift(values, chains, n, quantities)), spread_doubt(values, chains, n, within, quantities),
        result.lengthen > 1 ? fmt::format("{} samples a chain < {:.0f} tau = {:.0f}", n, times, times * tau) : std::string(),
        rank_doubt("R-hat", bulk), rank_doubt("R-hat of the tails", tails)}) {
    if (result.doubt.empty()) result.doubt = doubt;
  }
  return result;
}

}  // namespace qs
