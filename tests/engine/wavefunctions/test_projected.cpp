// A projected network: what a projector is, zeros by symmetry, derivatives by differences, and fewer evaluations for networks that have a part of the
// symmetry themselves.
#include "engine/wavefunctions/projected.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "fixtures.h"
#include "hamiltonians/registry.h"
#include "hamiltonians/symmetry/find_symmetry.h"

namespace qs {
namespace {

using Complex = std::complex<double>;

struct System {
  ProblemFamily family;
  std::shared_ptr<const SymmetrySector> symmetry;
};

System system_with(const SystemOptions& options, const SymmetryOptions& symmetry) {
  ProblemFamily family = build_family(options);
  auto sector = std::make_shared<const SymmetrySector>(find_symmetry(family, symmetry, options.sign_rule));
  return {std::move(family), std::move(sector)};
}

SystemOptions triangular() {
  SystemOptions options;
  options.lattice = {"triangular", {3, 4}, {}};
  options.sector = {SectorKind::spin_half, 0, 6, -1};
  options.model = "heisenberg";
  return options;
}

SystemOptions fermions() {
  SystemOptions options;
  options.lattice = {"square", {2, 3}, {}};
  options.sector = {SectorKind::spinful_fermions, 0, 2, 2};
  options.model = "hubbard";
  return options;
}

// Eight sites, C4v.
SystemOptions tilted_square() {
  SystemOptions options;
  options.lattice.kind = "square";
  options.lattice.torus = {{2, 2, 0}, {-2, 2, 0}};
  options.sector = {SectorKind::spin_half, 0, 4, -1};
  options.model = "heisenberg";
  return options;
}

ConfigurationBatch all_states(const Sector& sector) {
  ConfigurationBatch batch(sector.modes(), sector.dimension());
  for (std::int64_t i = 0; i < batch.rows(); ++i) *batch.row(i) = sector.state(i);
  return batch;
}

std::unique_ptr<Wavefunction> bare_rbm(int modes, Dtype dtype = Dtype::complex) {
  NetworkInput input;
  input.modes = input.sites = modes;
  return make_rbm({.alpha = 2, .dtype = dtype}, input, Precision::float64, Device::cpu);
}

std::vector<Complex> psi_of(const Wavefunction& psi, const ConfigurationBatch& batch) {
  std::vector<Complex> values = log_psi(psi, batch);
  for (Complex& value : values) value = std::isinf(value.real()) ? 0 : std::exp(value);
  return values;
}

// (P psi)(sigma) by the definition: every |sigma> goes to s_g(sigma) |g sigma>.
std::vector<Complex> projected(const System& system, const std::vector<Complex>& psi) {
  const Sector& sector = system.family.problems[0].sector;
  const SymmetrySector& symmetry = *system.symmetry;
  std::vector<Complex> result(psi.size());
  for (std::int64_t i = 0; i < sector.dimension(); ++i) {
    const Word state = sector.state(i);
    for (std::int64_t g = 0; g < symmetry.order(); ++g) {
      Word image = 0;
      const double sign = symmetry.apply(g, &state, &image);
      result[sector.index(image)] +=
          sign * std::conj(symmetry.elements()[g].character) * psi[i] * double(symmetry.dimension()) / double(symmetry.order());
    }
  }
  return result;
}

class ProjectedOn : public testing::TestWithParam<std::pair<SystemOptions, SymmetryOptions>> {
 protected:
  ProjectedOn() : system_(system_with(GetParam().first, GetParam().second)) {
    auto bare = bare_rbm(system_.family.modes());
    parameters_ = test::noisy_parameters(*bare, 0.1);
    bare->set_parameters(parameters_);
    bare_psi_ = psi_of(*bare, all_states(sector()));
    psi_ = std::make_unique<Projected>(std::move(bare), system_.symmetry, std::vector<std::vector<int>>{});
  }
  const Sector& sector() const { return system_.family.problems[0].sector; }

