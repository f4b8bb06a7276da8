#include "engine/optimize/refined_solver.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "engine/optimize/state.h"

namespace qs {
namespace {

// The Cholesky factor of M = gram + shift on the root, for all ranks.
class Preconditioner {
 public:
  Preconditioner(Communicator& comm, ShiftedMatrix& gram, double shift, FactorDigits digits) : comm_(comm), gram_(gram) {
    double numbers[] = {0, 0};  // found, smallest pivot
    on_root(comm, [&] {
      const bool small = digits == FactorDigits::float32 && gram.factor(shift, FactorDigits::float32);
      if (!small && !gram.factor(shift, FactorDigits::float64)) return;
      numbers[0] = 1;
      numbers[1] = gram.smallest_pivot();
    });
    comm.broadcast<double>(numbers, 0);
    found_ = numbers[0] != 0;
    smallest_pivot_ = numbers[1];
  }

  bool found() const { return found_; }
  double smallest_pivot() const { return smallest_pivot_; }
  // M^-1 b, on every rank.
  std::vector<double> solve(std::span<const double> b) const {
    std::vector<double> x(b.size());
    on_root(comm_, [&] { x = gram_.solve_factored(b); });
    comm_.broadcast<double>(x, 0);
    return x;
  }

 private:
  Communicator& comm_;
  ShiftedMatrix& gram_;
  bool found_ = false;
  double smallest_pivot_ = 0;
};

}  // namespace

template <class Real>
SymmetricProduct gram_product(Communicator& comm, const TangentRows<Real>& rows) {
  return [&comm, &rows](std::span<const double> p) {
    const std::vector<double> w = std::move(multiply_transposed(comm, rows, {p.subspan(rows.layout.my_begin(), rows.layout.my_rows())}).front());
    std::vector<double> mine;
    on_all(comm, [&] { mine = multiply(rows, w); });
    return comm.all_gather<double>(mine);
  };
}

template <class Real>
SymmetricProduct metric_product(Communicator& comm, const TangentRows<Real>& rows) {
  return [&comm, &rows](std::span<const double> p) {
    std::vector<double> mine;
    on_all(comm, [&] { mine = multiply(rows, p); });
    return std::move(multiply_transposed(comm, rows, {mine}).front());
  };
}

std::optional<ShiftedSolution> solve_refined(Communicator& comm, ShiftedMatrix& rounded, std::span<const double> b, double shift, double error,
                                             const SymmetricProduct& product, FactorDigits digits) {
  // With the error on its diagonal the preconditioner is positive; it then misses A by the factor error/shift in the softest directions only.
  const Preconditioner preconditioner(comm, rounded, std::max(shift, error), digits);
  if (!preconditioner.found()) return std::nullopt;
  const double wanted = digits == FactorDigits::float32 ? judged_residual : refined_residual;
  const double goal = wanted * std::sqrt(dot(b, b));
  std::vector<double> x(b.size(), 0.0), r(b.begin(), b.end()), p(b.size(), 0.0);
  double old_rz = 1, size = std::sqrt(dot(r, r));
  for (int iteration = 0; iteration <= most_refinements && std::isfinite(size); ++iteration) {
    if (size <= goal) {
      const double relative = goal > 0 ? wanted * size / goal : 0.0;
      return ShiftedSolution{std::move(x), 1, shift, preconditioner.smallest_pivot(), relative};
    }
    const std::vector<double> z = preconditioner.solve(r);
    const double rz = dot(r, z);
    for (std::size_t i = 0; i < p.size(); ++i) p[i] = z[i] + (iteration > 0 ? rz / old_rz : 0.0) * p[i];
    old_rz = rz;
    std::vector<double> image = product(p);
    for (std::size_t i = 0; i < p.size(); ++i) image[i] += shift * p[i];
    const double step = rz / dot(p, image);
    for (std::size_t i = 0; i < x.size(); ++i) {
      x[i] += step * p[i];
      r[i] -= step * image[i];
    }
    size = std::sqrt(dot(r, r));
  }
  return std::nullopt;
}

template SymmetricProduct gram_product(Communicator&, const TangentRows<float>&);
template SymmetricProduct gram_product(Communicator&, const TangentRows<double>&);
template SymmetricProduct metric_product(Communicator&, const TangentRows<float>&);
template SymmetricProduct metric_product(Communicator&, const TangentRows<double>&);

}  // namespace qs
