// y[p] = b + sum_k x[p + k] W_k over the cells p of a torus and the offsets k of a neighbourhood. Values of neighbours are copied side by side, then
// one matrix product does the rest. The gradient of x is a convolution too, dx[p] = sum_k dy[p - k] W_k^T. What was copied is copied again where
// weights are differentiated: keeping it would take the memory of the activations times the number of offsets.
#pragma once

#include <string>
#include <vector>

#include "engine/wavefunctions/layers/layer.h"
#include "engine/wavefunctions/patches.h"

namespace qs {

template <class Real>
class Convolution {
 public:
  // Kernel [offsets][in][out], which may be declared with an axis of the kernel per axis of the lattice.
  Convolution(const Tensors& tensors, const std::string& path, int in, const Neighbourhood& neighbours)
      : cells_(neighbours.cells),
        offsets_(neighbours.offsets),
        in_(in),
        kernel_(tensors, path + "/kernel"),
        bias_(tensors, path + "/bias"),
        out_(static_cast<int>(bias_.count())),
        reversed_(tensors.device, static_cast<std::size_t>(kernel_.count())),
        copies_(copies(neighbours)) {
    QS_ASSERT(kernel_.count() == static_cast<std::int64_t>(offsets_) * in_ * out_);
  }

  static void declare(std::vector<TensorSpec>& specs, const std::string& path, const std::vector<int>& sides, int in, int out) {
    std::vector<std::int64_t> shape(sides.begin(), sides.end());
    double fan_in = in;
    for (const int side : sides) fan_in *= side;
    shape.insert(shape.end(), {in, out});
    specs.push_back({path + "/kernel", shape, Initial::lecun_normal(fan_in)});
    specs.push_back({path + "/bias", {out}, Initial::zero()});
  }

  void load(std::span<const double> parameters) {
    kernel_.load(parameters);
    bias_.load(parameters);
    const std::span<const double> kernel = kernel_.of(parameters);
    std::vector<Real> reversed(kernel.size());
    for (int k = 0; k < offsets_; ++k) {
      for (int i = 0; i < in_; ++i) {
        for (int o = 0; o < out_; ++o) reversed[((offsets_ - 1 - k) * out_ + o) * in_ + i] = static_cast<Real>(kernel[(k * in_ + i) * out_ + o]);
      }
    }
    reversed_.upload(reversed.data(), reversed.size());
  }

  std::size_t scratch_values(int rows) const { return std::size_t(cells_) * offsets_ * std::max(in_, out_) * rows; }

  void forward(Lanes lanes, const Real* x, Real* y, kernels::Write write, Arena<Real> scratch) const {
    kernels::network<Real>(lanes.device).dense(shape(lanes), gathered(lanes, x, in_, scratch), kernel_.data(), bias_.data(), y, write);
  }
  void backward_weights(Lanes lanes, const Real* x, const Real* dy, Arena<Real> scratch, const Gradient<Real>& gradient) const {
    kernels::network<Real>(lanes.device)
        .dense_weight_gradient(shape(lanes), gathered(lanes, x, in_, scratch), dy, gradient.at(kernel_.offset()), gradient.at(bias_.offset()));
  }
  // Overwrites dx.
  void backward_input(Lanes lanes, const Real* dy, Real* dx, Arena<Real> scratch) const {
    kernels::network<Real>(lanes.device)
        .dense({cells_, offsets_ * out_, in_, lanes.rows}, gathered(lanes, dy, out_, scratch), reversed_.data(), static_cast<const Real*>(nullptr),
               dx, kernels::Write::overwrite);
  }

  double flops() const { return 2.0 * cells_ * offsets_ * in_ * out_; }

 private:
  // Cells in a row that find their neighbours at one offset in a row.
  struct Copy {
    int to, from, offset, cells;
  };

  static std::vector<Copy> copies(const Neighbourhood& neighbours) {
    std::vector<Copy> result;
    for (int k = 0; k < neighbours.offsets; ++k) {
      for (int p = 0; p < neighbours.cells; ++p) {
        const int from = neighbours.index[static_cast<std::size_t>(p) * neighbours.offsets + k];
        if (p > 0 && from == result.back().from + result.back().cells)
          ++result.back().cells;
        else
          result.push_back({p, from, k, 1});
      }
    }
    return result;
  }

  kernels::DenseShape shape(Lanes lanes) const { return {cells_, offsets_ * in_, out_, lanes.rows}; }

  // [cells][offsets][width][B]
  Real* gathered(Lanes lanes, const Real* x, int width, Arena<Real>& scratch) const {
    const std::size_t values = std::size_t(width) * lanes.rows, bytes = values * sizeof(Real);
    Real* columns = scratch.take(values * cells_ * offsets_);
    for (const Copy& copy : copies_) {
      kernels::copy_rows(lanes.device, columns + (std::size_t(copy.to) * offsets_ + copy.offset) * values, offsets_ * bytes, x + copy.from * values,
                         bytes, bytes, copy.cells);
    }
    return columns;
  }

  int cells_, offsets_, in_;
  Weight<Real> kernel_, bias_;
  int out_;
  Buffer<Real> reversed_;
  std::vector<Copy> copies_;
};

}  // namespace qs
