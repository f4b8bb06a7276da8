// One irrep of the symmetry group of a Hamiltonian, as operations on configurations: what a projected wavefunction sums over, and in whose basis
// exact diagonalisation works.
//
// Conventions: g(i) is the image of site i, (g psi)(sigma) = s_g(g^-1 sigma) psi(g^-1 sigma); the projector is P = (d/|G|) sum_g conj(chi(g)) g, and
// chi_k(T_R) = exp(-i k.R), so that c+_k = sum_r exp(i k.r) c+_r carries k. A set that holds every g^-1 holds every g: (P psi)(sigma) =
// (d/|G|) sum_h chi(h) s_h(sigma) psi(h sigma), with h sigma as StateMap has it.
#pragma once

#include <complex>
#include <optional>
#include <string>
#include <vector>

#include "engine/base/error.h"
#include "hamiltonians/sector.h"
#include "hamiltonians/symmetry/state_map.h"

namespace qs {

// A permutation of sites of the user's own, and the eigenvalue exp(-2 pi i power / order) of it.
struct PermutationOptions {
  std::vector<int> sites = {};  // site i moves to sites[i]
  int power = 0;
};

struct SymmetryOptions {
  std::vector<int> momentum =
      {};                  // k.a_i = 2 pi n_i / L_i; empty: any. One half is added to n_i where an odd number of fermions meets an antiperiodic axis
  std::string point = {};  // irrep of the little group; empty: any
  int spin_inversion = 0;  // +1 or -1; 0: any
  int particle_hole = 0;
  std::vector<PermutationOptions> permutations = {};
};

// Names the key that is to blame.
class SymmetryError : public InputError {
 public:
  SymmetryError(std::string key, const std::string& problem) : InputError("symmetry." + key + " " + problem), key_(std::move(key)) {}
  const std::string& key() const { return key_; }

 private:
  std::string key_;
};

class SymmetrySector {
 public:
  struct Element {
    StateMap map;
    std::complex<double> character;
  };

  // Elements that are the same map must be given once; `words` says what the sector is. `conjugator`: see conjugate().
  SymmetrySector(std::vector<Element> elements, int dimension, std::string words, std::optional<StateMap> conjugator = {});

  std::int64_t order() const { return static_cast<std::int64_t>(elements_.size()); }  // |G|
  int dimension() const { return dimension_; }                                        // d of the irrep
  bool real() const { return real_; }                                                 // all characters
  const std::vector<Element>& elements() const { return elements_; }
  const std::string& describe() const { return words_; }

  // out = h sigma; returns s_h(sigma).
  double apply(std::int64_t h, const Word* sigma, Word* out) const { return fast_[h].apply(sigma, out); }
  // A symmetry I of a real Hamiltonian with chi(I g I^-1) = conj(chi(g)), such as the inversion for a wave vector: I K, K complex conjugation, leaves
  // a sector of complex characters as it is. out = I sigma; returns s_I(sigma).
  bool has_conjugator() const { return conjugator_.has_value(); }
  double conjugate(const Word* sigma, Word* out) const { return conjugator_->apply(sigma, out); }
  // sum over h with h sigma = sigma of conj(chi(h)) s_h(sigma): 0 where every function of the sector vanishes. For d = 1, 0 or the number of those h.
  double stabiliser(const Word* sigma) const;
  // States in the sector; a d-dimensional irrep counts its d rows. By traces of its elements.
  std::int64_t states(const Sector& sector) const;

 private:
  std::vector<Element> elements_;
  std::vector<FastMap> fast_;
  std::optional<FastMap> conjugator_;
  int dimension_;
  bool real_;
  std::string words_;
};

}  // namespace qs
