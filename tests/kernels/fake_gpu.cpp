#include "tests/kernels/fake_gpu.h"

#include <sys/mman.h>

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <functional>
#include <iterator>
#include <limits>
#include <map>
#include <mutex>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include "engine/base/error.h"
#include "kernels/cuda/install.h"
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

// What the device runs: the bodies, and factors by the plain loops.
const kernels::Tables& bodies() {
  static const kernels::Tables tables = [] {
    kernels::Tables all{};
    kernels::reference::install(all);
    kernels::cuda::install_bodies<HostQueue>(all);
    return all;
  }();
  return tables;
}

// An entry of a table, run on the device with arguments that are checked.
template <auto slot>
struct OnDevice {
  template <class... Arguments>
  static auto call(Arguments... arguments) {
    (require_on_device(arguments), ...);
    const auto run = [arguments...] {
      const Opened opened;
      return (bodies().*slot)(arguments...);
    };
    if constexpr (std::is_void_v<decltype(run())>) {
      if (Recorder::instance().records()) return Recorder::instance().note(run);
    }
    require_not_recording();
    settled = false;
    return run();
  }
};
template <auto... slots>
void put(kernels::Tables& tables) {
  ((tables.*slots = OnDevice<slots>::call), ...);
}

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
void put_in_precision(kernels::Tables& tables) {
  using N = kernels::NetworkTable<Real>;
  put<&N::dense, &N::dense_weight_gradient, &N::emit_gradient, &N::layer_norm, &N::layer_norm_backward, &N::gelu, &N::gelu_backward, &N::mix_tokens,
      &N::mix_tokens_weight_gradient, &N::attention, &N::attention_backward, &N::sum_tokens, &N::broadcast_tokens, &N::add, &N::multiply,
      &N::log_cosh_sum, &N::log_cosh_backward, &N::log_amplitude, &N::log_amplitude_backward, &N::log_determinant, &N::log_determinant_backward,
      &N::widen, &N::unpack_spins, &N::select_features, &N::embed_tokens, &N::embed_tokens_backward, &N::mlp_residual, &N::mixing_residual,
      &N::attention_residual>(tables);
  using R = kernels::RowTable<Real>;
  put<&R::add_weighted_rows, &R::centre_rows, &R::add_squared_rows, &R::multiply_rows, &R::sum_of_squares>(tables);
  tables.R::piece = bodies().R::piece;
  using M = kernels::MatrixTable<Real>;
  put<&M::gemm, &M::gram_tiles, &M::cholesky, &M::cholesky_solve>(tables);
  tables.M::gram_strip = 16;  // several strips in the matrices of the tests
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

void install(Tables& tables) {
  put_in_precision<float>(tables);
  put_in_precision<double>(tables);
  using S = SymmetricTable;
  put<&S::round_lower, &S::eigen, &S::set_diagonal, &S::mirror_upper, &S::multiply>(tables);
  put<&ChainTable::propose, &ChainTable::accept>(tables);
  put<&ConnectedTable::count, &ConnectedTable::fill, &ConnectedTable::add>(tables);
  static_cast<MemoryTable&>(tables) = {test::allocate,  test::release,           test::clear_rows,       test::upload_rows, test::download_rows,
                                       test::copy_rows, test::allocate_exchange, test::release_exchange, test::wait};
  tables.physical_devices = test::physical_devices;
  tables.use_physical_device = use_device;
  tables.record = record;
  tables.play = play;
  tables.forget = forget;
}

const PlanTable& plan_table() {
  static const PlanTable table{test::lane_groups_per_chunk, std::numeric_limits<std::int64_t>::max(), PlanTable::Chunks::full,
                               PlanTable::Memory::own};
  return table;
}

}  // namespace qs::kernels::cuda
