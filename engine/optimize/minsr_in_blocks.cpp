#include "engine/optimize/minsr_in_blocks.h"

#include <optional>
#include <type_traits>
#include <utility>
#include <vector>

#include "engine/optimize/gradient.h"
#include "engine/optimize/gram.h"
#include "engine/optimize/state.h"
#include "engine/optimize/symmetric_tiles.h"
#include "engine/optimize/tangent_rows.h"

namespace qs {
namespace {

template <class Real>
class BlockedMinsrSystem final : public NaturalSystem {
 public:
  BlockedMinsrSystem(const OptimizerOptions& options, const Tangent& tangent, std::span<const std::complex<double>> residual,
                     std::vector<double> momentum, std::span<const double> scales)
      : options_(options),
        tangent_(tangent),
        residual_(residual.begin(), residual.end()),
        per_sample_(rows_per_sample(tangent.psi.jacobian_mode())),
        layout_(make_row_layout(tangent.comm, tangent.samples.blocks, tangent.samples.block_begin, per_sample_)),
        v_(residual_rows({tangent.samples.problems, tangent.samples.rows.problem, tangent.samples.weight}, per_sample_, residual)),
        momentum_(std::move(momentum)),
        scales_(scales.begin(), scales.end()) {}

  NaturalDirection solve(double shift, double share) override {
    prepare(shift);
    std::vector<double> right = v_;
    for (std::size_t i = 0; i < moved_.size(); ++i) right[i] -= share * moved_[i];
    const std::vector<double> b = tangent_.comm.all_gather<double>(right);
    NaturalDirection out;
    out.solution = timed(tangent_.clock, "solve", [&] { return solve_on_root(tangent_.comm, *gram_, b, {}, shift); });
    timed(tangent_.clock, "derivatives", [&] {
      out.direction = scaled(transposed_product(tangent_, out.solution.x));
      if (gradient_.empty()) gradient_ = scaled(loss_gradient(tangent_, residual_));
    });
    out.gradient = gradient_;
    add_momentum(share, momentum_, out.direction);
    return out;
  }

  std::vector<double> image(const NaturalDirection& found) override { return image_of_solution(tangent_.comm, v_, found.solution); }

  double least_shift() override {
    if (!gram_) pass(kernels::Arithmetic::own);
    return rounding_;
  }

  std::vector<double> squares() override {
    if (!gram_) pass(kernels::Arithmetic::own);
    return squares_;
  }

 private:
  std::vector<double> scaled(std::vector<double> values) const { return scales_.empty() ? std::move(values) : times(values, scales_); }

  void prepare(double shift) {
    if (!gram_) pass(kernels::Arithmetic::own);
    if (arithmetic_ == kernels::Arithmetic::wide || rounding_ <= shift) return;
    gram_.reset();  // two of them might not fit
    pass(kernels::Arithmetic::wide);
  }

  void pass(kernels::Arithmetic arithmetic) {
    const std::int64_t parameters = tangent_.psi.layout().total;
    arithmetic_ = arithmetic;
    rounding_ = 0;
    moved_.assign(momentum_.empty() ? 0 : layout_.my_rows(), 0.0);
    squares_.clear();
    SymmetricTiles tiles(tangent_.comm, options_.device, layout_.total());
    for (int block = 0; block < options_.parameter_blocks; ++block) {
      const std::int64_t first = parameters * block / options_.parameter_blocks, end = parameters * (block + 1) / options_.parameter_blocks;
      const TangentRows<Real> rows = timed(tangent_.clock, "derivatives", [&] {
        return centred_jacobian<Real>(options_.device, tangent_, scales_, {first, end - first});
      });
      rounding_ += gram_rounding(tangent_.comm, rows);
      if (!scales_.empty()) {  // only damping in proportion to them asks for them
        const std::vector<double> squares = column_squares(tangent_.comm, rows);
        squares_.insert(squares_.end(), squares.begin(), squares.end());
      }
      timed(tangent_.clock, "gram", [&] { add_gram(arithmetic, tangent_.comm, rows, tiles); });
      if (momentum_.empty()) continue;
      std::vector<double> part;
      on_all(tangent_.comm, [&] { part = multiply(rows, std::span(momentum_).subspan(first, end - first)); });
      for (std::size_t i = 0; i < part.size(); ++i) moved_[i] += part[i];
    }
    gram_.emplace(options_.device, layout_.total(), timed(tangent_.clock, "gram", [&] { return tiles.collect(); }));
  }

  const OptimizerOptions& options_;
  const Tangent& tangent_;
  std::vector<std::complex<double>> residual_;
  int per_sample_;
  RowLayout layout_;
  std::vector<double> v_, momentum_, moved_;  // v and X momentum are of my rows
  std::vector<double> scales_, squares_;      // squares: the diagonal of X^T X
  std::vector<double> gradient_;
  kernels::Arithmetic arithmetic_ = kernels::Arithmetic::own;
  double rounding_ = 0;  // gram_rounding of X
  std::optional<ShiftedMatrix> gram_;
};

}  // namespace

template <class Real>
std::unique_ptr<NaturalSystem> minsr_system_in_blocks(const OptimizerOptions& options, const Tangent& tangent,
                                                      std::span<const std::complex<double>> residual, std::vector<double> momentum,
                                                      std::span<const double> scales) {
  return std::make_unique<BlockedMinsrSystem<Real>>(options, tangent, residual, std::move(momentum), scales);
}

template std::unique_ptr<NaturalSystem> minsr_system_in_blocks<float>(const OptimizerOptions&, const Tangent&, std::span<const std::complex<double>>,
                                                                      std::vector<double>, std::span<const double>);
template std::unique_ptr<NaturalSystem> minsr_system_in_blocks<double>(const OptimizerOptions&, const Tangent&, std::span<const std::complex<double>>,
                                                                       std::vector<double>, std::span<const double>);

}  // namespace qs
