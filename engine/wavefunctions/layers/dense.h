// y = x W + b on every token.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "engine/wavefunctions/layers/layer.h"

namespace qs {

template <class Real>
class Dense {
 public:
  // Kernel [in, out] and bias [out], which attention layers store under split shapes; bias_path may be empty (no bias).
  Dense(const Tensors& tensors, const std::string& kernel_path, const std::string& bias_path, int in)
      : kernel_(tensors, kernel_path),
        in_(in),
        out_(static_cast<int>(kernel_.count() / in)),
        transposed_(tensors.device, static_cast<std::size_t>(kernel_.count())) {
    QS_ASSERT(kernel_.count() == static_cast<std::int64_t>(in_) * out_);
    if (!bias_path.empty()) bias_.emplace(tensors, bias_path);
  }
  Dense(const Tensors& tensors, const std::string& path, int in) : Dense(tensors, path + "/kernel", path + "/bias", in) {}

  static void declare(std::vector<TensorSpec>& specs, const std::string& path, int in, int out, Initial kernel) {
    specs.push_back({path + "/kernel", {in, out}, kernel});
    specs.push_back({path + "/bias", {out}, Initial::zero()});
  }

  void load(std::span<const double> parameters) {
    kernel_.load(parameters);
    if (bias_) bias_->load(parameters);
    const std::span<const double> kernel = kernel_.of(parameters);
    std::vector<Real> transposed(kernel.size());
    for (int i = 0; i < in_; ++i) {
      for (int o = 0; o < out_; ++o) transposed[o * in_ + i] = static_cast<Real>(kernel[i * out_ + o]);
    }
    transposed_.upload(transposed.data(), transposed.size());
  }

  void forward(Lanes lanes, int tokens, const Real* x, Real* y, kernels::Write write = kernels::Write::overwrite) const {
    kernels::network<Real>(lanes.device).dense({tokens, in_, out_, lanes.rows}, x, kernel_.data(), weights().bias, y, write);
  }
  kernels::DenseWeights<Real> weights() const { return {kernel_.data(), bias_ ? bias_->data() : nullptr}; }
  void backward_weights(Lanes lanes, int tokens, const Real* x, const Real* dy, const Gradient<Real>& gradient) const {
    kernels::network<Real>(lanes.device)
        .dense_weight_gradient({tokens, in_, out_, lanes.rows}, x, dy, gradient.at(kernel_.offset()),
                               bias_ ? gradient.at(bias_->offset()) : gradient.none());
  }
  // dx (+)= dy W^T
  void backward_input(Lanes lanes, int tokens, const Real* dy, Real* dx, kernels::Write write = kernels::Write::overwrite) const {
    kernels::network<Real>(lanes.device).dense({tokens, out_, in_, lanes.rows}, dy, transposed_.data(), static_cast<const Real*>(nullptr), dx, write);
  }

  int in() const { return in_; }
  int out() const { return out_; }
  double flops(int tokens) const { return 2.0 * tokens * in_ * out_; }

 private:
  Weight<Real> kernel_;
  std::optional<Weight<Real>> bias_;
  int in_;
  int out_;
  Buffer<Real> transposed_;
};

}  // namespace qs
