// What the layers of a network state as they are built: their tensors, the memory they compute in, the flops of an evaluation. Flat order, packing,
// workspaces and costs follow, so that no layer says anything twice.
#pragma once

#include <cstdint>
#include <deque>
#include <span>
#include <string>
#include <vector>

#include "engine/wavefunctions/memory_plan.h"
#include "engine/wavefunctions/parameters.h"
#include "engine/wavefunctions/tensor_spec.h"
#include "kernels/api/memory.h"
#include "kernels/api/network.h"

namespace qs {

// Given functions that parameters multiply: what a layer uses is [..][classes] = parameters [..][functions] times values [functions][classes]. Empty:
// the parameters themselves.
struct Basis {
  int functions = 0;
  std::vector<double> values;

  bool empty() const { return functions == 0; }
  int classes() const { return static_cast<int>(values.size()) / functions; }
  std::vector<double> transposed() const;  // [classes][functions]
};

// One tensor of the flat buffer, converted to the network's precision, in the memory of the device.
template <class Real>
struct PackedTensor {
  std::string path;
  int matrices, in;  // a kernel [matrices][in][out], or 0
  Buffer<Real> values;
  Buffer<Real> adjoint;  // of a kernel: [matrices, last first][out][in], for the gradient of its input
  Basis basis;
  Buffer<Real> basis_transposed;  // [classes][functions], for the gradient
  std::int64_t offset = -1;       // into the flat buffer, known once the blueprint is finished
};

// A layer's handle; without a tensor where a layer has none (no bias).
template <class Real>
class Weight {
 public:
  Weight() = default;
  explicit Weight(const PackedTensor<Real>& tensor) : tensor_(&tensor) {}

  const Real* data() const { return tensor_ != nullptr ? tensor_->values.data() : nullptr; }
  const Real* adjoint() const { return tensor_->adjoint.data(); }
  int count() const { return static_cast<int>(tensor_->values.size()); }
  const Basis& basis() const { return tensor_->basis; }
  const Real* basis_transposed() const { return tensor_->basis_transposed.data(); }
  // Its part of the gradient, where `whole` is that of offset 0.
  kernels::GradientTarget<Real> part_of(kernels::GradientTarget<Real> whole) const {
    whole.base = tensor_ != nullptr ? whole.base + tensor_->offset : nullptr;
    return whole;
  }

 private:
  const PackedTensor<Real>* tensor_ = nullptr;
};

template <class Real>
class Builder;

template <class Real>
class Blueprint {
 public:
  explicit Blueprint(Device device) : device_(device) {}

  // For the constructor of the next layer.
  Builder<Real> layer();
  // For one of which nothing is needed, where log psi alone is wanted, once the next layer computes.
  Builder<Real> layer_in_turn();
  // Called once all layers are there; before that, no tensor has an offset.
  void finish();

  const std::vector<TensorSpec>& specs() const { return specs_; }  // in flat order
  const ParameterLayout& layout() const { return layout_; }
  const std::vector<ParameterSlice>& dead() const { return dead_; }
  const MemoryPlan& memory() const { return memory_; }
  double flops() const { return flops_; }

  // Packs parameters [P].
  void load(std::span<const double> parameters);

 private:
  friend class Builder<Real>;

  Device device_;
  std::vector<TensorSpec> specs_;
  std::vector<ParameterSlice> dead_;
  std::deque<PackedTensor<Real>> tensors_;  // handles point into it
  ParameterLayout layout_;
  MemoryPlan memory_;
  double flops_ = 0.0;
};

// What a layer's constructor is given. Sizes are values per row of the chunk.
template <class Real>
class Builder {
 public:
  Builder(Blueprint<Real>& blueprint, Region kept_evaluating) : blueprint_(&blueprint), kept_evaluating_(kept_evaluating) {}

  Weight<Real> tensor(TensorSpec spec) const { return kernel(std::move(spec), 0, 0); }
  // `matrices` of [in][out] one after the other, whatever the axes of the shape.
  Weight<Real> kernel(TensorSpec spec, int in, int matrices = 1) const;
  // [outer][classes of the basis] from parameters [outer][functions].
  Weight<Real> in_basis(TensorSpec spec, Basis basis) const;
  // Stored, and without influence on log psi: its gradient is zero.
  void dead_tensor(TensorSpec spec) const;

  // From forward to backward.
  Slot keep(std::size_t values) const { return blueprint_->memory_.take(values, kept_evaluating_, Region::kept); }
  Slot keep_for_backward(std::size_t values) const { return blueprint_->memory_.take(values, Region::none, Region::kept); }
  // Within one call of the layer, in either pass or in one.
  Slot scratch(std::size_t values) const { return blueprint_->memory_.take(values, Region::turn, Region::turn); }
  Slot scratch(std::size_t values, Pass pass) const {
    return pass == Pass::evaluate ? blueprint_->memory_.take(values, Region::turn, Region::none)
                                  : blueprint_->memory_.take(values, Region::none, Region::turn);
  }
  // For parts of a layer that has a way of its own to evaluate.
  Builder differentiating() const { return {*blueprint_, Region::none}; }

  // Multiply-adds of one log psi, counted as 2.
  void flops(double count) const { blueprint_->flops_ += count; }
  Device device() const { return blueprint_->device_; }
  // Numbers that no parameter changes, and a list of indices, where the primitives read them.
  Buffer<Real> constants(const std::vector<double>& values) const {
    return buffer_of(blueprint_->device_, std::vector<Real>(values.begin(), values.end()));
  }
  Buffer<std::int32_t> indices(const std::vector<std::int32_t>& list) const { return buffer_of(blueprint_->device_, list); }

 private:
  Blueprint<Real>* blueprint_;
  Region kept_evaluating_;
};

}  // namespace qs
