#include "engine/optimize/natural_system.h"

#include <functional>
#include <optional>
#include <type_traits>
#include <utility>

#include "engine/base/error.h"
#include "engine/optimize/gram.h"
#include "engine/optimize/minsr_in_blocks.h"
#include "engine/optimize/refined_solver.h"
#include "engine/optimize/state.h"
#include "engine/optimize/tangent_rows.h"

namespace qs {
namespace {

// What is done about the rounding of float32 products: exact products with X make up for it, preconditioned by a factor of these digits; without any,
// float64 products are taken where it would reach the shift, which takes twice the time. Of both kinds, what fixed control has always done stays to
// the bit.
using Refinement = std::optional<FactorDigits>;

// A = X^T X or X X^T, solved with one shift after another.
class RoundedSystem {
 public:
  using Form = std::function<ShiftedMatrix(kernels::Arithmetic)>;
  // rounding: of A in the spectral norm, if float32 products form it; 0 for float64 rows.
  RoundedSystem(const Tangent& tangent, Refinement refinement, double rounding, Form form, SymmetricProduct product)
      : tangent_(tangent), refinement_(refinement), rounding_(rounding), form_(std::move(form)), product_(std::move(product)) {}

  // (A + shift) x = b0 + shift b1, on every rank.
  ShiftedSolution solve(std::span<const double> b0, std::span<const double> b1, double shift) {
    constexpr double most_error = 1e4;  // relative to the shift: conjugate gradients take about its root in iterations at worst
    if (refinement_ && !exact_ && rounding_ > 0 && rounding_ <= most_error * shift) {
      if (!rounded_) rounded_.emplace(form_(kernels::Arithmetic::own));
      std::vector<double> b(b0.begin(), b0.end());
      for (std::size_t i = 0; i < b1.size(); ++i) b[i] += shift * b1[i];
      std::optional<ShiftedSolution> refined =
          timed(tangent_.clock, "solve", [&] { return solve_refined(tangent_.comm, *rounded_, b, shift, rounding_, product_, *refinement_); });
      if (refined) return *std::move(refined);
    }
    if (!exact_) {
      rounded_.reset();  // two of them might not fit
      const bool harmless = !refinement_ && shift >= rounding_;
      exact_.emplace(form_(harmless ? kernels::Arithmetic::own : kernels::Arithmetic::wide));
    }
    return timed(tangent_.clock, "solve", [&] { return solve_on_root(tangent_.comm, *exact_, b0, b1, shift); });
  }

 private:
  const Tangent& tangent_;
  Refinement refinement_;
  double rounding_;
  Form form_;
  SymmetricProduct product_;
  std::optional<ShiftedMatrix> rounded_, exact_;
};

// What both shapes share: X, v and mu d_old.
template <class Real>
class SystemOfRows : public NaturalSystem {
 public:
  SystemOfRows(const Tangent& tangent, TangentRows<Real> rows, std::vector<double> v, std::vector<double> momentum)
      : tangent_(tangent), rows_(std::move(rows)), v_(std::move(v)), momentum_(std::move(momentum)) {}

  // Relative to the trace. Derivatives in float32 are rounded to 6e-8 each, which averages out over rows: a floor at 6e-8 kept the quick start (50
  // steps) at relative errors of 1.2e-3 where it otherwise reaches 5e-4.
  double least_shift() override { return (std::is_same_v<Real, float> ? 1e-10 : 1e-12) * squared_norm(tangent_.comm, rows_); }
  std::vector<double> squares() override { return column_squares(tangent_.comm, rows_); }

