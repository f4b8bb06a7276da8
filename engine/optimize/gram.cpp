#include "engine/optimize/gram.h"

#include <algorithm>
#include <cmath>
#include <span>
#include <type_traits>
#include <vector>

#include "engine/comm/exchange_space.h"

namespace qs {
namespace {

// Slices of X from all ranks: some columns of all rows, or all columns of some rows. A single rank has them in place, several gather them, until the
// next one.
template <class Real>
class Slices {
 public:
  Slices(Communicator& comm, const TangentRows<Real>& rows) : comm_(comm), rows_(rows), space_(comm, rows.device) {}

  kernels::GramFactor<Real> columns(std::int64_t first, std::int64_t count) {
    const RowLayout& layout = rows_.layout;
    if (comm_.size() == 1) return {kernels::GramOf::rows, layout.total(), count, rows_.row(0) + first, rows_.parameters};
    const std::int64_t stride = count + slice_gap;
    const Real* all =
        gather(0, layout.total(), stride, [&](Real* mine) { copy_piece(layout.my_begin(), layout.my_rows(), first, count, stride, mine); });
    return {kernels::GramOf::rows, layout.total(), count, all, stride};
  }

  kernels::GramFactor<Real> rows(std::int64_t first, std::int64_t count) {
    const std::int64_t stride = rows_.parameters;
    if (comm_.size() == 1) return {kernels::GramOf::columns, stride, count, rows_.row(first), stride};
    const Range mine = part_of(comm_.rank(), first, first + count);
    const Real* all = gather(first, first + count, stride, [&](Real* to) { copy_piece(mine.begin, mine.count(), 0, stride, stride, to); });
    return {kernels::GramOf::columns, rows_.parameters, count, all, stride};
  }

 private:
  struct Range {
    std::int64_t begin, end;
    std::int64_t count() const { return end - begin; }
  };
  // The rows of a rank among [begin, end).
  Range part_of(int rank, std::int64_t begin, std::int64_t end) const {
    const RowLayout& layout = rows_.layout;
    const std::int64_t first = layout.block_begin[layout.blocks.first_block(rank)], last = layout.block_begin[layout.blocks.first_block(rank + 1)];
    const std::int64_t from = std::clamp(first, begin, end);
    return {from, std::clamp(last, from, end)};
  }

  // Columns [first, first + count) of `rows` of my rows, from global row `row` on, to rows `stride` apart.
  void copy_piece(std::int64_t row, std::int64_t rows, std::int64_t first, std::int64_t count, std::int64_t stride, Real* to) {
    space_.put_rows(to, stride, rows_.row(row - rows_.layout.my_begin()) + first, rows_.parameters, count, rows);
  }

  // Global rows [begin, end) on the device, `stride` elements each; fill(to) writes mine.
  template <class Fill>
  const Real* gather(std::int64_t begin, std::int64_t end, std::int64_t stride, const Fill& fill) {
    std::vector<std::size_t> counts;
    for (int rank = 0; rank < comm_.size(); ++rank) counts.push_back(part_of(rank, begin, end).count() * stride * sizeof(Real));
    const std::size_t size = static_cast<std::size_t>((end - begin) * stride);
    Real* mine = nullptr;
    on_all(comm_, [&] {
      mine = space_.grow(size) + (part_of(comm_.rank(), begin, end).begin - begin) * stride;
      fill(mine);
      space_.settle();
    });
    comm_.all_gather_bytes(mine, counts, space_.data());
    const Real* all = nullptr;
    on_all(comm_, [&] { all = space_.on_device(size); });
    return all;
  }

