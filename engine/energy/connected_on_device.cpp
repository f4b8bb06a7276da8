#include "engine/energy/connected_on_device.h"

#include <algorithm>
#include <span>

#include "engine/base/error.h"
#include "engine/wavefunctions/chunked.h"
#include "kernels/api/connected.h"
#include "kernels/api/memory.h"

namespace qs {
namespace {

using Complex = std::complex<double>;

// Connected rows listed at a time, whatever the number of samples: enough chunks to keep a GPU busy, a few MB.
constexpr std::int64_t connected_rows = 65536;

template <class T>
Buffer<T> buffer_of(Device device, std::span<const T> values) {
  Buffer<T> buffer(device, values.size());
  buffer.upload(values.data(), values.size());
  return buffer;
}

// An operator and its couplings where the device reads them.
class OperatorBuffers {
 public:
  OperatorBuffers(Device device, const TermTable& op, const std::vector<std::vector<double>>& couplings)
      : words_(op.words()), couplings_(op.couplings()), groups_(op.groups()) {
    const TermTable::Groups arrays = op.group_arrays();
    std::vector<double> coupling;
    for (const std::vector<double>& each : couplings) {
      QS_ASSERT(static_cast<int>(each.size()) >= couplings_);
      coupling.insert(coupling.end(), each.begin(), each.begin() + couplings_);
    }
    exchanges_ = static_cast<std::int64_t>(arrays.exchange_value.size());
    coupling_ = qs::buffer_of(device, coupling);
    flip_ = buffer_of(device, arrays.flip);
    exchange_i_ = buffer_of(device, arrays.exchange_i);
    exchange_j_ = buffer_of(device, arrays.exchange_j);
    exchange_coupling_ = qs::buffer_of(device, arrays.exchange_coupling);
    exchange_value_ = buffer_of(device, arrays.exchange_value);
    exchange_string_ = buffer_of(device, arrays.exchange_string);
    begin_ = buffer_of(device, arrays.begin);
    value_ = buffer_of(device, arrays.value);
    imaginary_ = buffer_of(device, arrays.imaginary);
    term_coupling_ = buffer_of(device, arrays.coupling);
    mask_ = buffer_of(device, arrays.mask);
    pattern_ = buffer_of(device, arrays.pattern);
    string_ = buffer_of(device, arrays.string);
  }

  kernels::OperatorTable view() const {
    return {.words = words_,
            .couplings = couplings_,
            .groups = groups_,
            .exchanges = exchanges_,
            .coupling = coupling_.data(),
            .flip = flip_.data(),
            .exchange_i = exchange_i_.data(),
            .exchange_j = exchange_j_.data(),
            .exchange_coupling = exchange_coupling_.data(),
            .exchange_value = exchange_value_.data(),
            .exchange_string = exchange_string_.data(),
            .group_begin = begin_.data(),
            .value = value_.data(),
            .imaginary = imaginary_.data(),
            .term_coupling = term_coupling_.data(),
            .mask = mask_.data(),
            .pattern = pattern_.data(),
            .string = string_.data()};
  }

 private:
  int words_, couplings_;
  std::int64_t groups_, exchanges_ = 0;
  Buffer<double> coupling_, exchange_value_, value_, imaginary_;
  Buffer<Word> flip_, exchange_string_, mask_, pattern_, string_;
  Buffer<std::int32_t> exchange_i_, exchange_j_, exchange_coupling_, term_coupling_;
  Buffer<std::int64_t> begin_;
};

// How many rows and connected ones a window has.
struct WindowShape {
  WindowShape(const TermTable& op, int chunk_rows) : words(op.words()), parts(op.is_real() ? 1 : 2) {
    const std::int64_t groups = std::max<std::int64_t>(1, op.groups());
    rows = std::max<std::int64_t>(1, connected_rows / groups);
    connected = rows * groups;  // a row has at most as many as the operator has groups
    padded = rows_of_whole_chunks(connected, chunk_rows);
  }
  std::size_t bytes() const {
    const std::size_t per_row = words * sizeof(Word) + sizeof(std::int32_t) + 4 * sizeof(double) + sizeof(std::int64_t);
    const std::size_t per_connected = words * sizeof(Word) + 2 * sizeof(std::int32_t) + parts * sizeof(double);
    return rows * per_row + sizeof(std::int64_t) + connected * per_connected + 2 * padded * sizeof(double);
  }

