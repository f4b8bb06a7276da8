#include "engine/optimize/refined_solver.h"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <utility>

#include "kernels/api/linear_algebra.h"
#include "kernels/api/memory.h"

namespace qs {
namespace {

double dot(std::span<const double> a, std::span<const double> b) { return std::inner_product(a.begin(), a.end(), b.begin(), 0.0); }

// The Cholesky factor of M = gram + shift on the root, for all ranks.
class Preconditioner {
 public:
  Preconditioner(Communicator& comm, Device device, Buffer<double> gram, std::int64_t n, double shift)
      : comm_(comm), device_(device), n_(n), factor_(std::move(gram)) {
    double numbers[] = {0, 0};  // found, smallest pivot
    on_root(comm, [&] {
      shift_diagonal(device, n, factor_.data(), shift);
      if (kernels::cholesky(device, n, factor_.data(), n) != 0) return;
      numbers[0] = 1;
      numbers[1] = qs::smallest_pivot(device, n, factor_.data());
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
    on_root(comm_, [&] { x = cholesky_solution(device_, n_, factor_.data(), b); });
    comm_.broadcast<double>(x, 0);
    return x;
  }

 private:
  Communicator& comm_;
  Device device_;
  std::int64_t n_;
  Buffer<double> factor_;
  bool found_ = false;
  double smallest_pivot_ = 0;
};

// (X X^T + shift) p, on every rank.
template <class Real>
std::vector<double> apply(Communicator& comm, const TangentRows<Real>& rows, double shift, std::span<const double> p) {
  const std::vector<double> w = std::move(multiply_transposed(comm, rows, {p.subspan(rows.layout.my_begin(), rows.layout.my_rows())}).front());
  std::vector<double> mine;
  on_all(comm, [&] { mine = multiply(rows, w); });
  std::vector<double> result = comm.all_gather<double>(mine);
  for (std::size_t i = 0; i < result.size(); ++i) result[i] += shift * p[i];
  return result;
}

}  // namespace

template <class Real>
std::optional<ShiftedSolution> solve_refined(Communicator& comm, const TangentRows<Real>& rows, Buffer<double> gram, std::span<const double> b,
                                             double shift, double error) {
  // With the error on its diagonal the preconditioner is positive; it then misses A by the factor error/shift in the softest directions only.
  const Preconditioner preconditioner(comm, rows.device, std::move(gram), rows.layout.total(), std::max(shift, error));
  if (!preconditioner.found()) return std::nullopt;
  const double goal = refined_residual * std::sqrt(dot(b, b));
  std::vector<double> x(b.size(), 0.0), r(b.begin(), b.end()), p(b.size(), 0.0);
  double old_rz = 1, size = std::sqrt(dot(r, r));
  for (int iteration = 0; iteration <= most_refinements && std::isfinite(size); ++iteration) {
    if (size <= goal) {
      const double relative = goal > 0 ? refined_residual * size / goal : 0.0;
      return ShiftedSolution{std::move(x), 1, shift, preconditioner.smallest_pivot(), relative};
    }
    const std::vector<double> z = preconditioner.solve(r);
    const double rz = dot(r, z);
    for (std::size_t i = 0; i < p.size(); ++i) p[i] = z[i] + (iteration > 0 ? rz / old_rz : 0.0) * p[i];
    old_rz = rz;
    const std::vector<double> image = apply(comm, rows, shift, p);
    const double step = rz / dot(p, image);
    for (std::size_t i = 0; i < x.size(); ++i) {
      x[i] += step * p[i];
      r[i] -= step * image[i];
    }
    size = std::sqrt(dot(r, r));
  }
  return std::nullopt;
}

template std::optional<ShiftedSolution> solve_refined(Communicator&, const TangentRows<float>&, Buffer<double>, std::span<const double>, double,
                                                      double);
template std::optional<ShiftedSolution> solve_refined(Communicator&, const TangentRows<double>&, Buffer<double>, std::span<const double>, double,
                                                      double);

}  // namespace qs
