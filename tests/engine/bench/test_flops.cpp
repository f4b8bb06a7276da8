// Operation counts against closed formulas and against loops that count.
#include "engine/bench/flops.h"

#include <gtest/gtest.h>

#include "engine/wavefunctions/rbm.h"
#include "engine/wavefunctions/registry.h"
#include "engine/wavefunctions/vit.h"

namespace qs {
namespace {

NetworkInput square(int length) {
  return {.modes = length * length, .sites = length * length, .lattice_size = {length, length}, .basis = 1, .feature_names = {}, .features = {{}}};
}

// 10x10 in 2x2 patches: T = 25 tokens of 4 entries, D = 60, 4 layers with V and W [D, D], mixing [T, T] on D features, 4 D hidden; head 2 [D, D].
TEST(Flops, TheReferenceVitTakesSevenPointFiveMegaflop) {
  const auto psi =
      make_wavefunction(VitOptions{.patch = {2, 2}, .layers = 4, .d_model = 60, .heads = 10, .attention = VitAttention::factored, .couplings = {}},
                        square(10), Precision::float32, Device::cpu);
  const double T = 25, D = 60;
  const double layer = 2 * (2 * T * D * D) + 2 * T * T * D + 2 * (2 * T * D * 4 * D);

  EXPECT_EQ(psi->layout().total, 155620);
  EXPECT_EQ(psi->flops_per_evaluation(), 2 * T * 4 * D + 4 * layer + 2 * (2 * D * D));
  EXPECT_NEAR(psi->flops_per_evaluation(), 7.53e6, 0.005e6);
}

TEST(Flops, ABackwardPassCostsTwoForwardPasses) {
  const auto complex = make_wavefunction(RbmOptions{.alpha = 2, .dtype = Dtype::complex}, square(4), Precision::float64, Device::cpu);
  const auto real = make_wavefunction(RbmOptions{.alpha = 2, .dtype = Dtype::real}, square(4), Precision::float64, Device::cpu);
  const double F = complex->flops_per_evaluation(), G = real->flops_per_evaluation();

  EXPECT_GE(G, 2 * 16 * 32);
  EXPECT_EQ(flops::vjp(*complex), 3 * F);
  EXPECT_EQ(flops::jacobian(*complex), 5 * F);  // rows of Re and Im
  EXPECT_EQ(flops::jacobian(*real), 3 * G);
}

TEST(Flops, DenseAlgebraIsCountedAsItsLoopsRun) {
  const int m = 3, n = 7, k = 5;
  double gemm = 0, gram = 0, cholesky = 0;
  for (int i = 0; i < m; ++i) {
    for (int j = 0; j < n; ++j) gemm += 2 * k;
  }
  for (int i = 0; i < n; ++i) {
    for (int j = 0; j <= i; ++j) {
      gram += 2 * k;
      cholesky += 2 * j + 1;  // sum over p < j of L_ip L_jp, subtracted; then one quotient or root
    }
  }

  EXPECT_EQ(flops::gemm(m, n, k), gemm);
  EXPECT_EQ(flops::gram(n, k), gram);
  EXPECT_EQ(flops::cholesky(n), cholesky);
}

}  // namespace
}  // namespace qs