  int words, parts;  // parts of an element: real, or real and imaginary
  std::int64_t rows, connected, padded;
};

// A few rows with all that are connected to them.
class Window {
 public:
  Window(Device device, const WindowShape& shape)
      : device_(device),
        shape_(shape),
        bits_(device, shape.rows * shape.words),
        problem_(device, shape.rows),
        log_psi_(device, 2 * shape.rows),
        sum_(device, 2 * shape.rows),
        begin_(device, shape.rows + 1),
        connected_bits_(device, shape.connected * shape.words),
        connected_problem_(device, shape.connected),
        row_(device, shape.connected),
        element_(device, shape.connected),
        imaginary_(device, shape.parts > 1 ? shape.connected : 0),
        connected_log_psi_(device, 2 * shape.padded) {}

  // Rows [first, first + count) of the samples.
  void add(const kernels::OperatorTable& op, const Wavefunction& psi, const SampleSet& samples, std::int64_t first, std::int64_t count,
           std::vector<Complex>& estimate) {
    bits_.upload(samples.rows.row(first), count * shape_.words);
    problem_.upload(samples.rows.problem.data() + first, count);
    upload(log_psi_, samples.log_psi.data() + first, count);
    upload(sum_, estimate.data() + first, count);
    const kernels::RowBlock rows{count, bits_.data(), problem_.data(), log_psi_.data(), log_psi_.data() + shape_.rows};
    const kernels::ConnectedRows connected{connected_bits_.data(),
                                           connected_problem_.data(),
                                           row_.data(),
                                           element_.data(),
                                           imaginary_.data(),
                                           connected_log_psi_.data(),
                                           connected_log_psi_.data() + shape_.padded};

    kernels::connected(device_).count(op, rows, begin_.data());
    std::int64_t total = 0;
    kernels::download(device_, &total, begin_.data() + count, sizeof total);
    kernels::connected(device_).fill(op, rows, begin_.data(), connected);
    log_psi_on_device(psi, {connected.bits, shape_.words, connected.problem}, total, {connected.re, connected.im});
    kernels::connected(device_).add(rows, begin_.data(), total, connected, sum_.data(), sum_.data() + shape_.rows);

    host_.resize(2 * shape_.rows);
    sum_.download(host_.data(), host_.size());
    for (std::int64_t i = 0; i < count; ++i) estimate[first + i] = {host_[i], host_[shape_.rows + i]};
  }

 private:
  // Re and Im apart.
  void upload(Buffer<double>& to, const Complex* from, std::int64_t count) {
    host_.assign(2 * shape_.rows, 0.0);
    for (std::int64_t i = 0; i < count; ++i) {
      host_[i] = from[i].real();
      host_[shape_.rows + i] = from[i].imag();
    }
    to.upload(host_.data(), host_.size());
  }

  Device device_;
  WindowShape shape_;
  Buffer<Word> bits_;
  Buffer<std::int32_t> problem_;
  Buffer<double> log_psi_, sum_;  // [2][rows]
  Buffer<std::int64_t> begin_;
  Buffer<Word> connected_bits_;
  Buffer<std::int32_t> connected_problem_, row_;
  Buffer<double> element_, imaginary_, connected_log_psi_;  // [connected] twice, [2][whole chunks]
  std::vector<double> host_;
};

}  // namespace

void add_connected_on_device(const TermTable& op, const std::vector<std::vector<double>>& couplings, const Wavefunction& psi,
                             const SampleSet& samples, std::vector<Complex>& estimate) {
  const std::int64_t rows = samples.rows.rows();
  if (op.groups() == 0 || rows == 0) return;
  const OperatorBuffers table(psi.device(), op, couplings);
  const WindowShape shape(op, psi.chunk_rows());
  Window window(psi.device(), shape);
  for (std::int64_t first = 0; first < rows; first += shape.rows) {
    window.add(table.view(), psi, samples, first, std::min(shape.rows, rows - first), estimate);
  }
}

std::size_t connected_memory(const TermTable& op, int problems, int chunk_rows) {
  const TermTable::Groups arrays = op.group_arrays();
  const std::size_t of_operator = arrays.flip.size_bytes() + 3 * arrays.exchange_i.size_bytes() + arrays.exchange_value.size_bytes() +
                                  arrays.exchange_string.size_bytes() + arrays.begin.size_bytes() + arrays.value.size_bytes() +
                                  arrays.imaginary.size_bytes() + arrays.coupling.size_bytes() + 3 * arrays.mask.size_bytes() +
                                  static_cast<std::size_t>(problems) * op.couplings() * sizeof(double);
  return of_operator + WindowShape(op, chunk_rows).bytes();
}

}  // namespace qs
