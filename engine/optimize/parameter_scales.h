// Damping in proportion to what a parameter does to the state: (S + shift D) d = X^T v with D_k = sqrt(V_k / mean V + floor), V_k the running
// variance of the derivative by parameter k, that is S_kk. Between Levenberg's D = 1 and Marquardt's D = diag S (SIAM J. Appl. Math. 11, 431 (1963)),
// and what MARCH (arXiv 2507.02644) does with the variance of the score. A network whose training has made a few parameters steep is not held back in
// all others by the damping that the steep ones need. Solved as the plain system of the parameters theta_k / scale_k, scale = D^-1/2.
#pragma once

#include <span>
#include <vector>

namespace qs {

// scale_k of the running variance; 1 everywhere before the first step, when it is all zero.
std::vector<double> damping_scales(std::span<const double> variance);
// variance = (variance + squares) / 2; squares alone if it is all zero.
void average_in(std::span<const double> squares, std::vector<double>& variance);

}  // namespace qs
