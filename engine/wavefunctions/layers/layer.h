// Vocabulary of the layers. A layer owns its packed weights, declares its tensors, runs forward while saving what its backward needs in an
// arena, and runs backward delivering parameter gradients at its tensors' offsets. Activations are [T][D][B], B = lanes.rows.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "engine/base/error.h"
#include "engine/wavefunctions/parameters.h"
#include "engine/wavefunctions/tensor_spec.h"
#include "engine/wavefunctions/workspace.h"
#include "kernels/api/memory.h"
#include "kernels/api/network.h"

namespace qs {

// evaluate: only log psi is wanted, blocks share one set of buffers. differentiate: every intermediate value is kept.
enum class Pass { evaluate, differentiate };

struct Lanes {
  Device device;
  int rows;  // padded
};

// The whole gradient [P] (or one row of it per sample); at() is the part of one tensor.
template <class Real>
struct Gradient {
  Real* base;
  std::int64_t row_stride;
  int valid;

  kernels::GradientTarget<Real> at(std::int64_t offset) const { return {base + offset, row_stride, valid}; }
  kernels::GradientTarget<Real> none() const { return {nullptr, row_stride, valid}; }
};

// Where a layer finds its tensors, and where it keeps its weights.
struct Tensors {
  const ParameterLayout& layout;
  Device device;
};

// One tensor of the flat buffer, converted to the network's precision, in the memory of the device.
template <class Real>
class Weight {
 public:
  Weight(const Tensors& tensors, const std::string& path) {
    const ParameterSlice* slice = tensors.layout.find(path);
    QS_ASSERT(slice != nullptr);
    offset_ = slice->offset;
    values_ = Buffer<Real>(tensors.device, static_cast<std::size_t>(slice->count));
  }

  void load(std::span<const double> parameters) {
    const auto mine = of(parameters);
    values_.upload(std::vector<Real>(mine.begin(), mine.end()).data(), mine.size());
  }
  std::span<const double> of(std::span<const double> parameters) const {
    return parameters.subspan(static_cast<std::size_t>(offset_), values_.size());
  }
  const Real* data() const { return values_.data(); }
  std::int64_t offset() const { return offset_; }
  std::int64_t count() const { return static_cast<std::int64_t>(values_.size()); }

 private:
  std::int64_t offset_ = 0;
  Buffer<Real> values_;
};

}  // namespace qs
