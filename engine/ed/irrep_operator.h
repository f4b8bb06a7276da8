// H in a symmetry-adapted basis of a one-dimensional irrep: as many states as orbits of configurations, not as configurations. After Sandvik, AIP
// Conf. Proc. 1297, 135 (2010), with the signs of fermions.
#pragma once

#include <array>
#include <complex>
#include <cstdint>
#include <vector>

#include "engine/comm/communicator.h"
#include "engine/ed/hermitian_operator.h"
#include "hamiltonians/sector.h"
#include "hamiltonians/symmetry/symmetry_sector.h"
#include "hamiltonians/term_table.h"

namespace qs {

// |r) = (|G| n_r)^(-1/2) sum_g conj(chi(g)) g|r>, where r is the smallest word of its orbit and n_r = sum over h with h r = r of conj(chi(h)) s_h(r),
// the number of those h or 0: then the orbit has no state.
class IrrepBasis {
 public:
  // The irrep has one dimension; the sector is enumerable.
  IrrepBasis(const Sector& sector, const SymmetrySector& symmetry);

  std::int64_t dimension() const { return static_cast<std::int64_t>(representative_.size()); }
  Word representative(std::int64_t k) const { return representative_[k]; }
  double norm(std::int64_t k) const { return norm_[k]; }
  // Where x belongs: h x = representative(index) with phase = chi(h) s_h(x). index = -1: nowhere.
  struct Place {
    std::int64_t index;
    std::complex<double> phase;
  };
  Place find(Word x) const;
  // Amplitudes of all states of the sector, of a vector in this basis.
  template <class Scalar>
  std::vector<Scalar> unfolded(const Sector& sector, const std::vector<Scalar>& x) const;

  // Complex characters and a real Hamiltonian that an isometry I of SymmetrySector::conjugate leaves as it is: with A = I K, K complex conjugation,
  // A|r) = phase |partner), so that H is real in the basis of the vectors phase^(1/2) |r) of partners of themselves, (|r) + A|r)) / sqrt(2) and
  // i (|r) - A|r)) / sqrt(2) of pairs, under the numbers of r and its partner. Dimension 1, not 2.
  bool has_real_form() const { return !partner_.empty(); }
  struct Part {
    std::int64_t index;
    std::complex<double> coefficient;
  };
  // Vector b of the real form as a sum of |r); the second part may be zero. The vectors with a share of |r) are r and its partner.
  std::array<Part, 2> parts(std::int64_t b) const;
  std::int64_t partner(std::int64_t r) const { return partner_[r]; }
  std::vector<std::complex<double>> from_real_form(const std::vector<double>& x) const;

 private:
  void pair_up();

  const SymmetrySector& symmetry_;
  std::vector<Word> representative_;  // increasing
  std::vector<double> norm_;
  // [states], empty without a real form.
  std::vector<std::int64_t> partner_;
  std::vector<std::complex<double>> phase_;
};

// The matrix is stored row by row; ranks share the rows. Scalar = double for complex characters: in the real form of the basis.
template <class Scalar>
class IrrepOperator final : public HermitianOperator<Scalar> {
 public:
  IrrepOperator(const TermTable& table, const IrrepBasis& basis, const std::vector<double>& couplings, Communicator& comm);

  std::int64_t dimension() const override { return dimension_; }
  void apply(const Scalar* x, Scalar* y) const override;
  std::int64_t applications() const override { return applications_; }
  std::vector<double> smallest_diagonal(int count) const override;

 private:
  Communicator& comm_;
  std::int64_t dimension_;
  std::vector<std::int64_t> first_row_;  // [ranks + 1]
  std::vector<std::int64_t> begin_;      // [my rows + 1]
  std::vector<std::int32_t> column_;
  std::vector<Scalar> value_;
  std::vector<double> diagonal_;  // [my rows]
  mutable std::int64_t applications_ = 0;
};

}  // namespace qs
