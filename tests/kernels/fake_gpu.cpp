#include "tests/kernels/fake_gpu.h"

#include <sys/mman.h>

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <functional>
#include <iterator>
#include <map>
#include <mutex>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include "engine/base/error.h"
#include "kernels/cuda/chains.h"
#include "kernels/cuda/connected.h"
#include "kernels/cuda/gram.h"
#include "kernels/cuda/network.h"
#include "kernels/cuda/rows.h"
#include "kernels/cuda/symmetric.h"
#include "kernels/dispatch/chains_table.h"
#include "kernels/dispatch/connected_table.h"
#include "kernels/dispatch/device_table.h"
#include "kernels/dispatch/linear_algebra_tables.h"
#include "kernels/dispatch/network_table.h"
#include "kernels/dispatch/recording_table.h"
#include "kernels/dispatch/rows_table.h"
#include "tests/kernels/host_queue.h"

namespace qs::test {
namespace {

// A range of addresses without access, except while an Opened lives.
class DeviceMemory {
 public:
  static DeviceMemory& instance() {
    static DeviceMemory memory;
    return memory;
  }

  void* allocate(std::size_t bytes) {
    const std::size_t size = (bytes + alignment) / alignment * alignment;
    std::size_t begin = 0;  // the first gap that is large enough
    for (const auto& [used_begin, used_size] : used_) {
      if (used_begin - begin >= size) break;
      begin = used_begin + used_size;
    }
    if (begin + size > capacity) throw DeviceError("the fake GPU is out of memory; lower sampler.samples");
    used_[begin] = size;
    peak_ = std::max(peak_, in_use());
    if (begin + size > reach_) {
      reach_ = begin + size;
      open();  // the caller has it open, up to the old reach
    }
    return base_ + begin;
  }
  void release(void* memory) {
    const auto found = used_.find(static_cast<std::size_t>(static_cast<unsigned char*>(memory) - base_));
    QS_ASSERT(found != used_.end());
    std::memset(memory, 0xff, found->second);  // NaN: whoever still reads it shows
    used_.erase(found);
  }
  bool contains(const void* pointer) const { return pointer >= base_ && pointer < base_ + capacity; }
  std::size_t in_use() const {
    std::size_t sum = 0;
    for (const auto& [begin, size] : used_) sum += size;
    return sum;
  }
  std::size_t take_peak() { return std::exchange(peak_, in_use()); }

  void open() { protect(PROT_READ | PROT_WRITE); }
  void close() { protect(PROT_NONE); }
  std::recursive_mutex mutex;
  int openings = 0;

 private:
  static constexpr std::size_t capacity = std::size_t{1} << 31;
  static constexpr std::size_t alignment = 256;

  DeviceMemory() {
    void* mapped = ::mmap(nullptr, capacity, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    QS_ASSERT(mapped != MAP_FAILED);
    base_ = static_cast<unsigned char*>(mapped);
  }
  void protect(int access) { QS_ASSERT(reach_ == 0 || ::mprotect(base_, reach_, access) == 0); }

  unsigned char* base_ = nullptr;
  std::size_t reach_ = 0;  // nothing beyond was ever allocated: it has no access
  std::map<std::size_t, std::size_t> used_;
  std::size_t peak_ = 0;
};

// False while the device may still work on what this thread called: primitives, clears and copies within its memory return before they are done,
// copies to and from the host do not.
thread_local bool settled = true;

// "On the device": one host thread at a time, with access to its memory.
class Opened {
 public:
  Opened() : lock_(memory_.mutex) {
    if (memory_.openings++ == 0) memory_.open();
  }
  ~Opened() {
    if (--memory_.openings == 0) memory_.close();
  }
  Opened(const Opened&) = delete;
  Opened& operator=(const Opened&) = delete;

