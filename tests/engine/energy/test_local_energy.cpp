#include "engine/energy/local_energy.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <ostream>

#include "engine/base/parallel.h"
#include "engine/sampling/sampler.h"
#include "engine/statistics/estimate.h"
#include "symbolic_matrix.h"
#include "tests/engine/sampling/table_wavefunction.h"

namespace qs {
namespace {

using namespace testing_table;  // NOLINT: systems of the tests
using testing_matrix::symbolic_matrix;
using Complex = std::complex<double>;

struct Case {
  std::string name;
  SystemOptions system;
};
void PrintTo(const Case& test, std::ostream* out) { *out << test.name; }

SystemOptions with(SystemOptions options, std::map<std::string, double> couplings) {
  options.couplings = std::move(couplings);
  return options;
}

std::vector<Case> cases() {
  SystemOptions family = chain("tv", 7, fermions(3));
  family.varied = {"particles", "V"};
  family.rows = {{2, 1.0}, {3, 4.0}, {4, 0.5}};
  return {{"j1j2", with(square("heisenberg", 3, 4, spins(5)), {{"J2", 0.5}})},
          {"tfim", chain("tfim", 8, spins(-1))},
          {"xxz", chain("xxz", 8, spins(3), Boundary::open)},
          {"tv_even_ring", chain("tv", 8, fermions(4))},
          {"tv_antiperiodic", chain("tv", 8, fermions(4), Boundary::antiperiodic)},
          {"tv_square", square("tv", 4, 3, fermions(4))},
          {"hubbard", with(square("hubbard", 3, 2, electrons(2, 3)), {{"U", 6.0}})},
          {"tv_family", family}};
}

class LocalEnergy : public ::testing::TestWithParam<Case> {
 protected:
  LocalEnergy() : family_(build_family(GetParam().system)), comm_(self_communicator()) {}
  Eigen::MatrixXd matrix(int g) const { return symbolic_matrix(family_.hamiltonian, family_.problems[g].couplings, family_.problems[g].sector); }

  // (H psi)(s) / psi(s) for all states of problem g.
  std::vector<Complex> definition(int g, const TableWavefunction& psi) const {
    const auto& log_psi = psi.table(g);
    Eigen::VectorXcd vector(static_cast<Eigen::Index>(log_psi.size()));
    for (Eigen::Index i = 0; i < vector.size(); ++i) vector[i] = std::exp(log_psi[i]);
    const Eigen::VectorXcd ratio = (matrix(g).cast<Complex>() * vector).cwiseQuotient(vector);
    return {ratio.data(), ratio.data() + ratio.size()};
  }

