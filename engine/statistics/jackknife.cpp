#include "engine/statistics/jackknife.h"

#include <limits>
#include <numeric>

namespace qs {

std::vector<double> total_of(const BlockSums& blocks) {
  std::vector<double> total(blocks.at(0).size(), 0.0);
  for (const std::vector<double>& block : blocks) {
    for (std::size_t k = 0; k < total.size(); ++k) total[k] += block[k];
  }
  return total;
}

std::vector<double> leave_one_out(const BlockSums& blocks, const OfSums& estimator) {
  const std::vector<double> total = total_of(blocks);
  std::vector<double> values, rest(total.size());
  for (const std::vector<double>& block : blocks) {
    for (std::size_t k = 0; k < total.size(); ++k) rest[k] = total[k] - block[k];
    values.push_back(estimator(rest));
  }
  return values;
}

double jackknife_covariance(std::span<const double> s, std::span<const double> t) {
  if (s.size() < 2) return std::numeric_limits<double>::quiet_NaN();
  const auto count = static_cast<double>(s.size());
  const double mean_s = std::accumulate(s.begin(), s.end(), 0.0) / count, mean_t = std::accumulate(t.begin(), t.end(), 0.0) / count;
  double sum = 0;
  for (std::size_t b = 0; b < s.size(); ++b) sum += (s[b] - mean_s) * (t[b] - mean_t);
  return (count - 1) / count * sum;
}

double jackknife_variance(const BlockSums& blocks, const OfSums& estimator) {
  const std::vector<double> values = leave_one_out(blocks, estimator);
  return jackknife_covariance(values, values);
}

}  // namespace qs
