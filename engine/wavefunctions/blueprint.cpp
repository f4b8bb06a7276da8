#include "engine/wavefunctions/blueprint.h"

#include <functional>
#include <numeric>
#include <utility>

#include "engine/base/error.h"

namespace qs {

template <class Real>
Builder<Real> Blueprint<Real>::layer() {
  memory_.next_turn();
  return {*this, Region::kept};
}

template <class Real>
Builder<Real> Blueprint<Real>::layer_in_turn() {
  memory_.next_turn();
  return {*this, Region::turn};
}

template <class Real>
void Blueprint<Real>::finish() {
  sort_by_path(specs_);
  layout_ = layout_of(specs_);
  for (PackedTensor<Real>& tensor : tensors_) tensor.offset = layout_.find(tensor.path)->offset;
  for (ParameterSlice& slice : dead_) slice = *layout_.find(slice.path);
}

template <class Real>
void Blueprint<Real>::load(std::span<const double> parameters) {
  std::vector<Real> packed;
  for (PackedTensor<Real>& tensor : tensors_) {
    const std::span<const double> from = parameters.subspan(tensor.offset, tensor.values.size());
    packed.assign(from.begin(), from.end());
    tensor.values.upload(packed.data(), packed.size());
    if (tensor.matrices == 0) continue;
    const int in = tensor.in, out = static_cast<int>(from.size()) / (tensor.matrices * in);
    for (int k = 0; k < tensor.matrices; ++k) {
      Real* adjoint = packed.data() + std::size_t(tensor.matrices - 1 - k) * in * out;
      const double* matrix = from.data() + std::size_t(k) * in * out;
      for (int i = 0; i < in; ++i) {
        for (int o = 0; o < out; ++o) adjoint[o * in + i] = static_cast<Real>(matrix[i * out + o]);
      }
    }
    tensor.adjoint.upload(packed.data(), packed.size());
  }
}

template <class Real>
Weight<Real> Builder<Real>::kernel(TensorSpec spec, int in, int matrices) const {
  const auto count = std::accumulate(spec.shape.begin(), spec.shape.end(), std::size_t{1}, std::multiplies<>());
  QS_ASSERT(matrices == 0 || count % (std::size_t(matrices) * in) == 0);
  Buffer<Real> values(blueprint_->device_, count), adjoint(blueprint_->device_, matrices > 0 ? count : 0);
  blueprint_->tensors_.push_back({spec.path, matrices, in, std::move(values), std::move(adjoint)});
  blueprint_->specs_.push_back(std::move(spec));
  return Weight<Real>(blueprint_->tensors_.back());
}

template <class Real>
void Builder<Real>::dead_tensor(TensorSpec spec) const {
  blueprint_->dead_.push_back({.path = spec.path, .shape = {}});
  blueprint_->specs_.push_back(std::move(spec));
}

template class Blueprint<float>;
template class Blueprint<double>;
template class Builder<float>;
template class Builder<double>;

}  // namespace qs
