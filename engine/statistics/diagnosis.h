// Whether the error of a mean over Markov chains can be trusted: what the chains say about themselves.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>

namespace qs {

struct Diagnosis {
  // Vehtari, Gelman, Simpson, Carpenter, Buerkner, Bayesian Analysis 16 (2021) 667 (arXiv 1903.08008): split R-hat of z = Phi^-1((r - 3/8)/(S +
  // 1/4)), r the ranks of all S values (ties averaged), and of the same of |x - median|; the larger of both. None if n < 4 or nothing varies.
  std::optional<double> rhat;
  double lengthen = 1;  // how many times more sweeps between samples would make the chains long enough; at most 1: they are
  std::string doubt;    // the number that failed and its limit, "R-hat 1.31 > 1.06"; empty: none did
  bool reliable() const { return doubt.empty(); }
};

// values: deviations() of one quantity, [chains][n]. `quantities`: how many are judged together, so that honest chains of all of them raise about one
// alarm in a hundred. Judged, in this order: the halves of the chains agree; chains agree with each other as their own fluctuations allow; they last
// 10 (32 chains and more) or 20 autocorrelation times; R-hat. Chains that do not move at all are for the caller to see: equal values need not be
// frozen.
Diagnosis diagnose(std::span<const double> values, std::int64_t chains, std::int64_t n, int quantities);

// Drift from the first half of the chains to the second: Student's t of the difference, and the value that stationary chains exceed with probability
// 0.001/quantities. With 8 chains or more the differences of the single chains are independent, whatever their autocorrelation; with fewer, samples
// must be. A limit of infinity: too few numbers to say.
struct Drift {
  double t, limit;
  bool settled() const { return !(t > limit); }
};
Drift drift(std::span<const double> values, std::int64_t chains, std::int64_t n, int quantities);

}  // namespace qs