 private:
  DeviceMemory& memory_ = DeviceMemory::instance();
  std::lock_guard<std::recursive_mutex> lock_;
};

template <class T>
void require_on_device(const T& argument) {
  if constexpr (std::is_pointer_v<T>) QS_ASSERT(argument == nullptr || DeviceMemory::instance().contains(argument));
}
template <class Real>
void require_on_device(const kernels::GradientTarget<Real>& target) {
  require_on_device(target.base);
}
template <class Real>
void require_on_device(const kernels::RowView<Real>& view) {
  require_on_device(view.base);
  require_on_device(view.index);
}
template <class Real>
void require_on_device(const kernels::DenseWeights<Real>& weights) {
  require_on_device(weights.kernel);
  require_on_device(weights.bias);
}
template <class Real>
void require_on_device(const kernels::LayerNormWeights<Real>& weights) {
  require_on_device(weights.scale);
  require_on_device(weights.bias);
}
template <class Real>
void require_on_device(const kernels::MlpWeights<Real>& weights) {
  require_on_device(weights.norm);
  require_on_device(weights.up);
  require_on_device(weights.down);
}
template <class Real>
void require_on_device(const kernels::MixingWeights<Real>& weights) {
  require_on_device(weights.norm);
  require_on_device(weights.value);
  require_on_device(weights.alpha);
  require_on_device(weights.index);
  require_on_device(weights.out);
}
template <class Real>
void require_on_device(const kernels::AttentionWeights<Real>& weights) {
  require_on_device(weights.norm);
  for (const auto& dense : {weights.query, weights.key, weights.value, weights.out}) require_on_device(dense);
}
void require_on_device(const kernels::MoveMixtures& mixtures) {
  require_on_device(mixtures.table);
  require_on_device(mixtures.edge);
}
template <class Real>
void require_on_device(const kernels::GramFactor<Real>& factor) {
  require_on_device(factor.values);
}
void require_on_device(const kernels::GramTile*) {}  // an array of the host
template <class... Arrays>
void require_all_on_device(const Arrays*... arrays) {
  (require_on_device(arrays), ...);
}
void require_on_device(const kernels::Chains& c) { require_all_on_device(c.rows, c.problem, c.re, c.im, c.step, c.proposed, c.accepted, c.invalid); }
void require_on_device(const kernels::Candidates& c) { require_all_on_device(c.rows, c.re, c.im, c.move, c.flips, c.log_ratio); }
void require_on_device(const kernels::OperatorTable& op) {
  require_all_on_device(op.coupling, op.flip, op.exchange_i, op.exchange_j, op.exchange_coupling, op.exchange_value, op.exchange_string,
                        op.group_begin, op.value, op.term_coupling, op.mask, op.pattern, op.string);
  if (op.imaginary != nullptr) require_on_device(op.imaginary);
}
void require_on_device(const kernels::RowBlock& rows) { require_all_on_device(rows.bits, rows.problem, rows.re, rows.im); }
void require_on_device(const kernels::ConnectedRows& c) {
  require_all_on_device(c.bits, c.problem, c.row, c.element, c.re, c.im);
  if (c.imaginary != nullptr) require_on_device(c.imaginary);
}

// While it records, calls of primitives are noted and not made, and nothing may be copied or allocated: a graph.
class Recorder {
 public:
  static Recorder& instance() {
    static Recorder recorder;
    return recorder;
  }
  using Calls = std::vector<std::function<void()>>;

  void note(std::function<void()> call) { calls_->push_back(std::move(call)); }
  bool records() const { return calls_ != nullptr; }
  void begin(Calls& calls) { calls_ = &calls; }
  void end() { calls_ = nullptr; }
  std::size_t played = 0;

