#include "engine/wavefunctions/chunked.h"

#include <algorithm>

#include "kernels/api/error.h"
#include "kernels/api/parallel.h"

namespace qs {
namespace {

std::int64_t chunk_count(const Wavefunction& psi, std::int64_t rows) { return (rows + psi.chunk_rows() - 1) / psi.chunk_rows(); }

// Runs body(chunk, first row, rows of the chunk) for chunks [from, to) of rows [first, first + count).
template <class Body>
void for_chunks(const Wavefunction& psi, std::int64_t first, std::int64_t count, std::int64_t from, std::int64_t to, const Body& body) {
  const std::int64_t size = psi.chunk_rows();
  parallel_for(to - from, [&](std::int64_t i) {
    const std::int64_t chunk = from + i;
    const std::int64_t begin = chunk * size;
    body(chunk, first + begin, static_cast<int>(std::min(size, count - begin)));
  });
}

// gradient[k] += partials[0][k] + partials[1][k] + ... in this order, whatever thread adds which k.
void add_in_order(const std::vector<double>& partials, std::int64_t count, std::span<double> gradient) {
  constexpr std::int64_t kSegment = 1 << 14;
  const std::int64_t size = static_cast<std::int64_t>(gradient.size());
  parallel_for((size + kSegment - 1) / kSegment, [&](std::int64_t segment) {
    const std::int64_t end = std::min(size, (segment + 1) * kSegment);
    for (std::int64_t c = 0; c < count; ++c) {
      for (std::int64_t k = segment * kSegment; k < end; ++k) gradient[k] += partials[c * size + k];
    }
  });
}

}  // namespace

void log_psi(const Wavefunction& psi, const ConfigurationBatch& batch, std::span<std::complex<double>> out) {
  QS_ASSERT(static_cast<std::int64_t>(out.size()) == batch.rows());
  for_chunks(psi, 0, batch.rows(), 0, chunk_count(psi, batch.rows()),
             [&](std::int64_t, std::int64_t row, int rows) { psi.log_psi_chunk(batch, row, rows, out.data() + row); });
}

std::vector<std::complex<double>> log_psi(const Wavefunction& psi, const ConfigurationBatch& batch) {
  std::vector<std::complex<double>> out(static_cast<std::size_t>(batch.rows()));
  log_psi(psi, batch, out);
  return out;
}

// Chunks go in waves so that memory is a few partials per thread; the order of the additions does not depend on the size of a wave.
void vjp(const Wavefunction& psi, const ConfigurationBatch& batch, std::int64_t first, std::int64_t count,
         std::span<const std::complex<double>> weight, std::span<double> gradient) {
  QS_ASSERT(static_cast<std::int64_t>(weight.size()) == count && first + count <= batch.rows());
  QS_ASSERT(static_cast<std::int64_t>(gradient.size()) == psi.layout().total);
  std::fill(gradient.begin(), gradient.end(), 0.0);
  const std::int64_t size = psi.layout().total;
  const std::int64_t chunks = chunk_count(psi, count);
  const std::int64_t wave = std::min<std::int64_t>(chunks, 4 * static_cast<std::int64_t>(threads()));
  std::vector<double> partials(static_cast<std::size_t>(wave * size));
  for (std::int64_t from = 0; from < chunks; from += wave) {
    const std::int64_t to = std::min(chunks, from + wave);
    std::fill(partials.begin(), partials.end(), 0.0);
    for_chunks(psi, first, count, from, to, [&](std::int64_t chunk, std::int64_t row, int rows) {
      psi.vjp_chunk(batch, row, rows, weight.data() + (row - first), partials.data() + (chunk - from) * size);
    });
    add_in_order(partials, to - from, gradient);
  }
}

template <class Real>
void jacobian(const Wavefunction& psi, const ConfigurationBatch& batch, std::int64_t first, std::int64_t count, Real* rows, std::int64_t row_stride) {
  QS_ASSERT(first >= 0 && first + count <= batch.rows() && row_stride >= psi.layout().total);
  const std::int64_t sample_stride = rows_per_sample(psi.jacobian_mode()) * row_stride;
  for_chunks(psi, first, count, 0, chunk_count(psi, count), [&](std::int64_t, std::int64_t row, int chunk_size) {
    psi.jacobian_chunk(batch, row, chunk_size, rows + (row - first) * sample_stride, row_stride);
  });
}

template void jacobian<float>(const Wavefunction&, const ConfigurationBatch&, std::int64_t, std::int64_t, float*, std::int64_t);
template void jacobian<double>(const Wavefunction&, const ConfigurationBatch&, std::int64_t, std::int64_t, double*, std::int64_t);

}  // namespace qs
