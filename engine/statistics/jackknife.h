// Errors of functions of sums by leaving out one block after the other (Efron, Stein, Annals of Statistics 9, 586 (1981)).
#pragma once

#include <functional>
#include <span>
#include <vector>

namespace qs {

// What is estimated from the sums over all samples: a ratio of means, say.
using OfSums = std::function<double(std::span<const double>)>;
// Sums over independent blocks of about equal size, [blocks][values].
using BlockSums = std::vector<std::vector<double>>;

std::vector<double> total_of(const BlockSums& blocks);
// The estimator without each of the blocks, [blocks].
std::vector<double> leave_one_out(const BlockSums& blocks, const OfSums& estimator);
// Covariance of two estimators from their values without each of the blocks: (B-1)/B sum_b (s_b - <s>)(t_b - <t>). NaN for fewer than two blocks.
double jackknife_covariance(std::span<const double> s, std::span<const double> t);
// Variance of the estimator of all blocks.
double jackknife_variance(const BlockSums& blocks, const OfSums& estimator);

}  // namespace qs