 private:
  Calls* calls_ = nullptr;
};

void require_not_recording() { QS_ASSERT(!Recorder::instance().records()); }

void* record(const std::function<void()>& calls) {
  auto* noted = new Recorder::Calls;
  Recorder::instance().begin(*noted);
  calls();
  Recorder::instance().end();
  return noted;
}
void play(void* recorded) {
  for (const auto& call : *static_cast<Recorder::Calls*>(recorded)) call();
  ++Recorder::instance().played;
}
void forget(void* recorded) noexcept { delete static_cast<Recorder::Calls*>(recorded); }

// An entry of a table, run on the device with arguments that are checked.
template <class Table, const Table& (*table)(), auto slot>
struct OnDevice {
  template <class... Arguments>
  static auto call(Arguments... arguments) {
    (require_on_device(arguments), ...);
    const auto run = [arguments...] {
      const Opened opened;
      return (table().*slot)(arguments...);
    };
    if constexpr (std::is_void_v<decltype(run())>) {
      if (Recorder::instance().records()) return Recorder::instance().note(run);
    }
    require_not_recording();
    settled = false;
    return run();
  }
};

void* allocate(std::size_t bytes, kernels::Contents contents) {
  require_not_recording();
  const Opened opened;
  void* memory = DeviceMemory::instance().allocate(bytes);
  std::memset(memory, contents == kernels::Contents::zeros ? 0 : 0xFF, bytes);  // not a number, where zeros are not promised
  return memory;
}

void release(void* memory) noexcept {
  const Opened opened;
  DeviceMemory::instance().release(memory);
}

void clear_rows(void* memory, std::size_t stride, std::size_t bytes, std::int64_t rows) {
  require_not_recording();
  require_on_device(memory);
  settled = false;
  const Opened opened;
  for (std::int64_t i = 0; i < rows; ++i) std::memset(static_cast<char*>(memory) + i * stride, 0, bytes);
}

void clear(void* memory, std::size_t bytes) { clear_rows(memory, 0, bytes, 1); }

void copy_pieces(void* to, std::size_t to_stride, const void* from, std::size_t from_stride, std::size_t bytes, std::int64_t rows) {
  require_not_recording();
  const Opened opened;
  for (std::int64_t i = 0; i < rows; ++i)
    std::memcpy(static_cast<char*>(to) + i * to_stride, static_cast<const char*>(from) + i * from_stride, bytes);
}

void upload_rows(void* to, std::size_t to_stride, const void* from, std::size_t from_stride, std::size_t bytes, std::int64_t rows) {
  if (bytes == 0 || rows == 0) return;
  require_on_device(to);
  QS_ASSERT(!DeviceMemory::instance().contains(from));
  copy_pieces(to, to_stride, from, from_stride, bytes, rows);
  settled = true;
}

void download_rows(void* to, std::size_t to_stride, const void* from, std::size_t from_stride, std::size_t bytes, std::int64_t rows) {
  if (bytes == 0 || rows == 0) return;
  require_on_device(from);
  QS_ASSERT(!DeviceMemory::instance().contains(to));
  copy_pieces(to, to_stride, from, from_stride, bytes, rows);
  settled = true;
}

void copy_rows(void* to, std::size_t to_stride, const void* from, std::size_t from_stride, std::size_t bytes, std::int64_t rows) {
  if (bytes == 0 || rows == 0) return;
  require_on_device(to);
  require_on_device(from);
  copy_pieces(to, to_stride, from, from_stride, bytes, rows);
  settled = false;
}

void upload(void* to, const void* from, std::size_t bytes) { upload_rows(to, bytes, from, bytes, bytes, 1); }
void download(void* to, const void* from, std::size_t bytes) { download_rows(to, bytes, from, bytes, bytes, 1); }

// Begin and size of what other processes may open.
std::map<const void*, std::size_t>& exported() {
  static std::map<const void*, std::size_t> blocks;
  return blocks;
}

void* allocate_exchange(kernels::Side side, std::size_t bytes) {
  if (side == kernels::Side::host) return ::operator new(bytes);
  const Opened opened;
  void* memory = allocate(bytes, kernels::Contents::anything);
  exported()[memory] = bytes;
  return memory;
}
void release_exchange(kernels::Side side, void* memory) noexcept {
  if (side == kernels::Side::host) return ::operator delete(memory);
  const Opened opened;
  exported().erase(memory);
  release(memory);
}
void wait() {
  require_not_recording();
  settled = true;
}

std::vector<PhysicalDevice> physical_devices() { return {{"fake-0", "fake GPU 0"}, {"fake-1", "fake GPU 1"}}; }
void use_device(int index) { QS_ASSERT(index >= 0 && index < 2); }

int lane_groups_per_chunk(std::size_t) { return 2; }

template <class Real>
const kernels::NetworkTable<Real>& bodies() {
  static const kernels::NetworkTable<Real> table = kernels::cuda::Network<Real, HostQueue>::table();
  return table;
}

template <class Real>
kernels::NetworkTable<Real> checked_bodies() {
  using T = kernels::NetworkTable<Real>;
  T t{};
  const auto put = [&]<auto slot>() { t.*slot = OnDevice<T, bodies<Real>, slot>::call; };
  const auto put_all = [&]<auto... slots>() { (put.template operator()<slots>(), ...); };
  put_all.template
  operator()<&T::dense, &T::dense_weight_gradient, &T::emit_gradient, &T::layer_norm, &T::layer_norm_backward, &T::gelu, &T::gelu_backward,
             &T::mix_tokens, &T::mix_tokens_weight_gradient, &T::attention, &T::attention_backward, &T::sum_tokens, &T::broadcast_tokens, &T::add,
             &T::multiply, &T::log_cosh_sum, &T::log_cosh_backward, &T::log_amplitude, &T::log_amplitude_backward, &T::log_determinant,
             &T::log_determinant_backward, &T::widen, &T::unpack_spins, &T::select_features, &T::embed_tokens, &T::embed_tokens_backward,
             &T::mlp_residual, &T::mixing_residual, &T::attention_residual>();
  return t;
}

template <class Real>
const kernels::RowTable<Real>& rows() {
  static const kernels::RowTable<Real> table = kernels::cuda::JacobianRows<Real, HostQueue>::table();
  return table;
}

constexpr std::int64_t test_strip = 16;  // several strips in the matrices of the tests
template <class Real>
const kernels::GramTable<Real>& grams() {
  using M = kernels::cuda::Matrices<Real, HostQueue>;
  static const kernels::GramTable<Real> table{test_strip, M::gram_tiles};
  return table;
}

template <class Real>
const kernels::ProductTable<Real>& products() {
  static const kernels::ProductTable<Real> table{kernels::cuda::Matrices<Real, HostQueue>::gemm};
  return table;
}

// Factors by the plain loops, the rest by the bodies.
const kernels::SolverTable& solvers() {
  using S = kernels::cuda::Symmetric<HostQueue>;
  const kernels::SolverTable& plain = kernels::reference::solver_table();
  static const kernels::SolverTable table{plain.cholesky,        plain.cholesky_solve, plain.cholesky_float32, plain.cholesky_float32_solve,
                                          plain.symmetric_eigen, S::set_diagonal,      S::mirror_upper,        S::multiply};
  return table;
}

const kernels::ConnectedTable& connected() {
  static const kernels::ConnectedTable table = kernels::cuda::ConnectedConfigurations<HostQueue>::table();
  return table;
}

const kernels::ChainTable& chains() {
  static const kernels::ChainTable table = kernels::cuda::MarkovChains<HostQueue>::table();
  return table;
}

}  // namespace

bool fake_gpu_exports(const void* pointer) {
  const Opened opened;
  const auto above = exported().upper_bound(pointer);
  if (above == exported().begin()) return false;
  const auto& [begin, bytes] = *std::prev(above);
  return pointer < static_cast<const char*>(begin) + bytes;
}
bool fake_gpu_is_settled() { return settled; }
std::size_t fake_gpu_graphs_played() { return std::exchange(Recorder::instance().played, 0); }
std::size_t fake_gpu_bytes_in_use() {
  const Opened opened;
  return DeviceMemory::instance().in_use();
}
std::size_t fake_gpu_peak_bytes() {
  const Opened opened;
  return DeviceMemory::instance().take_peak();
}

}  // namespace qs::test

namespace qs::kernels::cuda {

using namespace qs::test;

template <class Real>
const NetworkTable<Real>& network_table() {
  static const NetworkTable<Real> table = checked_bodies<Real>();
  return table;
}
template const NetworkTable<float>& network_table<float>();
template const NetworkTable<double>& network_table<double>();

template <class Real>
const RowTable<Real>& row_table() {
  using T = RowTable<Real>;
  static const T table{rows<Real>().piece,
                       OnDevice<T, rows<Real>, &T::add_weighted_rows>::call,
                       OnDevice<T, rows<Real>, &T::centre_rows>::call,
                       OnDevice<T, rows<Real>, &T::add_squared_rows>::call,
                       OnDevice<T, rows<Real>, &T::multiply_rows>::call,
                       OnDevice<T, rows<Real>, &T::sum_of_squares>::call};
  return table;
}
template const RowTable<float>& row_table<float>();
template const RowTable<double>& row_table<double>();

const ChainTable& chain_table() {
  using T = ChainTable;
  static const T table{chains().chains_per_call, OnDevice<T, chains, &T::propose>::call, OnDevice<T, chains, &T::accept>::call};
  return table;
}

const ConnectedTable& connected_table() {
  using T = ConnectedTable;
  static const T table{OnDevice<T, connected, &T::count>::call, OnDevice<T, connected, &T::fill>::call, OnDevice<T, connected, &T::add>::call};
  return table;
}

const RecordingTable& recording_table() {
  static const RecordingTable table{record, play, forget};
  return table;
}

template <class Real>
const ProductTable<Real>& product_table() {
  using T = ProductTable<Real>;
  static const T table{OnDevice<T, products<Real>, &T::gemm>::call};
  return table;
}
template const ProductTable<float>& product_table<float>();
template const ProductTable<double>& product_table<double>();

template <class Real>
const GramTable<Real>& gram_table() {
  using T = GramTable<Real>;
  static const T table{test_strip, OnDevice<T, grams<Real>, &T::gram_tiles>::call};
  return table;
}
template const GramTable<float>& gram_table<float>();
template const GramTable<double>& gram_table<double>();

const SolverTable& solver_table() {
  using T = SolverTable;
  static const T table{OnDevice<T, solvers, &T::cholesky>::call,         OnDevice<T, solvers, &T::cholesky_solve>::call,
                       OnDevice<T, solvers, &T::cholesky_float32>::call, OnDevice<T, solvers, &T::cholesky_float32_solve>::call,
                       OnDevice<T, solvers, &T::symmetric_eigen>::call,  OnDevice<T, solvers, &T::set_diagonal>::call,
                       OnDevice<T, solvers, &T::mirror_upper>::call,     OnDevice<T, solvers, &T::symmetric_multiply>::call};
  return table;
}

const DeviceTable& device_table() {
  static const DeviceTable table{test::allocate,
                                 test::release,
                                 test::clear,
                                 test::clear_rows,
                                 test::upload,
                                 test::upload_rows,
                                 test::download,
                                 test::download_rows,
                                 test::copy_rows,
                                 test::allocate_exchange,
                                 test::release_exchange,
                                 test::wait,
                                 physical_devices,
                                 use_device,
                                 lane_groups_per_chunk,
                                 DeviceTable::Chunks::full,
                                 DeviceTable::Memory::own};
  return table;
}

}  // namespace qs::kernels::cuda
