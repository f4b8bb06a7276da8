// What a value of log psi says.
#pragma once

#include <cmath>
#include <complex>
#include <limits>

namespace qs {

// psi = 0: Re log psi = -infinity, whatever the phase.
inline bool is_zero(std::complex<double> log_psi) { return log_psi.real() == -std::numeric_limits<double>::infinity(); }
// A number, and not zero.
inline bool is_usable(std::complex<double> log_psi) { return std::isfinite(log_psi.real()) && std::isfinite(log_psi.imag()); }

}  // namespace qs
