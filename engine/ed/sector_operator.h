// y = H x over a sector, matrix-free.
#pragma once

#include <complex>
#include <cstdint>
#include <vector>

#include "engine/comm/communicator.h"
#include "engine/ed/hermitian_operator.h"
#include "engine/ed/split_basis.h"
#include "hamiltonians/operator.h"
#include "hamiltonians/sector.h"

namespace qs {

// Every term of H is a product of an operation on the high modes and one on the low modes (masks, flips and strings factorise), so
// H = diagonal + sum_g A_g (x) M_g with one A_g per distinct high part. For a fixed high part A_g selects one other high part and a sign, and M_g is
// a small sparse matrix between two contiguous runs of the vectors: no index of a state is ever looked up. 4x6 J1-J2 (2.7 million states): 11 times
// faster than computing the index of every connected state.
//
// Rows are divided over ranks and threads; every rank holds x and receives all of y. Every y_i is summed in one order: same bits for any division.
//
// Scalar: double for a real operator, std::complex<double> for any.
template <class Scalar>
class SectorOperatorOf : public HermitianOperator<Scalar> {
 public:
  // `couplings`: values of op.couplings. Throws InputError if a term leaves the sector.
  SectorOperatorOf(const Operator& op, const Sector& sector, const std::vector<double>& couplings, Communicator& comm);

  std::int64_t dimension() const override { return basis_.dimension(); }
  void apply(const Scalar* x, Scalar* y) const override;
  std::int64_t applications() const override { return applications_; }
  std::vector<double> smallest_diagonal(int count) const override;

 private:
  // M_g for the rows of one class: y[row] += sum value x[column], rows that have elements only; or `scale` times the identity.
  struct LowMatrix {
    enum class Form { empty, identity, sparse } form = Form::empty;
    int column_class = -1;  // of every partner; leaves_sector if they differ or do not exist
    Scalar scale = 0;
    std::vector<std::int32_t> row, begin, column;
    std::vector<Scalar> value;
  };
  // A_g: (high & mask) == pattern connects to high ^ flip with the sign of popcount(high & string).
  struct HighGroup {
    Word mask, pattern, flip, string;
    std::vector<LowMatrix> low;  // [classes]
  };
  struct LowTerm;
  static constexpr int leaves_sector = -2;
  LowMatrix make_low_matrix(const std::vector<LowTerm>& terms, int row_class) const;
  void check_sector() const;
  void set_diagonal(const Operator& op, const std::vector<double>& couplings);
  void apply_high(std::int64_t h, const Scalar* x, Scalar* y) const;

  Communicator& comm_;
  SplitBasis basis_;
  std::vector<HighGroup> groups_;
  std::vector<std::int64_t> first_high_;  // [ranks + 1]: high parts of every rank
  std::vector<double> diagonal_;          // my rows
  mutable std::int64_t applications_ = 0;
};

using SectorOperator = SectorOperatorOf<double>;
using ComplexSectorOperator = SectorOperatorOf<std::complex<double>>;

}  // namespace qs
