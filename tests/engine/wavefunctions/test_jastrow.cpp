#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "engine/base/error.h"
#include "engine/wavefunctions/jastrow.h"
#include "engine/wavefunctions/registry.h"
#include "tests/engine/wavefunctions/fixtures.h"

namespace qs {
namespace {

using namespace qs::test;

std::unique_ptr<Wavefunction> jastrow_on(const NetworkInput& input, Dtype dtype = Dtype::real) {
  return make({"", JastrowOptions{.dtype = dtype}, input});
}

std::int64_t pairs_of(const NetworkInput& input) { return jastrow_on(input)->layout().find("pair")->count; }
std::int64_t fields_of(const NetworkInput& input) { return jastrow_on(input)->layout().find("field")->count; }

// log psi = sum_{i<j} w_d s_i s_j + h sum_i s_i with the distance d = 1, 2, 3 around a ring of seven.
TEST(Jastrow, IsTheSumOverPairsByDistance) {
  const NetworkInput ring = spins_on({7});
  const auto psi = jastrow_on(ring, Dtype::complex);
  const std::vector<double> p = noisy_parameters(*psi);
  psi->set_parameters(p);
  const ConfigurationBatch batch = random_batch(ring, 9);
  const auto value = [&](const char* path, int k) {
    const auto part = [&](const char* suffix) { return p[psi->layout().find(std::string(path) + suffix)->offset + k]; };
    return std::complex<double>(part("_re"), part("_im"));
  };

  const auto found = log_psi(*psi, batch);

  for (std::int64_t r = 0; r < batch.rows(); ++r) {
    const auto spin = [&](int i) { return test_bit(batch.row(r), i) ? 1.0 : -1.0; };
    std::complex<double> expected = 0;
    for (int i = 0; i < 7; ++i) {
      expected += value("field", 0) * spin(i);
      for (int j = i + 1; j < 7; ++j) expected += value("pair", std::min(j - i, 7 - j + i) - 1) * spin(i) * spin(j);
    }
    EXPECT_LT(std::abs(found[r] - expected), 1e-13) << r;
  }
}

// Distances 1..L/2; both spins: within a spin as before, between them all L; two sites per cell likewise. With ends, or on a graph, all pairs.
TEST(Jastrow, HasOneParameterPerClassOfPairs) {
  NetworkInput graph = spins_on({5});
  graph.translations.clear();

  EXPECT_EQ(pairs_of(spins_on({8})), 4);
  EXPECT_EQ(fields_of(spins_on({8})), 1);
  EXPECT_EQ(pairs_of(spinful(spins_on({5}))), 2 + 2 + 5);
  EXPECT_EQ(fields_of(spinful(spins_on({5}))), 2);
  EXPECT_EQ(pairs_of(spins_on({5}, 2)), 2 + 2 + 5);
  EXPECT_EQ(pairs_of(spins_on({4, 4})), 9);  // the 15 displacements, of which three are their own opposites
  EXPECT_EQ(pairs_of(spins_on_tilted_torus()), 5);
  EXPECT_EQ(pairs_of(graph), 10);
  EXPECT_EQ(fields_of(graph), 5);
}

TEST(Jastrow, TellsItsTranslationsWhereTheLatticeClosesOnItself) {
  EXPECT_EQ(invariant_translations(JastrowOptions{}, spins_on({4, 6})), (std::vector<int>{1, 1}));
  EXPECT_EQ(invariant_translations(JastrowOptions{}, without_first_translation(spins_on({3, 2}))), std::vector<int>{});
}

TEST(Jastrow, OfOneModeIsRefused) { EXPECT_THROW(jastrow_on(spins_on({1})), InputError); }

}  // namespace
}  // namespace qs
