// Parallel tempering (Swendsen, Wang, Phys. Rev. Lett. 57, 2607 (1986); Hukushima, Nemoto, J. Phys. Soc. Jpn. 65, 1604 (1996)): every chain has
// replicas that follow |psi|^(power beta), beta = 1 first, and neighbours exchange their states. What the flat ones cross, the first one then sees.
#pragma once

#include <cstdint>
#include <vector>

#include "engine/base/random.h"

namespace qs {

// InputError unless the ladder begins with 1 and falls, above 0.
void check_ladder(const std::vector<double>& betas);

// ln of the ratio of |psi(y)|^(power beta) |psi(x)|^(power beta') to |psi(x)|^(power beta) |psi(y)|^(power beta'), x the state at beta and y that at
// beta': the states are exchanged with probability min(1, ratio), which keeps detailed balance with the product of both distributions. re: Re log
// psi.
inline double log_swap_ratio(double power, double beta, double next_beta, double re_x, double re_y) {
  return power * (beta - next_beta) * (re_y - re_x);
}

// Whether the states of replicas `replica` and the next one of chain `stream` are exchanged after `proposals` proposals.
bool accepts_swap(RandomKey key, std::uint32_t stream, std::uint64_t proposals, int replica, double log_ratio);

}  // namespace qs