  System system_;
  std::vector<double> parameters_;
  std::vector<Complex> bare_psi_;
  std::unique_ptr<Projected> psi_;
};

TEST_P(ProjectedOn, IsTheProjectorAndTheProjectorIsOne) {
  const std::vector<Complex> once = psi_of(*psi_, all_states(sector()));
  const std::vector<Complex> expected = projected(system_, bare_psi_);
  EXPECT_LT(test::max_difference(once, expected), 1e-12 * test::max_abs(expected));
  EXPECT_LT(test::max_difference(projected(system_, once), once), 1e-12 * test::max_abs(once));
}

TEST_P(ProjectedOn, DerivativesAreThoseOfDifferences) {
  ConfigurationBatch batch(sector().modes(), 0);
  for (std::int64_t i = 0; batch.rows() < 5; i += 13) {
    const Word state = sector().state(i % sector().dimension());
    if (system_.symmetry->stabiliser(&state) != 0) batch.push_back(&state, 0);
  }
  const std::vector<double> rows = test::jacobian_of(*psi_, batch);
  const std::int64_t total = psi_->layout().total;
  for (std::int64_t k = 0; k < total; k += 7) {
    constexpr double step = 1e-5;
    std::vector<double> moved = parameters_;
    moved[k] += step;
    psi_->set_parameters(moved);
    const std::vector<Complex> above = log_psi(*psi_, batch);
    moved[k] -= 2 * step;
    psi_->set_parameters(moved);
    const std::vector<Complex> below = log_psi(*psi_, batch);
    for (std::int64_t i = 0; i < batch.rows(); ++i) {
      const Complex slope((above[i].real() - below[i].real()) / (2 * step), std::remainder(above[i].imag() - below[i].imag(), 2 * M_PI) / (2 * step));
      EXPECT_NEAR(rows[2 * i * total + k], slope.real(), 1e-5 * (1 + std::abs(slope)));
      EXPECT_NEAR(rows[(2 * i + 1) * total + k], slope.imag(), 1e-5 * (1 + std::abs(slope)));
    }
  }
  // vjp: sum of Re(conj(w) O).
  psi_->set_parameters(parameters_);
  const std::vector<Complex> weights = test::random_weights(batch.rows());
  const std::vector<double> gradient = test::vjp_of(*psi_, batch, weights);
  for (std::int64_t k = 0; k < total; ++k) {
    double expected = 0;
    for (std::int64_t i = 0; i < batch.rows(); ++i)
      expected += weights[i].real() * rows[2 * i * total + k] + weights[i].imag() * rows[(2 * i + 1) * total + k];
    EXPECT_NEAR(gradient[k], expected, 1e-10 * (1 + std::abs(expected)));
  }
}

// psi_s(g sigma) s_g(sigma) = conj(chi(g)) psi_s(sigma) for every g, if the irrep has one dimension.
TEST_P(ProjectedOn, ChangesByThePhaseOfEveryElement) {
  if (system_.symmetry->dimension() > 1) GTEST_SKIP() << "rows of several dimensions mix";
  const std::vector<Complex> psi = psi_of(*psi_, all_states(sector()));
  double worst = 0;
  for (std::int64_t i = 0; i < sector().dimension(); ++i) {
    const Word state = sector().state(i);
    for (std::int64_t g = 0; g < system_.symmetry->order(); ++g) {
      Word image = 0;
      const double sign = system_.symmetry->apply(g, &state, &image);
      worst = std::max(worst, std::abs(sign * psi[sector().index(image)] - std::conj(system_.symmetry->elements()[g].character) * psi[i]));
    }
  }
  EXPECT_LT(worst, 1e-12 * test::max_abs(psi));
}

// The mean over the group by its definition; weights |psi_s|^2 / mean are at most d^2, and their mean over the bare distribution is <psi|P|psi>.
TEST_P(ProjectedOn, WeightsOfTheBareDistributionAreBounded) {
  const ConfigurationBatch states = all_states(sector());
  const std::vector<Complex> psi = psi_of(*psi_, states);
  for (const double power : {2.0, 1.3}) {
    const std::vector<Projected::Inside> inside = psi_->inside(states, power);
    double largest = 0, projected = 0, whole = 0, bare = 0;
    for (std::int64_t i = 0; i < states.rows(); ++i) {
      double mean = 0;
      for (std::int64_t g = 0; g < system_.symmetry->order(); ++g) {
        Word image = 0;
        system_.symmetry->apply(g, states.row(i), &image);
        mean += std::pow(std::abs(bare_psi_[sector().index(image)]), power) / double(system_.symmetry->order());
      }
      ASSERT_NEAR(inside[i].log_mean, std::log(mean), 1e-10);
      EXPECT_EQ(inside[i].allowed, system_.symmetry->stabiliser(states.row(i)) != 0);
      largest = std::max(largest, std::norm(psi[i]) / mean);
      projected += std::norm(psi[i]);
      whole += std::exp(inside[i].log_mean);
      bare += std::norm(bare_psi_[i]);
    }
    if (power != 2) continue;
    EXPECT_LE(largest, std::pow(system_.symmetry->dimension(), 2) + 1e-12);
    EXPECT_NEAR(whole, bare, 1e-10 * bare);
    EXPECT_LT(projected, bare);
  }
}

TEST_P(ProjectedOn, ARowIsTheSameInAnyBatch) {
  const ConfigurationBatch batch = all_states(sector());
  const std::vector<Complex> together = log_psi(*psi_, batch);
  for (std::int64_t i = 0; i < batch.rows(); i += 11) EXPECT_EQ(log_psi(*psi_, test::one_row(batch, i))[0], together[i]);
}

INSTANTIATE_TEST_SUITE_P(Sectors, ProjectedOn,
                         testing::Values(std::pair(triangular(), SymmetryOptions{{0, 2}, "B", 1}),
                                         std::pair(triangular(), SymmetryOptions{.momentum = {1, 3}, .spin_inversion = -1}),
                                         std::pair(fermions(), SymmetryOptions{.momentum = {1, 1}}),
                                         std::pair(fermions(), SymmetryOptions{{0, 0}, "A1", -1}),
                                         std::pair(tilted_square(), SymmetryOptions{{0, 0}, "E"}),
                                         std::pair(tilted_square(), SymmetryOptions{{0, 0}, "B2"})));

// P P' = 0 of different irreps: of wave vectors, of one and of two dimensions, of parities.
TEST(Projected, ProjectorsOfDifferentIrrepsAreOrthogonal) {
  const auto left = [](const SystemOptions& options, const SymmetryOptions& first, const SymmetryOptions& second) {
    const System a = system_with(options, first), b = system_with(options, second);
    auto bare = bare_rbm(a.family.modes());
    bare->set_parameters(test::noisy_parameters(*bare, 0.1));
    const Projected psi(std::move(bare), a.symmetry, {});
    const std::vector<Complex> once = psi_of(psi, all_states(a.family.problems[0].sector));
    return test::max_abs(projected(b, once)) / test::max_abs(once);
  };
  EXPECT_LT(left(triangular(), {{0, 2}, "B", 1}, {{0, 2}, "A", 1}), 1e-12);
  EXPECT_LT(left(triangular(), {{0, 2}, "B", 1}, {{0, 2}, "B", -1}), 1e-12);
  EXPECT_LT(left(triangular(), {.momentum = {1, 0}}, {.momentum = {2, 0}}), 1e-12);  // k and -k
  EXPECT_LT(left(fermions(), {.momentum = {1, 1}}, {.momentum = {0, 1}}), 1e-12);
  EXPECT_LT(left(tilted_square(), {{0, 0}, "E"}, {{0, 0}, "A1"}), 1e-12);
  EXPECT_LT(left(tilted_square(), {{0, 0}, "B2"}, {{0, 0}, "E"}), 1e-12);
}

// Counted by enumeration: where a function of the sector must vanish.
TEST(Projected, ZerosBySymmetryAreExact) {
  const auto allowed = [](const SymmetryOptions& options) {
    const System system = system_with(triangular(), options);
    auto bare = bare_rbm(12);
    bare->set_parameters(test::noisy_parameters(*bare, 0.1));
    const Projected psi(std::move(bare), system.symmetry, {});
    const std::vector<Complex> values = log_psi(psi, all_states(system.family.problems[0].sector));
    return std::count_if(values.begin(), values.end(), [](Complex value) { return std::isfinite(value.real()); });
  };
  EXPECT_EQ(allowed({{0, 2}, "B", 1}), 820);
  EXPECT_EQ(allowed({{0, 2}, "A", 1}), 504);
  EXPECT_EQ(allowed({{0, 0}, "A", 1}), 924);
  EXPECT_EQ(allowed({.momentum = {1, 0}}), 918);
}

// One element of the group: nothing cancels. An odd sector of an even function: all of it does, and the sum is zero, not rounding.
TEST(Projected, SaysHowMuchOfTheSumIsLeft) {
  const ConfigurationBatch batch = all_states(Sector({SectorKind::spin_half, 12, 6}));
  const System nothing = system_with(triangular(), {});
  Projected whole(bare_rbm(12), nothing.symmetry, {});
  whole.set_parameters(test::noisy_parameters(whole, 0.1));
  for (const Projected::Inside& row : whole.inside(batch, 2)) EXPECT_NEAR(row.kappa, 1, 1e-15);
  const System odd = system_with(triangular(), {.spin_inversion = -1});
  Projected constant(bare_rbm(12), odd.symmetry, {});
  constant.set_parameters(std::vector<double>(constant.layout().total, 0.0));
  for (const Projected::Inside& row : constant.inside(batch, 2)) EXPECT_EQ(row.kappa, 0);
  for (const Complex value : log_psi(constant, batch)) EXPECT_EQ(value.real(), -INFINITY);
}

// Projectors of different irreps have nothing in common, and together are one.
TEST(Projected, SectorsAddUpToTheNetwork) {
  std::vector<Complex> sum(924);
  auto bare = bare_rbm(12);
  const std::vector<double> parameters = test::noisy_parameters(*bare, 0.1);
  bare->set_parameters(parameters);
  for (int x = 0; x < 3; ++x) {
    for (int y = 0; y < 4; ++y) {
      const System system = system_with(triangular(), {.momentum = {x, y}});
      Projected psi(bare_rbm(12), system.symmetry, {});
      psi.set_parameters(parameters);
      const std::vector<Complex> part = psi_of(psi, all_states(system.family.problems[0].sector));
      for (std::size_t i = 0; i < sum.size(); ++i) sum[i] += part[i];
    }
  }
  const std::vector<Complex> whole = psi_of(*bare, all_states(Sector({SectorKind::spin_half, 12, 6})));
  EXPECT_LT(test::max_difference(sum, whole), 1e-12 * test::max_abs(whole));
}

// Patches of 1 x 2 cells: six shifts are the network's own, and of 48 elements 8 are left.
TEST(Projected, ANetworkWithAPartOfTheSymmetryIsAskedLess) {
  const System system = system_with(triangular(), {{0, 2}, "B", 1});
  NetworkInput input;
  input.modes = input.sites = 12;
  input.lattice_size = {3, 4};
  input.translations = test::steps_on({3, 4}, 1);
  const auto vit = [&](std::vector<int> patch) {
    return make_vit({.patch = std::move(patch), .layers = 1, .d_model = 6, .heads = 3, .attention = VitAttention::factored, .couplings = {}}, input,
                    Precision::float64, Device::cpu);
  };
  const auto shift = [](int x, int y) {
    std::vector<int> image;
    for (int site = 0; site < 12; ++site) image.push_back((site / 4 + x) % 3 * 4 + (site % 4 + y) % 4);
    return image;
  };
  Projected few(vit({1, 2}), system.symmetry, {shift(1, 0), shift(0, 2)}), all(vit({1, 2}), system.symmetry, {});
  EXPECT_EQ(few.evaluations(), 8);
  EXPECT_EQ(all.evaluations(), 48);
  const std::vector<double> parameters = test::noisy_parameters(few);
  few.set_parameters(parameters);
  all.set_parameters(parameters);
  const ConfigurationBatch states = all_states(system.family.problems[0].sector);
  const std::vector<Complex> expected = psi_of(all, states);
  EXPECT_LT(test::max_difference(psi_of(few, states), expected), 1e-12 * test::max_abs(expected));
  // Patches of 1 x 1 cells have no wave vector but 0.
  EXPECT_THAT(
      [&] {
        Projected(vit({1, 1}), system.symmetry, {shift(1, 0), shift(0, 1)});
      },
      testing::ThrowsMessage<SymmetryError>(testing::HasSubstr("symmetry.momentum needs patch shifts that the network cannot carry")));
}

// Fermions: signs differ from configuration to configuration, the network's invariance does not.
TEST(Projected, ANetworkOfFermionsWithAPartOfTheSymmetryIsAskedLess) {
  SystemOptions options;
  options.lattice = {"square", {3, 4}, {}};
  options.sector = {SectorKind::spinless_fermions, 0, 6, -1};
  options.model = "tv";
  for (const SymmetryOptions& symmetry : {SymmetryOptions{.momentum = {0, 2}}, SymmetryOptions{{0, 0}, "A1"}, SymmetryOptions{.momentum = {1, 1}}}) {
    const System system = system_with(options, symmetry);
    NetworkInput input;
    input.modes = input.sites = 12;
    input.lattice_size = {3, 4};
    input.translations = test::steps_on({3, 4}, 1);
    const auto vit = [&] {
      return make_vit({.patch = {1, 2}, .layers = 1, .d_model = 6, .heads = 3, .attention = VitAttention::factored, .couplings = {}}, input,
                      Precision::float64, Device::cpu);
    };
    std::vector<int> along_x(12), along_y(12);
    for (int site = 0; site < 12; ++site) {
      along_x[site] = (site + 4) % 12;
      along_y[site] = site / 4 * 4 + (site + 2) % 4;
    }
    Projected few(vit(), system.symmetry, {along_x, along_y}), all(vit(), system.symmetry, {});
    EXPECT_EQ(6 * few.evaluations(), all.evaluations());
    const std::vector<double> parameters = test::noisy_parameters(few);
    few.set_parameters(parameters);
    all.set_parameters(parameters);
    const ConfigurationBatch states = all_states(system.family.problems[0].sector);
    const std::vector<Complex> expected = psi_of(all, states);
    EXPECT_GT(test::max_abs(expected), 0);
    EXPECT_LT(test::max_difference(psi_of(few, states), expected), 1e-12 * test::max_abs(expected));
  }
}

TEST(Projected, RealNetworksStayRealInRealSectors) {
  const System real = system_with(triangular(), {{0, 2}, "B", 1}), complex = system_with(triangular(), {.momentum = {1, 0}});
  EXPECT_EQ(Projected(bare_rbm(12, Dtype::real), real.symmetry, {}).jacobian_mode(), JacobianMode::real_log);
  EXPECT_EQ(Projected(bare_rbm(12, Dtype::real), complex.symmetry, {}).jacobian_mode(), JacobianMode::complex_log);
}

}  // namespace
}  // namespace qs
