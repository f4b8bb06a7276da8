// Runs the primitives of the CUDA device on arrays of the host: every LaneArray that an argument points into travels to the device, guards included,
// and back. Only LaneArrays may be passed.
#pragma once

#include <map>
#include <type_traits>
#include <vector>

#include "engine/base/error.h"
#include "kernels/api/memory.h"
#include "kernels/api/network.h"
#include "tests/kernels/lane_array.h"

namespace qs::test {

inline bool cuda_device_present() {
  try {
    return !physical_devices(Device::cuda).empty();
  } catch (const DeviceError&) {
    return false;
  }
}

// The copies of one call.
class StagedArguments {
 public:
  // The host's arrays hold what the device wrote.
  void bring_back() const {
    for (const auto& [host, copy] : copies_) copy.download(static_cast<unsigned char*>(host), copy.size());
  }

  template <class T>
  T translate(T value) {
    if constexpr (std::is_pointer_v<T>) {
      return value == nullptr ? nullptr : reinterpret_cast<T>(on_device(value));
    } else {
      return value;
    }
  }
  template <class Real>
  kernels::GradientTarget<Real> translate(kernels::GradientTarget<Real> target) {
    return {translate(target.base), target.row_stride, target.valid};
  }
  template <class Real>
  kernels::LayerNormWeights<Real> translate(kernels::LayerNormWeights<Real> w) {
    return {translate(w.scale), translate(w.bias)};
  }
  template <class Real>
  kernels::DenseWeights<Real> translate(kernels::DenseWeights<Real> w) {
    return {translate(w.kernel), translate(w.bias)};
  }
  template <class Real>
  kernels::MlpWeights<Real> translate(kernels::MlpWeights<Real> w) {
    return {translate(w.norm), translate(w.up), translate(w.down)};
  }
  template <class Real>
  kernels::MixingWeights<Real> translate(kernels::MixingWeights<Real> w) {
    return {translate(w.norm), translate(w.value), translate(w.alpha), translate(w.index), translate(w.out)};
  }
  template <class Real>
  kernels::AttentionWeights<Real> translate(kernels::AttentionWeights<Real> w) {
    return {translate(w.norm), translate(w.query), translate(w.key), translate(w.value), translate(w.out)};
  }

 private:
  unsigned char* on_device(const void* pointer) {
    const HostBlocks::Block block = HostBlocks::instance().containing(pointer);
    QS_ASSERT(block.begin != nullptr);
    auto found = copies_.find(block.begin);
    if (found == copies_.end()) {
      Buffer<unsigned char> copy(Device::cuda, block.bytes);
      copy.upload(static_cast<const unsigned char*>(block.begin), block.bytes);
      found = copies_.emplace(block.begin, std::move(copy)).first;
    }
    return found->second.data() + (static_cast<const unsigned char*>(pointer) - static_cast<const unsigned char*>(block.begin));
  }

  std::map<void*, Buffer<unsigned char>> copies_;
};

template <class Real, auto slot, class... Arguments>
void staged(Arguments... arguments) {
  StagedArguments copies;
  (kernels::network<Real>(Device::cuda).*slot)(copies.translate(arguments)...);
  copies.bring_back();
}

template <class Real>
const kernels::NetworkTable<Real>& staged_table() {
  using T = kernels::NetworkTable<Real>;
  static const T table{staged<Real, &T::dense>,
                       staged<Real, &T::dense_weight_gradient>,
                       staged<Real, &T::emit_gradient>,
                       staged<Real, &T::layer_norm>,
                       staged<Real, &T::layer_norm_backward>,
                       staged<Real, &T::gelu>,
                       staged<Real, &T::gelu_backward>,
                       staged<Real, &T::mix_tokens>,
                       staged<Real, &T::mix_tokens_weight_gradient>,
                       staged<Real, &T::attention>,
                       staged<Real, &T::attention_backward>,
                       staged<Real, &T::sum_tokens>,
                       staged<Real, &T::broadcast_tokens>,
                       staged<Real, &T::add>,
                       staged<Real, &T::multiply>,
                       staged<Real, &T::log_cosh_sum>,
                       staged<Real, &T::log_cosh_backward>,
                       staged<Real, &T::log_amplitude>,
                       staged<Real, &T::log_amplitude_backward>,
                       staged<Real, &T::log_determinant>,
                       staged<Real, &T::log_determinant_backward>,
                       staged<Real, &T::widen>,
                       staged<Real, &T::unpack_spins>,
                       staged<Real, &T::select_features>,
                       staged<Real, &T::embed_tokens>,
                       staged<Real, &T::embed_tokens_backward>,
                       staged<Real, &T::mlp_residual>,
                       staged<Real, &T::mixing_residual>,
                       staged<Real, &T::attention_residual>};
  return table;
}

}  // namespace qs::test
