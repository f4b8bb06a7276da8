// Stochastic gradient descent with heavy-ball momentum, Polyak, USSR Comput. Math. Math. Phys. 4, 1 (1964): m = mu m + g, d = m.
#include <utility>

#include "engine/optimize/gradient_descent.h"
#include "engine/optimize/optimizer_entry.h"

namespace qs {
namespace {

class Sgd final : public GradientDescent {
 public:
  Sgd(OptimizerOptions options, std::int64_t parameters) : GradientDescent(std::move(options), parameters, {"momentum"}) {}

 private:
  std::vector<double> direction(const Tangent&, std::span<const double> gradient, OptimizerState& next) const override {
    std::vector<double>& momentum = next.buffers.at("momentum");
    for (std::size_t k = 0; k < gradient.size(); ++k) momentum[k] = options().momentum * momentum[k] + gradient[k];
    return momentum;
  }
};

}  // namespace

OptimizerEntry sgd_entry() {
  Options<OptimizerOptions> options = common_options({.kind = OptimizerKind::sgd, .lr = {1e-2, 1e-2, 0}});
  options.number("mu", &OptimizerOptions::momentum, {0, 1, false, true, 0}, "momentum: the share of earlier gradients that is kept");
  return {"sgd", "gradient descent, with momentum", std::move(options), [](const OptimizerOptions& chosen, std::int64_t parameters) {
            return std::unique_ptr<Optimizer>(std::make_unique<Sgd>(chosen, parameters));
          }};
}

}  // namespace qs
