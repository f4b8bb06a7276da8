// A fermionic Hamiltonian as far as one determinant feels it: hops, fields and products of two densities.
#pragma once

#include <complex>
#include <vector>

#include "hamiltonians/problem.h"

namespace qs {

// H = constant + sum_ab h_ab c+_a c_b + sum_{a<b} v_ab n_a n_b over the modes a, b. In the units of the Hamiltonian.
struct DensityTerms {
  int modes = 0;
  double constant = 0;
  std::vector<std::complex<double>> one_body;  // h [modes][modes], Hermitian: hops, and fields on the diagonal
  std::vector<double> repulsion;               // v [modes][modes], symmetric, 0 on the diagonal

  std::complex<double> hop(int a, int b) const { return one_body[static_cast<std::size_t>(a) * modes + b]; }
  double pair(int a, int b) const { return repulsion[static_cast<std::size_t>(a) * modes + b]; }
  bool is_real() const;
  double largest_hop() const;  // 0 without hops
};

// Of one problem, whose couplings are multiplied in. InputError that names the first term of another form, by its coupling and its product: spins,
// hops from one spin to the other, products of more than two densities, exchange, pair hops.
DensityTerms density_terms(const Operator& hamiltonian, const Problem& problem);

}  // namespace qs