 protected:
  RoundedSystem form(Refinement refinement, std::int64_t order,
                     Buffer<double> (*matrix)(kernels::Arithmetic, Communicator&, const TangentRows<Real>&), SymmetricProduct product) {
    const auto formed = [this, order, matrix](kernels::Arithmetic arithmetic) {
      return ShiftedMatrix(rows_.device, order, timed(tangent_.clock, "gram", [&] { return matrix(arithmetic, tangent_.comm, rows_); }));
    };
    return {tangent_, refinement, gram_rounding(tangent_.comm, rows_), formed, std::move(product)};
  }
  std::vector<double> product(std::span<const double> u) const {
    std::vector<double> mine;
    on_all(tangent_.comm, [&] { mine = multiply(rows_, u); });
    return mine;
  }

  const Tangent& tangent_;
  TangentRows<Real> rows_;
  std::vector<double> v_, momentum_;  // v: of my rows
};

template <class Real>
class SrSystem final : public SystemOfRows<Real> {
  using Base = SystemOfRows<Real>;

 public:
  SrSystem(const Tangent& tangent, TangentRows<Real> rows, std::vector<double> v, std::vector<double> momentum, Control control)
      : Base(tangent, std::move(rows), std::move(v), std::move(momentum)),
        gradient_(std::move(multiply_transposed(tangent.comm, Base::rows_, {Base::v_}).front())),
        system_(Base::form(control == Control::fixed ? Refinement() : FactorDigits::float32, Base::rows_.parameters, metric_matrix<Real>,
                           metric_product(tangent.comm, Base::rows_))) {}

  NaturalDirection solve(double shift, double share) override {
    std::vector<double> kept(Base::momentum_.size());
    add_momentum(share, Base::momentum_, kept);
    NaturalDirection out{.direction = {}, .gradient = gradient_, .solution = system_.solve(gradient_, kept, shift)};
    out.direction = std::exchange(out.solution.x, {});
    return out;
  }

  std::vector<double> image(const NaturalDirection& found) override {
    return Base::tangent_.comm.template all_gather<double>(Base::product(found.direction));
  }

 private:
  std::vector<double> gradient_;
  RoundedSystem system_;
};

template <class Real>
class MinsrSystem final : public SystemOfRows<Real> {
  using Base = SystemOfRows<Real>;

 public:
  MinsrSystem(const Tangent& tangent, TangentRows<Real> rows, std::vector<double> v, std::vector<double> momentum, Control control)
      : Base(tangent, std::move(rows), std::move(v), std::move(momentum)),
        system_(Base::form(control == Control::fixed ? FactorDigits::float64 : FactorDigits::float32, Base::rows_.layout.total(), gram_matrix<Real>,
                           gram_product(tangent.comm, Base::rows_))) {
    if (!Base::momentum_.empty()) moved_ = Base::product(Base::momentum_);
  }

  NaturalDirection solve(double shift, double share) override {
    std::vector<double> right = Base::v_;
    for (std::size_t i = 0; i < moved_.size(); ++i) right[i] -= share * moved_[i];
    NaturalDirection out;
    out.solution = system_.solve(Base::tangent_.comm.template all_gather<double>(right), {}, shift);
    const RowLayout& layout = Base::rows_.layout;
    const std::span<const double> mine = std::span(out.solution.x).subspan(layout.my_begin(), layout.my_rows());
    std::vector<std::vector<double>> products = multiply_transposed(Base::tangent_.comm, Base::rows_, {mine, Base::v_});
    out.direction = std::move(products[0]);
    out.gradient = std::move(products[1]);
    add_momentum(share, Base::momentum_, out.direction);
    return out;
  }

  std::vector<double> image(const NaturalDirection& found) override { return image_of_solution(Base::tangent_.comm, Base::v_, found.solution); }

 private:
  RoundedSystem system_;
  std::vector<double> moved_;  // X momentum, of my rows
};

// The system of the parameters theta_k, made from that of theta_k / scale_k.
class ScaledSystem final : public NaturalSystem {
 public:
  ScaledSystem(std::unique_ptr<NaturalSystem> system, std::vector<double> scales) : system_(std::move(system)), scales_(std::move(scales)) {}

