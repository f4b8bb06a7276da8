// y = x W + b on every token.
#pragma once

#include <optional>
#include <string>

#include "engine/wavefunctions/layers/layer.h"

namespace qs {

// Tensors of a dense layer: kernel [in, out] and bias [out], perhaps stored with more axes.
struct DenseSpec {
  int in;
  TensorSpec kernel;
  std::optional<TensorSpec> bias;
};

inline DenseSpec dense_spec(const std::string& path, int in, int out, Initial kernel) {
  return {in, {path + "/kernel", {in, out}, kernel}, TensorSpec{path + "/bias", {out}, Initial::zero()}};
}
inline DenseSpec lecun_dense(const std::string& path, int in, int out) { return dense_spec(path, in, out, Initial::lecun_normal(in)); }
inline DenseSpec xavier_dense(const std::string& path, int in, int out) { return dense_spec(path, in, out, Initial::xavier_uniform(in, out)); }

template <class Real>
class Dense {
 public:
  Dense(const Builder<Real>& build, const DenseSpec& spec, int tokens)
      : kernel_(build.kernel(spec.kernel, spec.in)),
        bias_(spec.bias ? build.tensor(*spec.bias) : Weight<Real>()),
        tokens_(tokens),
        in_(spec.in),
        out_(kernel_.count() / spec.in) {
    build.flops(2.0 * tokens_ * in_ * out_);
  }

  void forward(const Run<Real>& run, const Real* x, Real* y, kernels::Write write = kernels::Write::overwrite) const {
    kernels::network<Real>(run.device).dense({tokens_, in_, out_, run.rows}, x, kernel_.data(), bias_.data(), y, write);
  }
  void backward_weights(const Run<Real>& run, const Real* x, const Real* dy) const {
    kernels::network<Real>(run.device).dense_weight_gradient({tokens_, in_, out_, run.rows}, x, dy, run.gradient_of(kernel_), run.gradient_of(bias_));
  }
  // dx (+)= dy W^T
  void backward_input(const Run<Real>& run, const Real* dy, Real* dx, kernels::Write write = kernels::Write::overwrite) const {
    kernels::network<Real>(run.device).dense({tokens_, out_, in_, run.rows}, dy, kernel_.adjoint(), static_cast<const Real*>(nullptr), dx, write);
  }

  kernels::DenseWeights<Real> weights() const { return {kernel_.data(), bias_.data()}; }
  int in() const { return in_; }
  int out() const { return out_; }

 private:
  Weight<Real> kernel_, bias_;
  int tokens_, in_, out_;
};

}  // namespace qs
