// A determinant of the lowest levels is the ground state of free fermions, whatever the boundary, the lattice or the spin: this joins the sign of the
// determinant (rows in the order of the modes) with that of the Hamiltonian's operators.
#include <gtest/gtest.h>

#include <cmath>
#include <numeric>
#include <ostream>

#include "engine/energy/local_energy.h"
#include "engine/sampling/sampler.h"
#include "engine/statistics/estimate.h"
#include "engine/wavefunctions/qstage.h"
#include "engine/wavefunctions/registry.h"
#include "symbolic_matrix.h"
#include "tests/engine/sampling/table_wavefunction.h"

namespace qs {
namespace {

using namespace testing_table;  // NOLINT: systems of the tests
using testing_matrix::symbolic_matrix;

struct Case {
  std::string name;
  SystemOptions system;
  SectorOptions one_particle;
};
void PrintTo(const Case& test, std::ostream* out) { *out << test.name; }

SystemOptions without_interaction(SystemOptions options, const std::string& coupling) {
  options.couplings[coupling] = 0;
  return options;
}

class FreeFermions : public ::testing::TestWithParam<Case> {
 protected:
  FreeFermions() : family_(build_family(GetParam().system)) {}

  // One-particle levels on the sites, by energy.
  Eigen::SelfAdjointEigenSolver<Eigen::MatrixXd> levels() const {
    SystemOptions one = GetParam().system;
    one.sector = GetParam().one_particle;
    one.sector.sites = family_.lattice.sites();
    const ProblemFamily family = build_family(one);
    return Eigen::SelfAdjointEigenSolver<Eigen::MatrixXd>(
        symbolic_matrix(family.hamiltonian, family.problems[0].couplings, family.problems[0].sector));
  }

  ProblemFamily family_;
};

// Parameters of a determinant of these orbitals [modes][particles], the same for all couplings, without backflow and Jastrow factor.
std::vector<double> plain_determinant(const Wavefunction& psi, const Eigen::MatrixXd& orbitals) {
  std::vector<double> parameters = psi.initial_parameters({3, 0});
  const auto slice = [&](const std::string& path) {
    return std::span(parameters).subspan(psi.layout().find(path)->offset, psi.layout().find(path)->count);
  };
  for (const char* path : {"Backflow_0/Dense_0/kernel", "Backflow_0/Dense_1/kernel", "Backflow_0/Dense_3/kernel", "Dense_4/kernel"}) {
    for (double& value : slice(path)) value = 0;
  }
  const std::span<double> values = slice("Backflow_0/orbitals");
  for (Eigen::Index t = 0; t < orbitals.rows(); ++t) {
    for (Eigen::Index k = 0; k < orbitals.cols(); ++k) values[static_cast<std::size_t>(t * orbitals.cols() + k)] = orbitals(t, k);
  }
  return parameters;
}

TEST_P(FreeFermions, AreADeterminantOfTheLowestLevels) {
  const auto one = levels();
  const Sector& sector = family_.problems[0].sector;
  const int particles = static_cast<int>(sector.particles());
  Eigen::MatrixXd orbitals = Eigen::MatrixXd::Zero(sector.modes(), particles);
  double energy = 0;
  int column = 0;
  for (const Sector::Block& block : sector.blocks()) {
    for (int level = 0; level < block.set_bits; ++level) {
      orbitals.col(column++).segment(block.first_mode, block.modes) = one.eigenvectors().col(level);
      energy += one.eigenvalues()[level];
    }
  }
  const NetworkInput input{.modes = sector.modes(),
                           .sites = family_.lattice.sites(),
                           .lattice_size = family_.lattice.options().size,
                           .basis = 1,
                           .feature_names = {"t"},
                           .features = {{1.0}}};
  const auto psi = make_wavefunction(
      QstageOptions{.depth = 2, .d_model = 4, .heads = 2, .mlp = 4, .tails = {{"t"}}, .amplitude = Amplitude::determinant, .orbitals = particles},
      input, Precision::float64, Device::cpu);
  psi->set_parameters(plain_determinant(*psi, orbitals));
  const auto comm = self_communicator();
  const SampleSet set = make_exact_sum(family_, *comm)->sample(*psi);

  const Estimate estimate = estimate_exact(local_energies(family_, *psi, set), set.weight);

  // Sum of w |E_loc - E|^2 = |H psi - E psi|^2 / |psi|^2; determinants carry a few times modes eps.
  const double residual = 1e-12 * sector.modes();
  EXPECT_NEAR(estimate.mean.real(), energy, residual);
  EXPECT_LE(estimate.variance, residual * residual * static_cast<double>(sector.dimension()));
}

INSTANTIATE_TEST_SUITE_P(Systems, FreeFermions,
                         ::testing::Values(Case{"ring_of_odd_number", without_interaction(chain("tv", 8, fermions(5)), "V"), fermions(1)},
                                           Case{"ring_of_even_number", without_interaction(chain("tv", 9, fermions(4)), "V"), fermions(1)},
                                           Case{"antiperiodic_ring", without_interaction(chain("tv", 8, fermions(3), Boundary::antiperiodic), "V"),
                                                fermions(1)},
                                           Case{"torus", without_interaction(square("tv", 4, 3, fermions(5)), "V"), fermions(1)},
                                           Case{"hubbard", without_interaction(square("hubbard", 3, 2, electrons(2, 3)), "U"), electrons(1, 0)}),
                         [](const auto& test) { return test.param.name; });

}  // namespace
}  // namespace qs
