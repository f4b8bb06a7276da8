// The Lanczos step against published-precision numbers of four states, against matrices, and against its definition.
#include <gtest/gtest.h>

#include <cmath>
#include <memory>
#include <random>

#include "engine/energy/krylov_space.h"
#include "engine/energy/lanczos_step.h"
#include "engine/sampling/sampler.h"
#include "exact.h"
#include "guides.h"

namespace qs {
namespace {

using namespace testing_guides;  // NOLINT: systems of the tests
using Complex = std::complex<double>;
using Vector = Eigen::VectorXcd;

constexpr double digits = 2e-9;  // of the numbers of the guides

// H in the sector, out of Kronecker and Jordan-Wigner products, and psi of norm 1.
struct Dense {
  Dense(const ProblemFamily& family, const std::vector<Complex>& log_psi) : psi(static_cast<Eigen::Index>(log_psi.size())) {
    const Sector& sector = family.problems[0].sector;
    full = test::operator_matrix(family.hamiltonian, family.problems[0].couplings).cast<Complex>();
    states.resize(log_psi.size());
    for (std::size_t i = 0; i < log_psi.size(); ++i) {
      states[i] = static_cast<Eigen::Index>(sector.state(static_cast<std::int64_t>(i)));
      psi(static_cast<Eigen::Index>(i)) = std::exp(log_psi[i]);
    }
    psi.normalize();
  }
  Vector apply(const Vector& x) const {
    Vector wide = Vector::Zero(full.rows());
    for (std::size_t i = 0; i < states.size(); ++i) wide(states[i]) = x(static_cast<Eigen::Index>(i));
    const Vector result = full * wide;
    Vector out(x.size());
    for (std::size_t i = 0; i < states.size(); ++i) out(static_cast<Eigen::Index>(i)) = result(states[i]);
    return out;
  }
  test::ComplexSparse full;
  std::vector<Eigen::Index> states;
  Vector psi;
};

// E(alpha) = (h1 + 2 alpha h2 + alpha^2 h3)/(1 + 2 alpha h1 + alpha^2 h2) at the lower of its two stationary points.
struct Quadratic {
  explicit Quadratic(const Dense& dense) {
    const Vector once = dense.apply(dense.psi);
    h1 = dense.psi.dot(once).real();
    h2 = once.squaredNorm();
    h3 = once.dot(dense.apply(once)).real();
    const double a = h1 * h3 - h2 * h2, b = h3 - h1 * h2, c = h2 - h1 * h1;
    for (const double sign : {-1.0, 1.0}) {
      const double root = (-b + sign * std::sqrt(b * b - 4 * a * c)) / (2 * a);
      if (energy_at(root) < energy) {
        energy = energy_at(root);
        alpha = root;
      }
    }
  }
  double energy_at(double t) const { return (h1 + 2 * t * h2 + t * t * h3) / (1 + 2 * t * h1 + t * t * h2); }
  double h1, h2, h3, alpha = 0, energy = 1e300;
};

// All states of the sector as two chains, each the whole of |psi|^2: then sampling has no error, and both halves find the same alpha.
SampleSet all_states_twice(const ProblemFamily& family, const TableWavefunction& psi) {
  const auto comm = self_communicator();
  SampleSet samples = make_exact_sum(family, *comm)->sample(psi);
  const auto states = samples.rows.rows();
  SampleSet twice = samples;
  twice.rows = ConfigurationBatch(family.modes(), 0);
  twice.log_psi.clear();
  twice.weight.clear();
  for (int chain = 0; chain < 2; ++chain) {
    for (std::int64_t i = 0; i < states; ++i) {
      if (samples.weight[i] == 0) continue;  // chains do not go there
      twice.rows.push_back(samples.rows.row(i), 0);
      twice.log_psi.push_back(samples.log_psi[i]);
      twice.weight.push_back(samples.weight[i] / 2);
    }
  }
  twice.markov = true;
  twice.total_rows = twice.rows.rows();
  twice.samples_per_chain = twice.total_rows / 2;
  return twice;
}

class Guides : public ::testing::TestWithParam<int> {
 protected:
  Guides() : guide_(guides()[GetParam()]), psi_(guide_.family, {guide_.log_psi}) {}
  // Once for all tests of a guide: 65536 states.
  const Dense& dense() const {
    static std::map<std::string, std::unique_ptr<Dense>> all;
    std::unique_ptr<Dense>& mine = all[guide_.name];
    if (!mine) mine = std::make_unique<Dense>(guide_.family, guide_.log_psi);
    return *mine;
  }
  Guide guide_;
  TableWavefunction psi_;
};

TEST_P(Guides, OneAndTwoStepsOverTheWholeBasis) {
  const auto comm = self_communicator();
  const SampleSet samples = make_exact_sum(guide_.family, *comm)->sample(psi_);
  const KrylovSpace space = krylov_spaces(*comm, guide_.family, samples, 2)[0];
  const Known& known = guide_.known;
  EXPECT_NEAR(space.diagonal[0], known.energy, digits);
  EXPECT_NEAR(space.coupling[0] * space.coupling[0], known.variance, digits);
  EXPECT_NEAR(space.skewness(), known.mu, digits);
  const KrylovSpace::State one = space.lowest(1), two = space.lowest(2);
  const double x = one.coefficients[1] / one.coefficients[0];
  EXPECT_NEAR(x, known.x, digits);
  EXPECT_NEAR(LanczosStep{.linear = x}.alpha({space.diagonal[0], space.coupling[0]}), known.alpha, digits);
  EXPECT_NEAR(one.energy, known.after, digits);
  EXPECT_NEAR(one.variance, known.variance_after, digits);
  EXPECT_NEAR(two.energy, known.after_two, digits);
  EXPECT_NEAR(two.variance, known.variance_after_two, digits);
  EXPECT_LT(one.energy, space.diagonal[0]);

  const Dense& dense = this->dense();
  const Quadratic quadratic(dense);
  EXPECT_NEAR(one.energy, quadratic.energy, 1e-10);
  EXPECT_NEAR(known.alpha, quadratic.alpha, digits);
  const Vector after = (dense.psi + quadratic.alpha * dense.apply(dense.psi)).normalized();
  double zeros = 0;
  int count = 0;
  for (Eigen::Index i = 0; i < after.size(); ++i) {
    if (dense.psi(i) != 0.0) continue;
    ++count;
    zeros += std::norm(after(i));
  }
  EXPECT_EQ(count, known.zeros);
  EXPECT_NEAR(one.zeros, zeros, 1e-12);
  EXPECT_NEAR(zeros, known.weight_on_zeros, 0.02 * known.weight_on_zeros);
}

TEST_P(Guides, LocalValuesOfHAndHSquaredAreTheirDefinition) {
  const auto comm = self_communicator();
  const SampleSet samples = all_states_twice(guide_.family, psi_);
  const EnergyScale scale = energy_scale(guide_.known.energy, guide_.known.variance);
  const std::int64_t before = psi_.evaluations();
  const SecondOrder values = second_order(guide_.family, std::vector{scale}, psi_, samples);
  EXPECT_EQ(values.evaluations, psi_.evaluations() - before);
  EXPECT_LE(values.evaluations, guide_.family.problems[0].sector.dimension()) << "equal configurations are evaluated once";

  const Dense& dense = this->dense();
  const auto k = [&](const Vector& x) { return Vector((dense.apply(x) - scale.energy * x) / scale.scale); };
  const Vector once = k(dense.psi), twice = k(once);
  double zeros = 0, expected_zeros = 0, worst = 0;
  for (std::int64_t i = 0; i < samples.rows.rows(); ++i) {
    const auto state = static_cast<Eigen::Index>(guide_.family.problems[0].sector.index(*samples.rows.row(i)));
    const double size = 1 + std::abs(twice(state) / dense.psi(state));
    worst = std::max(worst, std::abs(values.first[i] - once(state) / dense.psi(state)) / size);
    worst = std::max(worst, std::abs(values.second[i] - twice(state) / dense.psi(state)) / size);
    zeros += samples.weight[i] * values.onto_zeros[i];
  }
  EXPECT_LT(worst, 1e-11);
  for (Eigen::Index i = 0; i < once.size(); ++i) expected_zeros += dense.psi(i) == 0.0 ? std::norm(once(i)) : 0;
  EXPECT_NEAR(zeros, expected_zeros, 1e-12);
}

// Without zeros the estimators give E*, alpha and the variance after the step, for any reference.
TEST_P(Guides, EstimatorsOverAllStatesAreExactWherePsiHasNoZeros) {
  const SampleSet samples = all_states_twice(guide_.family, psi_);
  const Known& known = guide_.known;
  for (const EnergyScale scale : {energy_scale(known.energy, known.variance), EnergyScale{known.energy + 0.3, 1.2}}) {
    const SecondOrder values = second_order(guide_.family, std::vector{scale}, psi_, samples);
    const SampledStep step = sampled_step(values, samples.weight, 2);
    Complex mean = 0;
    for (std::size_t i = 0; i < samples.weight.size(); ++i) mean += samples.weight[i] * step.energies[i];
    const double energy = scale.energy + scale.scale * mean.real();
    if (known.zeros == 0) {
      EXPECT_NEAR(energy, known.after, digits);
      EXPECT_NEAR(step.step.alpha(scale), known.alpha, digits);
      EXPECT_NEAR(scale.scale * scale.scale * step.variance, known.variance_after, digits);
      EXPECT_EQ(step.zeros, 0);
    } else {
      EXPECT_GT(std::abs(energy - known.after), 1e-5) << "which is why it must be said";
      EXPECT_NEAR(step.zeros, known.weight_on_zeros, 0.1 * known.weight_on_zeros);
    }
    EXPECT_NEAR(step.effective, known.effective, 0.006);
  }
}

INSTANTIATE_TEST_SUITE_P(All, Guides, ::testing::Range(0, 4), [](const auto& each) { return guides()[each.param].name; });

// A complex psi of a real and of a complex Hamiltonian: alpha stays real.
TEST(LanczosStep, OfComplexStates) {
  const auto comm = self_communicator();
  for (const auto& system :
       {with_couplings(chain("tv", 8, fermions(3)), {{"V", 1.5}}), with_couplings(chain("heisenberg", 8, spins(4)), {{"J2", 0.4}})}) {
    const ProblemFamily family = build_family(system);
    for (std::uint64_t seed = 1; seed <= 5; ++seed) {
      const auto table = random_table(family, 0.7, seed);
      const TableWavefunction psi(family, table);
      const Quadratic quadratic(Dense(family, table[0]));
      const KrylovSpace space = krylov_spaces(*comm, family, make_exact_sum(family, *comm)->sample(psi), 1)[0];
      EXPECT_NEAR(space.lowest(1).energy, quadratic.energy, 1e-10);
      const SampleSet samples = all_states_twice(family, psi);
      const EnergyScale scale = energy_scale(quadratic.h1, quadratic.h2 - quadratic.h1 * quadratic.h1);
      const SampledStep step = sampled_step(second_order(family, std::vector{scale}, psi, samples), samples.weight, 2);
      EXPECT_NEAR(scale.energy + scale.scale * step.step.energy, quadratic.energy, 1e-10);
      EXPECT_NEAR(step.step.alpha(scale), quadratic.alpha, 1e-9 * std::abs(quadratic.alpha));
    }
  }
}

TEST(LanczosStep, LeavesEigenstatesAlone) {
  const ProblemFamily family = build_family(chain("heisenberg", 8, spins(4)));
  const test::Sparse matrix = test::table_matrix(family.table, family.problems[0].couplings, family.problems[0].sector);
  const Eigen::VectorXd ground = test::lowest_eigenvector(matrix);
  std::vector<Complex> log_psi;
  for (const double amplitude : ground) log_psi.push_back(log_of(amplitude));
  const TableWavefunction psi(family, {log_psi});
  const auto comm = self_communicator();
  const double exact = ground.dot(matrix * ground);
  const KrylovSpace::State state = krylov_spaces(*comm, family, make_exact_sum(family, *comm)->sample(psi), 2)[0].lowest(2);
  EXPECT_NEAR(state.energy, exact, 1e-12);
  EXPECT_EQ(state.coefficients.size(), 1);
  const SampleSet samples = all_states_twice(family, psi);
  const EnergyScale scale = energy_scale(exact, 1e-28);
  const SampledStep step = sampled_step(second_order(family, std::vector{scale}, psi, samples), samples.weight, 2);
  EXPECT_EQ(step.step.x, 0);
  EXPECT_EQ(step.step.alpha(scale), 0);
  EXPECT_NEAR(scale.energy + scale.scale * step.energies[0].real(), exact, 1e-9);
}

TEST(LanczosStep, IsTheLowestStateOfTwoByTwoMatrices) {
  std::mt19937_64 engine(5);
  std::normal_distribution<double> normal;
  for (int trial = 0; trial < 200; ++trial) {
    const double mean = normal(engine), s = 0.2 + std::abs(normal(engine)), mu = 20 * normal(engine);
    const double second = s * s + mean * mean, third = mu * s * s * s + 3 * mean * s * s + mean * mean * mean;
    Eigen::Matrix2d h, overlap;
    h << mean, second, second, third;
    overlap << 1, mean, mean, second;
    const Eigen::GeneralizedSelfAdjointEigenSolver<Eigen::Matrix2d> solver(h, overlap);
    const LanczosStep step = lanczos_step(mean, second, third);
    EXPECT_NEAR(step.energy, solver.eigenvalues()(0), 1e-9 * (1 + std::abs(step.energy)));
    const Eigen::Vector2d state = solver.eigenvectors().col(0);
    EXPECT_NEAR(step.linear * state(0), step.constant * state(1), 1e-7 * state.norm() * (std::abs(step.constant) + std::abs(step.linear)));
  }
}

}  // namespace
}  // namespace qs
