#include "engine/optimize/minsr_in_blocks.h"

#include <utility>
#include <vector>

#include "engine/optimize/gradient.h"
#include "engine/optimize/gram.h"
#include "engine/optimize/symmetric_tiles.h"

namespace qs {
namespace {

struct GramPass {
  Buffer<double> gram;        // on the root
  std::vector<double> moved;  // X momentum, my rows; empty without momentum
  double rounding = 0;        // gram_rounding of X
};

template <class Real>
GramPass pass_over_blocks(kernels::Arithmetic arithmetic, const OptimizerOptions& options, const Tangent& tangent, const RowLayout& layout,
                          std::span<const double> momentum) {
  const std::int64_t parameters = tangent.psi.layout().total;
  GramPass pass;
  if (!momentum.empty()) pass.moved.resize(layout.my_rows());
  SymmetricTiles tiles(tangent.comm, options.device, layout.total());
  for (int block = 0; block < options.parameter_blocks; ++block) {
    const std::int64_t first = parameters * block / options.parameter_blocks, end = parameters * (block + 1) / options.parameter_blocks;
    const TangentRows<Real> rows = timed(tangent.clock, "derivatives", [&] {
      return centred_jacobian<Real>(options.device, tangent, {first, end - first});
    });
    pass.rounding += gram_rounding(tangent.comm, rows);
    timed(tangent.clock, "gram", [&] { add_gram(arithmetic, tangent.comm, rows, tiles); });
    if (momentum.empty()) continue;
    std::vector<double> part;
    on_all(tangent.comm, [&] { part = multiply(rows, momentum.subspan(first, end - first)); });
    for (std::size_t i = 0; i < part.size(); ++i) pass.moved[i] += part[i];
  }
  pass.gram = timed(tangent.clock, "gram", [&] { return tiles.collect(); });
  return pass;
}

}  // namespace

template <class Real>
NaturalDirection minsr_direction_in_blocks(const OptimizerOptions& options, const Tangent& tangent, std::span<const std::complex<double>> residual,
                                           double shift, std::span<const double> momentum) {
  const SampleSet& samples = tangent.samples;
  const int per_sample = rows_per_sample(tangent.psi.jacobian_mode());
  const RowLayout layout = make_row_layout(tangent.comm, samples.blocks, samples.block_begin, per_sample);
  GramPass pass = pass_over_blocks<Real>(kernels::Arithmetic::own, options, tangent, layout, momentum);
  if (pass.rounding > shift) {
    pass.gram = Buffer<double>();  // two of them might not fit
    pass = pass_over_blocks<Real>(kernels::Arithmetic::wide, options, tangent, layout, momentum);
  }
  std::vector<double> right = residual_rows({samples.problems, samples.rows.problem, samples.weight}, per_sample, residual);
  for (std::size_t i = 0; i < pass.moved.size(); ++i) right[i] -= pass.moved[i];
  ShiftedSystem system{layout.total(), std::move(pass.gram), tangent.comm.all_gather<double>(right), {}, shift};
  NaturalDirection out;
  out.solution = timed(tangent.clock, "solve", [&] { return solve_on_root(options.device, tangent.comm, std::move(system)); });
  const std::vector<double> y = std::exchange(out.solution.x, {});
  timed(tangent.clock, "derivatives", [&] {
    out.direction = transposed_product(tangent, y);
    out.gradient = loss_gradient(tangent, residual);
  });
  for (std::size_t k = 0; k < momentum.size(); ++k) out.direction[k] += momentum[k];
  return out;
}

template NaturalDirection minsr_direction_in_blocks<float>(const OptimizerOptions&, const Tangent&, std::span<const std::complex<double>>, double,
                                                           std::span<const double>);
template NaturalDirection minsr_direction_in_blocks<double>(const OptimizerOptions&, const Tangent&, std::span<const std::complex<double>>, double,
                                                            std::span<const double>);

}  // namespace qs
