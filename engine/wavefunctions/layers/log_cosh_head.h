// Complex output of a real network: log psi = sum_d log_cosh(LN(W0 z + b0) + i LN(W1 z + b1)), z = LN(sum_p x_p); without the imaginary part, a
// positive psi. The sum over features is accumulated in float64.
#pragma once

#include <array>
#include <string>
#include <vector>

#include "engine/wavefunctions/layers/dense.h"
#include "engine/wavefunctions/layers/layer_norm.h"

namespace qs {

enum class HeadParts { real = 1, complex = 2 };

template <class Real>
class LogCoshHead {
 public:
  struct Saved {
    Real* sum;
    typename LayerNorm<Real>::Saved sum_norm;
    Real* z;
    Real* projected;  // before the norms, not needed by backward
    std::array<typename LayerNorm<Real>::Saved, 2> part_norm;
    std::array<Real*, 2> part{};  // Re u, Im u
  };

  LogCoshHead(const Tensors& tensors, const std::string& path, int tokens, int width, HeadParts parts)
      : tokens_(tokens), width_(width), parts_(static_cast<int>(parts)), norm_(tensors, path + "/out_layer_norm") {
    for (int part = 0; part < parts_; ++part) {
      project_.emplace_back(tensors, path + projections[part], width);
      part_norm_.emplace_back(tensors, path + norms[part]);
    }
  }

  static void declare(std::vector<TensorSpec>& specs, const std::string& path, int width, HeadParts parts) {
    LayerNorm<Real>::declare(specs, path + "/out_layer_norm", width);
    for (int part = 0; part < static_cast<int>(parts); ++part) {
      Dense<Real>::declare(specs, path + projections[part], width, width, Initial::xavier_uniform(width, width));
      LayerNorm<Real>::declare(specs, path + norms[part], width);
    }
  }

  void load(std::span<const double> parameters) {
    norm_.load(parameters);
    for (int part = 0; part < parts_; ++part) {
      project_[part].load(parameters);
      part_norm_[part].load(parameters);
    }
  }

  Saved carve(Arena<Real>& arena, int rows) const {
    Saved saved;
    saved.sum_norm = norm_.carve(arena, 1, rows);
    for (int part = 0; part < parts_; ++part) {
      saved.part_norm[part] = part_norm_[part].carve(arena, 1, rows);
      saved.part[part] = arena.take(values(rows));
    }
    for (Real** piece : {&saved.sum, &saved.z, &saved.projected}) *piece = arena.take(values(rows));
    return saved;
  }

  void forward(Lanes lanes, const Real* x, const Saved& saved, double* re, double* im) const {
    kernels::network<Real>(lanes.device).sum_tokens(tokens_, width_, lanes.rows, x, saved.sum);
    norm_.forward(lanes, 1, saved.sum, saved.z, saved.sum_norm);
    for (int part = 0; part < parts_; ++part) {
      project_[part].forward(lanes, 1, saved.z, saved.projected);
      part_norm_[part].forward(lanes, 1, saved.projected, saved.part[part], saved.part_norm[part]);
    }
    if (parts_ == 1) kernels::clear(lanes.device, im, lanes.rows * sizeof(double));
    kernels::network<Real>(lanes.device)
        .log_cosh_sum(width_, lanes.rows, saved.part[0], saved.part[1], re, parts_ == 2 ? im : nullptr, kernels::Write::overwrite);
  }

  std::size_t scratch_values(int rows) const { return 5 * values(rows) + norm_.scratch_values(rows); }
  // Overwrites dx.
  void backward(Lanes lanes, const Saved& saved, const Real* wre, const Real* wim, Real* dx, Arena<Real> scratch,
                const Gradient<Real>& gradient) const {
    std::array<Real*, 2> du{};
    for (int part = 0; part < parts_; ++part) du[part] = scratch.take(values(lanes.rows));
    Real* dprojected = scratch.take(values(lanes.rows));
    Real* dz = scratch.take(values(lanes.rows));
    Real* dsum = scratch.take(values(lanes.rows));
    kernels::network<Real>(lanes.device)
        .log_cosh_backward(width_, lanes.rows, saved.part[0], saved.part[1], wre, parts_ == 2 ? wim : nullptr, du[0], du[1]);
    for (int part = 0; part < parts_; ++part) {
      part_norm_[part].backward(lanes, 1, du[part], saved.part_norm[part], dprojected, kernels::Write::overwrite, scratch, gradient);
      project_[part].backward_weights(lanes, 1, saved.z, dprojected, gradient);
      project_[part].backward_input(lanes, 1, dprojected, dz, part == 0 ? kernels::Write::overwrite : kernels::Write::accumulate);
    }
    norm_.backward(lanes, 1, dz, saved.sum_norm, dsum, kernels::Write::overwrite, scratch, gradient);
    kernels::network<Real>(lanes.device).broadcast_tokens(tokens_, width_, lanes.rows, dsum, dx, kernels::Write::overwrite);
  }

  double flops() const { return parts_ * project_[0].flops(1); }

 private:
  // As the published network names them.
  static constexpr std::array<const char*, 2> projections = {"/output_layer0", "/output_layer1"}, norms = {"/norm2", "/norm3"};

  std::size_t values(int rows) const { return std::size_t(width_) * rows; }

  int tokens_;
  int width_;
  int parts_;
  LayerNorm<Real> norm_;
  std::vector<Dense<Real>> project_;
  std::vector<LayerNorm<Real>> part_norm_;
};

}  // namespace qs
