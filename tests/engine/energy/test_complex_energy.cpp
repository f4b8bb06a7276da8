// Local energies of complex Hamiltonians: sampled, looked up and on a device with memory of its own, against the dense matrix.
#include <gtest/gtest.h>

#include <Eigen/Dense>
#include <cmath>

#include "engine/energy/connected_on_device.h"
#include "engine/energy/local_energy.h"
#include "symbolic_matrix.h"
#include "tests/engine/sampling/chains_on_a_gpu.h"
#include "tests/hamiltonians/complex_models.h"
#include "tests/kernels/fake_gpu.h"

namespace qs {
namespace {

using namespace testing_table;  // NOLINT: systems of the tests
using testing_matrix::complex_symbolic_matrix;
using Complex = std::complex<double>;

// (H psi)(s) / psi(s).
std::vector<Complex> definition(const ProblemFamily& family, const std::vector<Complex>& log_psi) {
  const Problem& problem = family.problems[0];
  Eigen::VectorXcd vector(static_cast<Eigen::Index>(log_psi.size()));
  for (Eigen::Index i = 0; i < vector.size(); ++i) vector[i] = std::exp(log_psi[i]);
  const Eigen::VectorXcd ratio = (complex_symbolic_matrix(family.hamiltonian, problem.couplings, problem.sector) * vector).cwiseQuotient(vector);
  return {ratio.data(), ratio.data() + ratio.size()};
}

void expect_near(const std::vector<Complex>& found, const std::vector<Complex>& expected, double tolerance) {
  ASSERT_EQ(found.size(), expected.size());
  double largest = 1;
  for (const Complex value : expected) largest = std::max(largest, std::abs(value));
  for (std::size_t i = 0; i < found.size(); ++i) ASSERT_LE(std::abs(found[i] - expected[i]), tolerance * largest) << i;
}

class ComplexEnergy : public testing::TestWithParam<int> {
 protected:
  static ProblemFamily family_at(int index) {
    if (index == 0) return test::dm_family(8, 4, {0, 0, 1});
    if (index == 1) return test::dm_family(7, -1, {0.3, -0.4, 0.5});
    return test::flux_family(9, 4, 1.3, 1.5);
  }

  ProblemFamily family_ = family_at(GetParam());
  std::unique_ptr<Communicator> comm_ = self_communicator();
};

TEST_P(ComplexEnergy, IsThatOfTheDenseMatrixOnEveryState) {
  const TableWavefunction psi(family_, random_table(family_, 1, 9));
  const SampleSet set = make_exact_sum(family_, *comm_)->sample(psi);
  const std::vector<Complex> expected = definition(family_, psi.table(0));
  ASSERT_FALSE(family_.table.is_real());

  expect_near(local_energies(family_, psi, set), expected, 1e-13);
  expect_near(local_estimates_exact(*comm_, family_.table, couplings_of(family_), family_, set), expected, 1e-13);
  // H psi, divided by psi here.
  std::vector<Complex> vector;
  for (const Complex value : psi.table(0)) vector.push_back(std::exp(value));
  std::vector<Complex> image = apply_exact(family_.table, couplings_of(family_), family_, set, vector);
  for (std::size_t i = 0; i < image.size(); ++i) image[i] /= vector[i];
  expect_near(image, expected, 1e-13);
}

TEST_P(ComplexEnergy, NeedsOneEvaluationForEveryConnectedState) {
  const TableWavefunction psi(family_, random_table(family_, 1, 9));
  const SampleSet set = make_exact_sum(family_, *comm_)->sample(psi);
  const std::int64_t before = psi.evaluations();

  local_energies(family_, psi, set);

  EXPECT_LE(psi.evaluations() - before, set.rows.rows() * family_.table.groups());
}

TEST_P(ComplexEnergy, OnADeviceIsThatOfTheHost) {
  const auto psi =
      gpu_chains::network_of({.name = "", .system = {}, .network = RbmOptions{.alpha = 1, .dtype = Dtype::complex}, .sampler = {}}, family_);
  const SampleSet states = make_exact_sum(family_, *comm_)->sample(*psi);

  const std::vector<Complex> found = local_energies(family_, *psi, states);

  expect_near(found, local_energies(family_, gpu_chains::SeenFromTheHost(*psi, family_.modes()), states), 1e-12);
  expect_near(found, definition(family_, states.log_psi), 1e-12);
}

TEST_P(ComplexEnergy, TakesTheMemoryOfTheDeviceThatWasPlanned) {
  constexpr std::size_t rounding = (14 + 11) * 256;
  const auto psi =
      gpu_chains::network_of({.name = "", .system = {}, .network = RbmOptions{.alpha = 1, .dtype = Dtype::complex}, .sampler = {}}, family_);
  const SampleSet states = make_exact_sum(family_, *comm_)->sample(*psi);
  const std::size_t before = test::fake_gpu_bytes_in_use(), planned = connected_memory(family_.table, 1, psi->chunk_rows());
  test::fake_gpu_peak_bytes();

  local_energies(family_, *psi, states);

  const std::size_t taken = test::fake_gpu_peak_bytes() - before;
  EXPECT_GE(taken, planned);
  EXPECT_LE(taken, planned + rounding);
}

// Of a Hermitian operator and an exact eigenstate: E on every state, without an imaginary part.
TEST_P(ComplexEnergy, OfAnEigenstateIsRealAndConstant) {
  const Problem& problem = family_.problems[0];
  const Eigen::SelfAdjointEigenSolver<Eigen::MatrixXcd> solver(complex_symbolic_matrix(family_.hamiltonian, problem.couplings, problem.sector));
  std::vector<std::vector<Complex>> table(1);
  for (const Complex amplitude : solver.eigenvectors().col(0)) table[0].push_back(std::log(amplitude));
  const TableWavefunction psi(family_, table);
  const SampleSet set = make_exact_sum(family_, *comm_)->sample(psi);

  const std::vector<Complex> values = local_energies(family_, psi, set);

  for (std::size_t i = 0; i < values.size(); ++i) {
    if (set.weight[i] > 1e-8) {
      EXPECT_LT(std::abs(values[i] - solver.eigenvalues()[0]), 1e-9) << i;
    }
  }
}

TEST_P(ComplexEnergy, HasTheSameBitsOnAnyNumberOfRanks) {
  const TableWavefunction psi(family_, random_table(family_, 1, 9));
  const std::vector<Complex> one = local_energies(family_, psi, make_exact_sum(family_, *comm_)->sample(psi));
  run_in_process(
      3, [&](Communicator& comm) { EXPECT_EQ(gather_rows(comm, local_energies(family_, psi, make_exact_sum(family_, comm)->sample(psi))), one); });
}

INSTANTIATE_TEST_SUITE_P(Systems, ComplexEnergy, testing::Values(0, 1, 2), [](const auto& test) {
  return test.param == 0 ? "dm_ring" : test.param == 1 ? "dm_ring_without_sz" : "flux_ring";
});

}  // namespace
}  // namespace qs
