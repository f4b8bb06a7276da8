// A region A of the sites and the rest B: exchanging the parts of two basis states, and the sign that writing A first costs fermions.
#pragma once

#include <string>
#include <vector>

#include "hamiltonians/configuration.h"
#include "hamiltonians/sector.h"

namespace qs {

class Bipartition {
 public:
  // `region`: sites of A; of fermions with spin both modes of each. InputError for sites that are not there or stand twice, and where A or B has
  // none.
  Bipartition(const Sector& sector, const std::vector<int>& region);

  // (n_A n_B, n'_A n'_B) -> (n'_A n_B, n_A n'_B). Rows of words_for(modes) words.
  void swap(Word* n, Word* n_prime) const;
  bool same_a(const Word* n, const Word* n_prime) const;
  bool same_b(const Word* n, const Word* n_prime) const;
  // epsilon(n) = (-1)^#(i in B, j in A, i < j, both occupied): |n> = epsilon |n_A>|n_B> with the creation operators of A first. 1 for spins.
  int sign(const Word* row) const;

  const std::vector<Word>& modes_of_a() const { return mask_; }
  std::string label() const { return label_; }  // "0,1,5": the sites of A in ascending order

 private:
  bool fermionic_;
  std::vector<Word> mask_;
  std::string label_;
};

}  // namespace qs
