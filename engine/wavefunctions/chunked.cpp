#include "engine/wavefunctions/chunked.h"

#include <algorithm>

#include "engine/base/error.h"
#include "engine/base/parallel.h"

namespace qs {
namespace {

// Summed in the network's own type before float64 takes over: enough to share the cost, few enough for float32.
constexpr std::int64_t chunks_per_sum = 4;

// Runs body(first row, rows) for every chunk of rows [first, first + count).
template <class Body>
void for_chunks(const Wavefunction& psi, std::int64_t first, std::int64_t count, const Body& body) {
  const std::int64_t size = psi.chunk_rows();
  parallel_for((count + size - 1) / size, [&](std::int64_t i) {
    const std::int64_t begin = i * size;
    body(first + begin, static_cast<int>(std::min(size, count - begin)));
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
  for_chunks(psi, 0, batch.rows(), [&](std::int64_t row, int rows) { psi.log_psi_chunk(batch, row, rows, out.data() + row); });
}

std::vector<std::complex<double>> log_psi(const Wavefunction& psi, const ConfigurationBatch& batch) {
  std::vector<std::complex<double>> out(static_cast<std::size_t>(batch.rows()));
  log_psi(psi, batch, out);
  return out;
}

void log_psi_on_device(const Wavefunction& psi, const DeviceRows& rows, std::int64_t count, const DeviceLogPsi& out) {
  const std::int64_t size = psi.chunk_rows();
  for (std::int64_t first = 0; first < count; first += size) {
    psi.log_psi_on_device({rows.bits + first * rows.words, rows.words, rows.problem + first}, static_cast<int>(std::min(size, count - first)),
                          {out.re + first, out.im + first});
  }
}

std::int64_t rows_of_whole_chunks(std::int64_t count, int chunk_rows) { return (count + chunk_rows - 1) / chunk_rows * chunk_rows; }

// Pieces of a few chunks go in waves so that memory is a few partials per thread; the order of the additions depends neither on the size of a wave
// nor on the number of threads: one alone adds piece after piece where the sum is wanted. Of a large network, the gradient of one chunk (16 rows)
// would take longer to clear and to add than to compute.
void vjp(const Wavefunction& psi, const ConfigurationBatch& batch, std::int64_t first, std::int64_t count,
         std::span<const std::complex<double>> weight, std::span<double> gradient) {
  QS_ASSERT(static_cast<std::int64_t>(weight.size()) == count && first + count <= batch.rows());
  QS_ASSERT(static_cast<std::int64_t>(gradient.size()) == psi.layout().total);
  std::fill(gradient.begin(), gradient.end(), 0.0);
  const std::int64_t size = psi.layout().total;
  const std::int64_t piece = chunks_per_sum * psi.chunk_rows();
  const std::int64_t pieces = (count + piece - 1) / piece;
  const auto add_piece = [&](std::int64_t i, double* sum) {
    psi.vjp_chunks(batch, first + i * piece, std::min(piece, count - i * piece), weight.data() + i * piece, sum);
  };
  if (threads() == 1 || pieces == 1) {
    // One call of parallel_for, though for one thread: its threads take subnormal numbers as zero, and the bits must not depend on their count.
    parallel_for(pieces > 0 ? 1 : 0, [&](std::int64_t) {
      for (std::int64_t i = 0; i < pieces; ++i) add_piece(i, gradient.data());
    });
    return;
  }
  const std::int64_t wave = std::min<std::int64_t>(pieces, 4 * static_cast<std::int64_t>(threads()));
  std::vector<double> partials(static_cast<std::size_t>(wave * size));
  for (std::int64_t from = 0; from < pieces; from += wave) {
    const std::int64_t to = std::min(pieces, from + wave);
    std::fill(partials.begin(), partials.end(), 0.0);
    parallel_for(to - from, [&](std::int64_t i) { add_piece(from + i, partials.data() + i * size); });
    add_in_order(partials, to - from, gradient);
  }
}

template <class Real>
void jacobian(const Wavefunction& psi, const ConfigurationBatch& batch, std::int64_t first, std::int64_t count, Real* rows, std::int64_t row_stride) {
  QS_ASSERT(first >= 0 && first + count <= batch.rows() && row_stride >= psi.layout().total);
  const std::int64_t sample_stride = rows_per_sample(psi.jacobian_mode()) * row_stride;
  for_chunks(psi, first, count,
             [&](std::int64_t row, int chunk_size) { psi.jacobian_chunk(batch, row, chunk_size, rows + (row - first) * sample_stride, row_stride); });
}

template void jacobian<float>(const Wavefunction&, const ConfigurationBatch&, std::int64_t, std::int64_t, float*, std::int64_t);
template void jacobian<double>(const Wavefunction&, const ConfigurationBatch&, std::int64_t, std::int64_t, double*, std::int64_t);

}  // namespace qs
