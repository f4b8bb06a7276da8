// y[p] = b + sum_k x[p + k] W_k over the cells p of a torus and the offsets k of a neighbourhood. Values of neighbours are copied side by side, then
// one matrix product does the rest. The gradient of x is a convolution too, dx[p] = sum_k dy[p - k] W_k^T. What was copied is copied again where
// weights are differentiated: keeping it would take the memory of the activations times the number of offsets.
#pragma once

#include <algorithm>
#include <string>
#include <vector>

#include "engine/wavefunctions/layers/layer.h"
#include "engine/wavefunctions/patches.h"

namespace qs {

struct ConvolutionSpec {
  std::string path;
  std::vector<int> sides;  // of the kernel, cells per axis
  int in, out;
};

template <class Real>
class Convolution {
 public:
  // Values per row that are copied, where no convolution has more than `width` inputs or outputs: the scratch that it is given.
  static std::size_t copied(const Neighbourhood& neighbours, int width) { return std::size_t(neighbours.cells) * neighbours.offsets * width; }

  // Kernel [side, side, ..., in, out], LeCun normal.
  Convolution(const Builder<Real>& build, const ConvolutionSpec& spec, const Neighbourhood& neighbours, const Slot& columns)
      : cells_(neighbours.cells), offsets_(neighbours.offsets), in_(spec.in), out_(spec.out), columns_(columns), copies_(copies(neighbours)) {
    std::vector<std::int64_t> shape(spec.sides.begin(), spec.sides.end());
    shape.insert(shape.end(), {in_, out_});
    kernel_ = build.kernel({spec.path + "/kernel", shape, Initial::lecun_normal(double(offsets_) * in_)}, in_, offsets_);
    bias_ = build.tensor({spec.path + "/bias", {out_}, Initial::zero()});
    build.flops(2.0 * cells_ * offsets_ * in_ * out_);
  }

  void forward(const Run<Real>& run, const Real* x, Real* y, kernels::Write write = kernels::Write::overwrite) const {
    kernels::network<Real>(run.device).dense(shape(run.rows), gathered(run, x, in_), kernel_.data(), bias_.data(), y, write);
  }
  void backward_weights(const Run<Real>& run, const Real* x, const Real* dy) const {
    kernels::network<Real>(run.device)
        .dense_weight_gradient(shape(run.rows), gathered(run, x, in_), dy, run.gradient_of(kernel_), run.gradient_of(bias_));
  }
  // Overwrites dx.
  void backward_input(const Run<Real>& run, const Real* dy, Real* dx) const {
    kernels::network<Real>(run.device)
        .dense({cells_, offsets_ * out_, in_, run.rows}, gathered(run, dy, out_), kernel_.adjoint(), static_cast<const Real*>(nullptr), dx,
               kernels::Write::overwrite);
  }

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

  kernels::DenseShape shape(int rows) const { return {cells_, offsets_ * in_, out_, rows}; }

  // [cells][offsets][width][B]
  const Real* gathered(const Run<Real>& run, const Real* x, int width) const {
    const std::size_t values = std::size_t(width) * run.rows, bytes = values * sizeof(Real);
    Real* columns = run.at(columns_);
    for (const Copy& copy : copies_) {
      kernels::memory(run.device)
          .copy_rows(columns + (std::size_t(copy.to) * offsets_ + copy.offset) * values, offsets_ * bytes, x + copy.from * values, bytes, bytes,
                     copy.cells);
    }
    return columns;
  }

  int cells_, offsets_, in_, out_;
  Weight<Real> kernel_, bias_;
  Slot columns_;
  std::vector<Copy> copies_;
};

}  // namespace qs
