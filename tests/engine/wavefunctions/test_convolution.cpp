#include <gtest/gtest.h>

#include "engine/wavefunctions/layers/convolution.h"
#include "tests/engine/wavefunctions/fixtures.h"

namespace qs {
namespace {

using namespace qs::test;

// y[x][y] = b + sum_{dx, dy} x[x + dx][y + dy] W_{dx, dy} on a 3x4 torus with a kernel of 3x3.
TEST(Convolution, IsTheSumOverNeighbours) {
  constexpr int lx = 3, ly = 4, in = 2, out = 3;
  const Neighbourhood cells = neighbourhood(spins_on({lx, ly}), 3);

  for (const Device device : {Device::reference, Device::cpu}) {
    Blueprint<double> blueprint(device);
    const Builder<double> build = blueprint.layer();
    const Slot inputs = build.keep(std::size_t(lx) * ly * in), outputs = build.keep(std::size_t(lx) * ly * out);
    const Convolution<double> layer(build, {"c", {3, 3}, in, out}, cells, build.scratch(Convolution<double>::copied(cells, out)));
    blueprint.finish();
    const ParameterLayout& layout = blueprint.layout();
    ASSERT_EQ(layout.find("c/kernel")->shape, (std::vector<std::int64_t>{3, 3, in, out}));
    std::vector<double> p(layout.total);
    for (std::size_t k = 0; k < p.size(); ++k) p[k] = std::sin(1.0 + static_cast<double>(k));
    const double *kernel = p.data() + layout.find("c/kernel")->offset, *bias = p.data() + layout.find("c/bias")->offset;
    blueprint.load(p);
    constexpr int rows = 16;
    Buffer<double> memory(device, blueprint.memory().all(Pass::evaluate) * rows);
    const qs::Run<double> run{device, rows, Pass::evaluate, memory.data(), memory.data() + blueprint.memory().kept(Pass::evaluate) * rows, {}};
    double *x = run.at(inputs), *y = run.at(outputs);
    for (int k = 0; k < lx * ly * in * rows; ++k) x[k] = std::cos(static_cast<double>(k));

    layer.forward(run, x, y);

    for (int p0 = 0; p0 < lx * ly; ++p0) {
      for (int o = 0; o < out; ++o) {
        for (int b = 0; b < rows; ++b) {
          double expected = bias[o];
          for (int k = 0; k < 9; ++k) {
            const int q = (p0 / ly + k / 3 - 1 + lx) % lx * ly + (p0 % ly + k % 3 - 1 + ly) % ly;
            for (int i = 0; i < in; ++i) expected += x[(q * in + i) * rows + b] * kernel[(k * in + i) * out + o];
          }
          ASSERT_NEAR(y[(p0 * out + o) * rows + b], expected, 1e-13);
        }
      }
    }
  }
}

}  // namespace
}  // namespace qs