  ProblemFamily family_;
  std::unique_ptr<Communicator> comm_;
};

// K ratios of size up to exp(2 spread), each with a few roundings.
double tolerance(const Eigen::MatrixXd& h, double spread) { return 16 * 2.3e-16 * h.cwiseAbs().rowwise().sum().maxCoeff() * std::exp(2 * spread); }

TEST_P(LocalEnergy, EqualsTheDenseMatrixOnEveryState) {
  const double spread = 1;
  const TableWavefunction psi(family_, random_table(family_, spread, 9));
  const SampleSet set = make_exact_sum(family_, *comm_)->sample(psi);

  const std::vector<Complex> sampled = local_energies(family_, psi, set);
  std::vector<std::vector<double>> couplings;
  for (const Problem& problem : family_.problems) couplings.push_back(problem.couplings);
  const std::vector<Complex> looked_up = local_estimates_exact(*comm_, family_.table, couplings, family_, set);

  std::size_t row = 0;
  for (int g = 0; g < family_.size(); ++g) {
    const double bound = tolerance(matrix(g), spread);
    for (const Complex& expected : definition(g, psi)) {
      EXPECT_LE(std::abs(sampled[row] - expected), bound);
      EXPECT_LE(std::abs(looked_up[row] - expected), bound);
      ++row;
    }
  }
  EXPECT_EQ(row, sampled.size());
}

TEST_P(LocalEnergy, HasNoVarianceInAnExactEigenstate) {
  std::vector<std::vector<Complex>> table;
  std::vector<double> energy;
  for (int g = 0; g < family_.size(); ++g) {
    const Eigen::SelfAdjointEigenSolver<Eigen::MatrixXd> solver(matrix(g));
    energy.push_back(solver.eigenvalues()[0]);
    table.emplace_back();
    for (double amplitude : solver.eigenvectors().col(0)) table.back().push_back(std::log(Complex(amplitude)));
  }
  const TableWavefunction psi(family_, table);
  const SampleSet set = make_exact_sum(family_, *comm_)->sample(psi);

  const std::vector<Complex> values = local_energies(family_, psi, set);

  std::int64_t first = 0;
  for (int g = 0; g < family_.size(); ++g) {
    const std::int64_t count = family_.problems[g].sector.dimension();
    const Estimate estimate =
        estimate_exact({values.data() + first, static_cast<std::size_t>(count)}, {set.weight.data() + first, static_cast<std::size_t>(count)});
    const double norm = matrix(g).cwiseAbs().rowwise().sum().maxCoeff();
    // Sum over states of w |E_loc - E|^2 = |H v - E v|^2, which the solver makes dimension * eps * |H|.
    const double residual = 1e-12 * norm;
    EXPECT_NEAR(estimate.mean.real(), energy[g], residual);
    EXPECT_LE(estimate.variance, residual * residual);
    first += count;
  }
}

INSTANTIATE_TEST_SUITE_P(Systems, LocalEnergy, ::testing::ValuesIn(cases()), [](const auto& test) { return test.param.name; });

TEST(LocalEstimates, FollowTheRowsOfAnOperatorThatIsNotSymmetric) {
  const ProblemFamily family = build_family(chain("tv", 6, fermions(3), Boundary::open));
  Operator current{.name = "one_way_hop", .convention = "t", .modes = 6, .couplings = {}, .terms = {}};
  for (int i = 0; i < 5; ++i) current.add(1.0 + i, "t", {{Factor::create, i + 1}, {Factor::annihilate, i}});
  const TableWavefunction psi(family, random_table(family, 1, 4));
  const auto comm = self_communicator();
  const SampleSet set = make_exact_sum(family, *comm)->sample(psi);

  const std::vector<Complex> values = local_estimates(TermTable(current), {{2.0}}, psi, set);

  const Eigen::MatrixXd matrix = symbolic_matrix(current, {2.0}, family.problems[0].sector);
  for (std::size_t i = 0; i < values.size(); ++i) {
    Complex expected = 0;
    for (std::size_t j = 0; j < values.size(); ++j) expected += matrix(i, j) * std::exp(psi.table(0)[j] - psi.table(0)[i]);
    EXPECT_LE(std::abs(values[i] - expected), tolerance(matrix, 1)) << "row " << i;
  }
}

TEST(LocalEstimates, AgreeWithTheLookUpOverManyWindows) {
  // 12870 states with up to 32 connected ones: several windows of 65536.
  const ProblemFamily family = build_family(square("heisenberg", 4, 4, spins(8)));
  const TableWavefunction psi(family, random_table(family, 1, 9));
  const auto comm = self_communicator();
  const SampleSet set = make_exact_sum(family, *comm)->sample(psi);

  const std::vector<Complex> sampled = local_energies(family, psi, set);
  const std::vector<Complex> looked_up = local_estimates_exact(*comm, family.table, {family.problems[0].couplings}, family, set);

  const double bound = 16 * 2.3e-16 * (32 * 0.5 + 8) * std::exp(2.0);
  for (std::size_t i = 0; i < sampled.size(); ++i) ASSERT_LE(std::abs(sampled[i] - looked_up[i]), bound) << "state " << i;
  EXPECT_LT(psi.evaluations(), 12870 * 33);
}

TEST(LocalEstimates, HaveTheSameBitsOnAnyNumberOfThreadsAndRanks) {
  const ProblemFamily family = build_family(square("heisenberg", 4, 4, spins(8)));
  const TableWavefunction psi(family, random_table(family, 1, 9));
  std::vector<Complex> reference;
  for (auto [ranks, thread_count] : {std::pair(1, 1), {1, 3}, {3, 1}, {4, 2}}) {
    set_threads(thread_count);
    run_in_process(ranks, [&, ranks = ranks](Communicator& comm) {
      const auto sampler = make_metropolis({.moves = {{}}, .chains = 100, .samples = 400}, family, comm, {.seed = 3});
      const std::vector<Complex> all = gather_rows(comm, local_energies(family, psi, sampler->sample(psi)));
      if (comm.is_root() && reference.empty()) reference = all;
      comm.barrier();
      EXPECT_EQ(all, reference) << ranks << " ranks";
    });
    set_threads(1);
  }
}

TEST(LocalEstimates, ConnectedStatesWithoutAmplitudeContributeNothing) {
  const ProblemFamily family = build_family(chain("heisenberg", 4, spins(2)));
  // psi lives on the two Neel states 0101 and 1010 (indices 1 and 4 of 0011, 0101, 0110, 1001, 1010, 1100): only the diagonal is left.
  auto table = random_table(family, 1, 1);
  for (int s : {0, 2, 3, 5}) table[0][s] = {-std::numeric_limits<double>::infinity(), 1e300};  // the phase of zero is any number
  const TableWavefunction psi(family, table);
  const auto comm = self_communicator();
  const SampleSet set = make_exact_sum(family, *comm)->sample(psi);

  const std::vector<Complex> values = local_energies(family, psi, set);
  const std::vector<Complex> looked_up = local_estimates_exact(*comm, family.table, {family.problems[0].couplings}, family, set);

  for (int s : {1, 4}) {
    EXPECT_EQ(values[s], Complex(-1.0));  // four antiparallel bonds of -J/4
    EXPECT_EQ(looked_up[s], Complex(-1.0));
  }
  for (int s = 0; s < 6; ++s) EXPECT_TRUE(std::isfinite(values[s].real()));
}

// Also with samples of |psi|, whose weights bring the mean back to |psi|^2.
class SampledEnergy : public ::testing::TestWithParam<double> {};

TEST_P(SampledEnergy, AgreesWithTheExpectationValue) {
  const ProblemFamily family = build_family(chain("tv", 10, fermions(4), Boundary::open));
  const TableWavefunction psi(family, random_table(family, 0.5, 13));
  const auto comm = self_communicator();
  const SampleSet exact = make_exact_sum(family, *comm)->sample(psi);
  const Complex expected = estimate_exact(local_energies(family, psi, exact), exact.weight).mean;
  const auto sampler =
      make_metropolis({.moves = {{.kind = MoveKind::hop}}, .chains = 128, .samples = 128 * 64, .power = GetParam()}, family, *comm, {.seed = 5});

  const SampleSet samples = sampler->sample(psi);
  std::vector<Complex> local = local_energies(family, psi, samples);
  const Estimate estimate = estimate_chains(local, samples.weight, 128, 64);
  for (Complex& value : local) value *= Complex(0, -1);
  const Estimate imaginary = estimate_chains(local, samples.weight, 128, 64);

  EXPECT_LT(std::abs(estimate.mean.real() - expected.real()), 4 * estimate.error);
  EXPECT_LT(std::abs(imaginary.mean.real() - expected.imag()), 4 * imaginary.error);
  EXPECT_LT(estimate.error, 0.1);
}

INSTANTIATE_TEST_SUITE_P(Powers, SampledEnergy, ::testing::Values(2.0, 1.0));

}  // namespace
}  // namespace qs
