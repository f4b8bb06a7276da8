#include <gtest/gtest.h>

#include "engine/wavefunctions/layers/convolution.h"
#include "tests/engine/wavefunctions/fixtures.h"

namespace qs {
namespace {

using namespace qs::test;

// y[x][y] = b + sum_{dx, dy} x[x + dx][y + dy] W_{dx, dy} on a 3x4 torus with a kernel of 3x3.
TEST(Convolution, IsTheSumOverNeighbours) {
  constexpr int lx = 3, ly = 4, in = 2, out = 3;
  std::vector<TensorSpec> specs;
  Convolution<double>::declare(specs, "c", {3, 3}, in, out);
  const ParameterLayout layout = layout_of(specs);
  ASSERT_EQ(layout.find("c/kernel")->shape, (std::vector<std::int64_t>{3, 3, in, out}));
  std::vector<double> p(layout.total);
  for (std::size_t k = 0; k < p.size(); ++k) p[k] = std::sin(1.0 + static_cast<double>(k));
  const double *kernel = p.data() + layout.find("c/kernel")->offset, *bias = p.data() + layout.find("c/bias")->offset;

  for (const Device device : {Device::reference, Device::cpu}) {
    const Lanes lanes{device, 16};
    Convolution<double> layer({layout, device}, "c", in, neighbourhood(spins_on({lx, ly}), 3));
    layer.load(p);
    std::vector<double> x(std::size_t(lx) * ly * in * lanes.rows);
    for (std::size_t k = 0; k < x.size(); ++k) x[k] = std::cos(static_cast<double>(k));
    Buffer<double> from = buffer_of(device, x), y(device, std::size_t(lx) * ly * out * lanes.rows), scratch(device, layer.scratch_values(lanes.rows));

    layer.forward(lanes, from.data(), y.data(), kernels::Write::overwrite, {scratch.data(), scratch.size()});

    for (int p0 = 0; p0 < lx * ly; ++p0) {
      for (int o = 0; o < out; ++o) {
        for (int b = 0; b < lanes.rows; ++b) {
          double expected = bias[o];
          for (int k = 0; k < 9; ++k) {
            const int q = (p0 / ly + k / 3 - 1 + lx) % lx * ly + (p0 % ly + k % 3 - 1 + ly) % ly;
            for (int i = 0; i < in; ++i) expected += x[(q * in + i) * lanes.rows + b] * kernel[(k * in + i) * out + o];
          }
          ASSERT_NEAR(y.data()[(p0 * out + o) * lanes.rows + b], expected, 1e-13);
        }
      }
    }
  }
}

}  // namespace
}  // namespace qs