  NaturalDirection solve(double shift, double share) override {
    NaturalDirection found = system_->solve(shift, share);
    found.direction = times(found.direction, scales_);
    found.gradient = over(found.gradient, scales_);
    return found;
  }
  std::vector<double> image(const NaturalDirection& found) override {
    return system_->image({.direction = over(found.direction, scales_), .gradient = {}, .solution = found.solution});
  }
  double least_shift() override { return system_->least_shift(); }
  std::vector<double> squares() override { return over(over(system_->squares(), scales_), scales_); }

 private:
  std::unique_ptr<NaturalSystem> system_;
  std::vector<double> scales_;
};

template <class Real>
std::unique_ptr<NaturalSystem> system_for(const OptimizerOptions& options, const Tangent& tangent, std::span<const std::complex<double>> residual,
                                          std::vector<double> momentum, std::span<const double> scales) {
  if (options.parameter_blocks > 1) return minsr_system_in_blocks<Real>(options, tangent, residual, std::move(momentum), scales);
  std::vector<double> v = residual_rows({tangent.samples.problems, tangent.samples.rows.problem, tangent.samples.weight},
                                        rows_per_sample(tangent.psi.jacobian_mode()), residual);
  TangentRows<Real> rows = timed(tangent.clock, "derivatives", [&] { return centred_jacobian<Real>(options.device, tangent, scales); });
  if (resolved_kind(options.kind, rows.parameters, rows.layout.total()) == OptimizerKind::sr)
    return std::make_unique<SrSystem<Real>>(tangent, std::move(rows), std::move(v), std::move(momentum), options.control);
  return std::make_unique<MinsrSystem<Real>>(tangent, std::move(rows), std::move(v), std::move(momentum), options.control);
}

}  // namespace

OptimizerKind resolved_kind(OptimizerKind kind, std::int64_t parameters, std::int64_t rows) {
  if (kind != OptimizerKind::natural) return kind;
  return parameters <= rows ? OptimizerKind::sr : OptimizerKind::minsr;
}

ShiftedSolution solve_on_root(Communicator& comm, ShiftedMatrix& matrix, std::span<const double> b0, std::span<const double> b1, double shift) {
  ShiftedSolution solution;
  on_root(comm, [&] { solution = matrix.solve(b0, b1, shift); });
  solution.x.resize(matrix.order());
  comm.broadcast<double>(solution.x, 0);
  double numbers[] = {static_cast<double>(solution.rung), solution.shift, solution.smallest_pivot, solution.residual};
  comm.broadcast<double>(numbers, 0);
  return {std::move(solution.x), static_cast<int>(numbers[0]), numbers[1], numbers[2], numbers[3]};
}

std::vector<double> image_of_solution(Communicator& comm, std::span<const double> v, const ShiftedSolution& y) {
  std::vector<double> image = comm.all_gather<double>(v);
  for (std::size_t i = 0; i < image.size(); ++i) image[i] -= y.shift * y.x[i];
  return image;
}

void add_momentum(double share, std::span<const double> momentum, std::vector<double>& direction) {
  for (std::size_t k = 0; k < momentum.size(); ++k) direction[k] += share * momentum[k];
}

std::unique_ptr<NaturalSystem> make_natural_system(const OptimizerOptions& options, const Tangent& tangent,
                                                   std::span<const std::complex<double>> residual, std::vector<double> momentum,
                                                   std::vector<double> scales) {
  check_residual(tangent, residual);
  if (!scales.empty() && !momentum.empty()) momentum = over(momentum, scales);
  auto system = tangent.psi.precision() == Precision::float32 ? system_for<float>(options, tangent, residual, std::move(momentum), scales)
                                                              : system_for<double>(options, tangent, residual, std::move(momentum), scales);
  if (scales.empty()) return system;
  return std::make_unique<ScaledSystem>(std::move(system), std::move(scales));
}

}  // namespace qs
