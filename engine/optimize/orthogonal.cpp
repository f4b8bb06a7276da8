#include "engine/optimize/orthogonal.h"

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <numeric>
#include <utility>

#include "engine/base/parallel.h"
#include "kernels/api/linear_algebra.h"
#include "kernels/api/memory.h"

namespace qs {
namespace {

using kernels::Transpose;

constexpr std::int64_t least_order = 8;
constexpr int steps = 5;
constexpr float linear = 3.4445f, cubic = -4.7750f, quintic = 2.0315f;

// X <- linear X + (cubic A + quintic A A) X with A = X X^T; from the right with A = X^T X if that is smaller.
void newton_schulz(Device device, std::int64_t rows, std::int64_t columns, Buffer<float>& x) {
  const bool wide = rows <= columns;
  const std::int64_t n = std::min(rows, columns), inner = std::max(rows, columns), count = rows * columns;
  const auto gemm = kernels::matrices<float>(device).gemm;
  Buffer<float> a(device, n * n), polynomial(device, n * n), next(device, count);
  for (int step = 0; step < steps; ++step) {
    gemm(wide ? Transpose::no : Transpose::yes, wide ? Transpose::yes : Transpose::no, n, n, inner, 1, x.data(), columns, x.data(), columns, 0,
         a.data(), n);
    kernels::copy(device, polynomial.data(), a.data(), n * n * sizeof(float));
    gemm(Transpose::no, Transpose::no, n, n, n, quintic, a.data(), n, a.data(), n, cubic, polynomial.data(), n);
    kernels::copy(device, next.data(), x.data(), count * sizeof(float));
    const float* left = wide ? polynomial.data() : x.data();
    const float* right = wide ? x.data() : polynomial.data();
    gemm(Transpose::no, Transpose::no, rows, columns, n, 1, left, wide ? n : columns, right, columns, linear, next.data(), columns);
    std::swap(x, next);
  }
}

std::vector<double> orthogonal(Device device, const WeightMatrix& matrix, std::span<const double> values) {
  const std::span<const double> mine = values.subspan(matrix.offset, matrix.rows * matrix.columns);
  const double norm = std::sqrt(std::inner_product(mine.begin(), mine.end(), mine.begin(), 0.0));
  std::vector<double> out(mine.size());
  if (!(norm > 0)) return out;
  std::vector<float> scaled(mine.size());
  for (std::size_t k = 0; k < mine.size(); ++k) scaled[k] = static_cast<float>(mine[k] / norm);
  Buffer<float> x = buffer_of(device, scaled);
  newton_schulz(device, matrix.rows, matrix.columns, x);
  x.download(scaled.data(), scaled.size());
  std::copy(scaled.begin(), scaled.end(), out.begin());
  return out;
}

// Matrices of every rank: the costliest first, each to the rank with the least to do.
std::vector<std::vector<std::size_t>> shares(std::span<const WeightMatrix> matrices, int ranks) {
  const auto cost = [&](std::size_t i) {
    const auto& [offset, rows, columns] = matrices[i];
    const std::int64_t n = std::min(rows, columns);
    return n * n * (n + 2 * std::max(rows, columns));
  };
  std::vector<std::size_t> order(matrices.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::stable_sort(order.begin(), order.end(), [&](std::size_t i, std::size_t j) { return cost(i) > cost(j); });
  std::vector<std::vector<std::size_t>> share(ranks);
  std::vector<std::int64_t> load(ranks, 0);
  for (const std::size_t i : order) {
    const auto least = std::min_element(load.begin(), load.end()) - load.begin();
    share[least].push_back(i);
    load[least] += cost(i);
  }
  return share;
}

}  // namespace

std::vector<WeightMatrix> weight_matrices(const ParameterLayout& layout) {
  std::vector<WeightMatrix> matrices;
  for (const ParameterSlice& slice : layout.slices) {
    if (slice.shape.size() < 2 || slice.path.substr(slice.path.rfind('/') + 1) != "kernel") continue;
    WeightMatrix best{slice.offset, 1, slice.count};
    std::int64_t rows = 1;
    for (const std::int64_t extent : slice.shape) {
      rows *= extent;
      const std::int64_t columns = slice.count / rows;
      if (std::abs(rows - columns) < std::abs(best.rows - best.columns)) best = {slice.offset, rows, columns};
    }
    if (std::min(best.rows, best.columns) >= least_order) matrices.push_back(best);
  }
  return matrices;
}

void orthogonalise(Device device, Communicator& comm, std::span<const WeightMatrix> matrices, std::span<double> values) {
  const std::vector<std::vector<std::size_t>> share = shares(matrices, comm.size());
  const std::vector<std::size_t>& mine = share[comm.rank()];
  std::vector<std::vector<double>> results(mine.size());
  on_all(comm, [&] {
    parallel_for(static_cast<std::int64_t>(mine.size()), [&](std::int64_t i) { results[i] = orthogonal(device, matrices[mine[i]], values); });
  });
  std::vector<double> packed;
  for (const std::vector<double>& result : results) packed.insert(packed.end(), result.begin(), result.end());
  const std::vector<double> all = comm.all_gather<double>(packed);
  auto from = all.begin();
  for (const std::vector<std::size_t>& of_rank : share) {
    for (const std::size_t i : of_rank) {
      const std::int64_t count = matrices[i].rows * matrices[i].columns;
      std::copy_n(from, count, values.begin() + matrices[i].offset);
      from += count;
    }
  }
}

}  // namespace qs
