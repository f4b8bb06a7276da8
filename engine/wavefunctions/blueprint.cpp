#include "engine/wavefunctions/blueprint.h"

#include <functional>
#include <numeric>
#include <utility>

#include "engine/base/error.h"

namespace qs {

std::vector<double> Basis::transposed() const {
  std::vector<double> out;
  for (int c = 0; c < classes(); ++c)
    for (int m = 0; m < functions; ++m) out.push_back(values[static_cast<std::size_t>(m) * classes() + c]);
  return out;
}

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

namespace {

template <class Real>
void multiply(std::span<const double> parameters, const Basis& basis, std::vector<Real>& out) {
  const std::size_t functions = basis.functions, classes = basis.classes();
  for (std::size_t first = 0; first < parameters.size(); first += functions) {
    for (std::size_t c = 0; c < classes; ++c) {
      double sum = 0;
      for (std::size_t m = 0; m < functions; ++m) sum += parameters[first + m] * basis.values[m * classes + c];
      out.push_back(static_cast<Real>(sum));
    }
  }
}

}  // namespace

template <class Real>
void Blueprint<Real>::load(std::span<const double> parameters) {
  std::vector<Real> packed;
  for (PackedTensor<Real>& tensor : tensors_) {
    if (!tensor.basis.empty()) {
      packed.clear();
      multiply(parameters.subspan(tensor.offset, tensor.values.size() / tensor.basis.classes() * tensor.basis.functions), tensor.basis, packed);
      tensor.values.upload(packed.data(), packed.size());
      continue;
    }
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
  blueprint_->tensors_.push_back({spec.path, matrices, in, std::move(values), std::move(adjoint), {}, Buffer<Real>(blueprint_->device_, 0)});
  blueprint_->specs_.push_back(std::move(spec));
  return Weight<Real>(blueprint_->tensors_.back());
}

template <class Real>
Weight<Real> Builder<Real>::in_basis(TensorSpec spec, Basis basis) const {
  const auto count = std::accumulate(spec.shape.begin(), spec.shape.end(), std::size_t{1}, std::multiplies<>());
  const std::size_t functions = basis.functions, classes = basis.classes();
  QS_ASSERT(count % functions == 0 && basis.values.size() == functions * classes);
  Buffer<Real> transposed = constants(basis.transposed());
  const Device device = blueprint_->device_;
  blueprint_->tensors_.push_back(
      {spec.path, 0, 0, Buffer<Real>(device, count / functions * classes), Buffer<Real>(device, 0), std::move(basis), std::move(transposed)});
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
