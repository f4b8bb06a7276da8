// Vocabulary of the layers. A layer states its tensors, memory and flops where it is built (blueprint.h), runs forward, keeping what its backward
// reads, and backward, delivering parameter gradients. Activations are [T][D][B], B = run.rows.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "engine/base/error.h"
#include "engine/wavefunctions/blueprint.h"
#include "kernels/api/memory.h"
#include "kernels/api/network.h"

namespace qs {

// One pass over a chunk: where it computes, in which memory.
template <class Real>
struct Run {
  Device device;
  int rows;  // padded
  Pass pass;
  Real *kept, *turn;                       // where the regions of the memory plan begin
  kernels::GradientTarget<Real> gradient;  // of the whole network, or one row of it per sample; for backward alone

  Real* at(const Slot& slot) const {
    const Slot::Place& place = slot.in(pass);
    QS_ASSERT(place.region != Region::none);
    return (place.region == Region::kept ? kept : turn) + place.offset * rows;
  }
  kernels::GradientTarget<Real> gradient_of(const Weight<Real>& weight) const { return weight.part_of(gradient); }
  // Delivers the lane gradients [count][B] of a tensor.
  void emit(const Weight<Real>& weight, const Real* lanes) const {
    kernels::network<Real>(device).emit_gradient(weight.count(), rows, lanes, gradient_of(weight));
  }
};

// A layer that adds to the stream of tokens: x [T][D][B] += f(x). Where only log psi is wanted, forward may take a faster way and keep nothing.
template <class Real>
class Residual {
 public:
  virtual ~Residual() = default;
  virtual void forward(const Run<Real>& run, Real* x) const = 0;
  // After forward. dx: gradient of the output on entry, of the input on return.
  virtual void backward(const Run<Real>& run, Real* dx) const = 0;
};

// One after the other.
template <class Real>
class Residuals {
 public:
  void add(std::unique_ptr<Residual<Real>> layer) { layers_.push_back(std::move(layer)); }
  void forward(const Run<Real>& run, Real* x) const {
    for (const auto& layer : layers_) layer->forward(run, x);
  }
  void backward(const Run<Real>& run, Real* dx) const {
    for (auto layer = layers_.rbegin(); layer != layers_.rend(); ++layer) (*layer)->backward(run, dx);
  }

 private:
  std::vector<std::unique_ptr<Residual<Real>>> layers_;
};

}  // namespace qs
