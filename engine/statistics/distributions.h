// Quantiles that tests of hypotheses need. Levels are those of the upper tail, so that small ones keep their digits.
#pragma once

namespace qs {

// x with P(X > x) = tail for a standard normal X; 0 < tail < 1. Relative error 1e-12.
double normal_quantile(double tail);
// P(|T| > t) of Student's T with `freedom` degrees of freedom.
double student_tail(double t, double freedom);
// t with P(|T| > t) = tail.
double student_quantile(double tail, double freedom);
// P(F > f) of Fisher's F with (above, below) degrees of freedom, which need not be integers.
double f_tail(double f, double above, double below);
// f with P(F > f) = tail.
double f_quantile(double tail, double above, double below);

}  // namespace qs
