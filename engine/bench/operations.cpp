#include "engine/bench/operations.h"

#include <fmt/format.h>

#include <algorithm>
#include <complex>

#include "engine/base/random.h"
#include "engine/bench/beside_peak.h"
#include "engine/bench/flops.h"
#include "engine/optimize/symmetric_tiles.h"
#include "kernels/api/linear_algebra.h"
#include "kernels/api/memory.h"

namespace qs {
namespace {

constexpr RandomKey key{1, 0};
constexpr std::int64_t most_columns = 1 << 14;  // of a Gram block: more change nothing but the memory
constexpr std::int64_t gemm_order = 768, cholesky_order = 1024, gram_order = 512;
constexpr std::int64_t gpu_gram_strips = 4;  // ten tiles

// Speed does not depend on which bits are set.
ConfigurationBatch random_batch(int modes, int rows) {
  ConfigurationBatch batch(modes, rows);
  for (int i = 0; i < rows; ++i) {
    for (int m = 0; m < modes; ++m) {
      if (random_words(key, i, m, 0).word[0] & 1u) flip_bit(batch.row(i), m);
    }
  }
  return batch;
}

template <class Real>
std::vector<Real> random_values(std::int64_t count) {
  std::vector<Real> values(static_cast<std::size_t>(count));
  for (std::int64_t k = 0; k < count; ++k) {
    values[k] = static_cast<Real>(static_cast<double>(random_words(key, static_cast<std::uint32_t>(k), 0, 1).word[0]) * 0x1p-31 - 1);
  }
  return values;
}

template <class Real>
class Operations {
 public:
  Operations(const Wavefunction& psi, int modes, Device device, double budget)
      : psi_(psi), device_(device), budget_(budget), rows_(psi.chunk_rows()), batch_(random_batch(modes, rows_)) {}

  std::vector<OperationRate> measure() const { return {log_psi(), vjp(), jacobian(), gram(), gemm(), cholesky()}; }

 private:
  static constexpr Precision precision = sizeof(Real) == sizeof(float) ? Precision::float32 : Precision::float64;

  OperationRate of_chunk(const std::string& name, double flops, const std::function<void()>& run) const {
    const BesidePeak measured = measure_beside_peak(device_, precision, {run}, budget_);
    return {name, fmt::format("{} configurations", rows_), precision, rows_ / measured.seconds, rows_ * flops / measured.seconds, measured.peak};
  }

  OperationRate log_psi() const {
    std::vector<std::complex<double>> out(rows_);
    return of_chunk("log_psi", psi_.flops_per_evaluation(), [&] { psi_.log_psi_chunk(batch_, 0, rows_, out.data()); });
  }

  OperationRate vjp() const {
    const std::vector<std::complex<double>> weight(rows_, {1.0, -0.5});
    std::vector<double> gradient(psi_.layout().total);
    return of_chunk("vjp", flops::vjp(psi_), [&] { psi_.vjp_chunks(batch_, 0, rows_, weight.data(), gradient.data()); });
  }

  OperationRate jacobian() const {
    const std::int64_t stride = psi_.layout().total;
    Buffer<Real> rows(device_, static_cast<std::size_t>(rows_ * rows_per_sample(psi_.jacobian_mode()) * stride));
    return of_chunk("jacobian", flops::jacobian(psi_), [&] { psi_.jacobian_chunk(batch_, 0, rows_, rows.data(), stride); });
  }

  // A matrix of minSR as one thread forms it.
  OperationRate gram() const {
    const std::int64_t strip = kernels::matrices<Real>(device_).gram_strip, k = std::min(psi_.layout().total, most_columns);
    const std::int64_t n = kernels::shares_host_memory(device_) ? gram_order : gpu_gram_strips * strip;
    const Buffer<Real> a = buffer_of(device_, random_values<Real>(n * k));
    const TileGrid grid{n, strip};
    Buffer<double> c(device_, static_cast<std::size_t>(n * n));
    std::vector<kernels::GramTile> tiles;
    for (const auto& [left, right] : grid.places()) tiles.push_back({left, right, c.data() + (left * n + right) * grid.strip, n});
    const auto run = [&] {
      kernels::matrices<Real>(device_).gram_tiles(kernels::Arithmetic::own, {kernels::GramOf::rows, n, k, a.data(), k}, grid.strip, tiles.data(),
                                                  static_cast<std::int64_t>(tiles.size()));
    };
    const BesidePeak measured = measure_beside_peak(device_, precision, {run}, budget_);
    return {"gram", fmt::format("{}x{}", n, k), precision, std::nullopt, flops::gram(n, k) / measured.seconds, measured.peak};
  }

  OperationRate gemm() const {
    const std::int64_t n = gemm_order;
    const Buffer<Real> a = buffer_of(device_, random_values<Real>(n * n));
    Buffer<Real> c(device_, static_cast<std::size_t>(n * n));
    const auto run = [&] {
      kernels::matrices<Real>(device_).gemm(kernels::Transpose::no, kernels::Transpose::no, n, n, n, Real(1), a.data(), n, a.data(), n, Real(0),
                                            c.data(), n);
    };
    const BesidePeak measured = measure_beside_peak(device_, precision, {run}, budget_);
    return {"gemm", fmt::format("{0}x{0}x{0}", n), precision, std::nullopt, flops::gemm(n, n, n) / measured.seconds, measured.peak};
  }

  // Always float64, as the solver. The matrix is diagonally dominant.
  OperationRate cholesky() const {
    const std::int64_t n = cholesky_order;
    std::vector<double> matrix = random_values<double>(n * n);
    Buffer<double> work(device_, matrix.size());
    for (std::int64_t i = 0; i < n; ++i) matrix[i * n + i] = static_cast<double>(2 * n);
    const BesidePeak measured = measure_beside_peak(
        device_, Precision::float64,
        {[&] { kernels::matrices<double>(device_).cholesky(n, work.data(), n); }, [&] { work.upload(matrix.data(), matrix.size()); }}, budget_);
    return {"cholesky", fmt::format("{0}x{0}", n), Precision::float64, std::nullopt, flops::cholesky(n) / measured.seconds, measured.peak};
  }

  const Wavefunction& psi_;
  Device device_;
  double budget_;
  int rows_;
  ConfigurationBatch batch_;
};

}  // namespace

std::vector<OperationRate> measure_operations(const Wavefunction& psi, int modes, Device device, double budget) {
  return psi.precision() == Precision::float32 ? Operations<float>(psi, modes, device, budget).measure()
                                               : Operations<double>(psi, modes, device, budget).measure();
}

}  // namespace qs