  Communicator& comm_;
  const TangentRows<Real>& rows_;
  ExchangeSpace<Real> space_;
};

// Adds all products of `order` vectors of `summed` elements; slice(first, count): these elements of all vectors.
template <class Real, class SliceOf>
void add_slices(kernels::Arithmetic arithmetic, Communicator& comm, Device device, std::int64_t order, std::int64_t summed, const SliceOf& slice,
                SymmetricTiles& tiles) {
  const std::int64_t length = slice_length(order, sizeof(Real), kernels::shares_host_memory(device) ? host_slice_bytes : gpu_slice_bytes);
  for (std::int64_t first = 0; first < summed; first += length) {
    const kernels::GramFactor<Real> factor = slice(first, std::min(length, summed - first));
    on_all(comm, [&] { tiles.add(arithmetic, factor); });
  }
}

}  // namespace

std::int64_t slice_length(std::int64_t vectors, std::int64_t bytes, std::int64_t slice_bytes) {
  const std::int64_t fitting = slice_bytes / (std::max<std::int64_t>(vectors, 1) * bytes);
  return std::max(fitting / kernels::gram_columns, std::int64_t{1}) * kernels::gram_columns;  // whole multiples leave no trace in the bits
}

template <class Real>
double squared_norm(Communicator& comm, const TangentRows<Real>& rows) {
  const RowLayout& layout = rows.layout;
  std::vector<double> trace(1);
  const auto partial = [&](int block, std::span<double> out) {
    const kernels::RowView<const Real> a = rows.block(block);
    Staged<double> sum(rows.device, out.data(), 1);
    kernels::jacobian_rows<Real>(rows.device).sum_of_squares(a.count * a.columns, a.base, sum.data());
    sum.write_back();
  };
  tree_sum(comm, layout.blocks, 1, partial, trace);
  return trace[0];
}

template <class Real>
double gram_rounding(Communicator& comm, const TangentRows<Real>& rows) {
  if constexpr (std::is_same_v<Real, double>) return 0;
  return std::ldexp(squared_norm(comm, rows), -24);
}

template <class Real>
void add_gram(kernels::Arithmetic arithmetic, Communicator& comm, const TangentRows<Real>& rows, SymmetricTiles& tiles) {
  Slices<Real> slices(comm, rows);
  const auto slice = [&](std::int64_t first, std::int64_t count) { return slices.columns(first, count); };
  add_slices<Real>(arithmetic, comm, rows.device, rows.layout.total(), rows.parameters, slice, tiles);
}

template <class Real>
Buffer<double> gram_matrix(kernels::Arithmetic arithmetic, Communicator& comm, const TangentRows<Real>& rows) {
  SymmetricTiles tiles(comm, rows.device, rows.layout.total());
  add_gram(arithmetic, comm, rows, tiles);
  return tiles.collect();
}

template <class Real>
Buffer<double> metric_matrix(kernels::Arithmetic arithmetic, Communicator& comm, const TangentRows<Real>& rows) {
  Slices<Real> slices(comm, rows);
  SymmetricTiles tiles(comm, rows.device, rows.parameters);
  const auto slice = [&](std::int64_t first, std::int64_t count) { return slices.rows(first, count); };
  add_slices<Real>(arithmetic, comm, rows.device, rows.parameters, rows.layout.total(), slice, tiles);
  return tiles.collect();
}

template double squared_norm(Communicator&, const TangentRows<float>&);
template double squared_norm(Communicator&, const TangentRows<double>&);
template double gram_rounding(Communicator&, const TangentRows<float>&);
template double gram_rounding(Communicator&, const TangentRows<double>&);
template void add_gram(kernels::Arithmetic, Communicator&, const TangentRows<float>&, SymmetricTiles&);
template void add_gram(kernels::Arithmetic, Communicator&, const TangentRows<double>&, SymmetricTiles&);
template Buffer<double> gram_matrix(kernels::Arithmetic, Communicator&, const TangentRows<float>&);
template Buffer<double> gram_matrix(kernels::Arithmetic, Communicator&, const TangentRows<double>&);
template Buffer<double> metric_matrix(kernels::Arithmetic, Communicator&, const TangentRows<float>&);
template Buffer<double> metric_matrix(kernels::Arithmetic, Communicator&, const TangentRows<double>&);

}  // namespace qs
