// The determinant that feels its own density: self-consistent Hartree-Fock, collinear (every orbital has one spin).
//
//   h_ab = h0_ab + delta_ab sum_c v_ac P_cc - v_ab P_ab,  P_ab = <c+_b c_a> = sum_k phi_k(a) phi_k(b)^*, no exchange between blocks (spins)
//   E = sum_ab h0_ab P_ba + sum_{a<b} v_ab (P_aa P_bb - |P_ab|^2)
//
// For t-V this is h_ij = -t - V P_ij and h_ii = eps_i + V sum_j P_jj, for Hubbard unrestricted h^s_ii = eps_i + U n_i,-s. Both spins are computed in
// the same words, so that a seed that treats them alike gives a restricted solution, equal bit for bit in both.
#pragma once

#include <complex>
#include <string>
#include <vector>

#include "hamiltonians/mean_field/density_terms.h"
#include "hamiltonians/sector.h"

namespace qs {

struct MeanField {
  // [modes][particles], orthonormal columns: the blocks of the sector one after the other, by energy within a block. The largest component of each is
  // positive (the first of equal ones).
  std::vector<std::complex<double>> orbitals;
  std::vector<double> levels;  // energy of each column
  int modes = 0, particles = 0;
  double energy = 0;       // <H> of the determinant, its constant included
  double gap = 0;          // the smallest step from the last filled level of a block to the next; infinite where all blocks are full or empty
  std::string open_shell;  // which levels are filled in part, the determinant being one of many; "" if it is the only one
  double change = 0;       // max |P_new - P| of the last iteration
  int iterations = 0;

  bool converged() const;
};

// From the densities of the orbitals of h0 + seed, seed [modes] being a field that breaks a symmetry, by P <- (P + P_new) / 2 until P changes by less
// than 1e-11, at most 5000 times. A shell that is filled in part (steps below 1e-8 of the largest hop) is filled evenly, so that no choice of the
// eigensolver enters; it may split as P changes.
MeanField hartree_fock(const DensityTerms& terms, const Sector& sector, const std::vector<double>& seed);

// The orbitals of h0. `energy` is <H>, repulsion included.
MeanField free_fermions(const DensityTerms& terms, const Sector& sector);

}  // namespace qs
