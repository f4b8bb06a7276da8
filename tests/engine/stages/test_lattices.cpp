// One network trained on several lattices: rows of all of them in one step, each with its own Hamiltonian, all with the same parameters.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <string>

#include "engine/energy/local_energy.h"
#include "engine/optimize/gradient.h"
#include "engine/plan/plan_network.h"
#include "engine/stages/energy_judge.h"
#include "engine/stages/measure.h"
#include "engine/wavefunctions/chunked.h"
#include "tests/plan_of.h"

namespace qs {
namespace {

using Complex = std::complex<double>;
using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;

const std::string rings =
    "systems: [{lattice: {size: [4]}, sector: {particles: 1}}, {lattice: {size: [10], boundary: antiperiodic}, "
    "sector: {particles: 4}}, {lattice: {size: [6]}, sector: {particles: 3}}]\n";
// Configurations of two words beside those of one.
const std::string ring_and_long_ring = "systems: [{lattice: {size: [66]}, sector: {particles: 2}}, {lattice: {size: [6]}, sector: {particles: 3}}]\n";

test::InputText input(const std::string& systems, const std::string& stages) {
  return {.hamiltonian = "{kind: tv, t: 1.0, delta: 0.2}",
          .family = "{V: [0.5, 3.0]}",
          .wavefunction = systems +
                          "wavefunction: {kind: foundation, layers: 1, d_model: 4, heads: 2, mlp: 4, sites: sublattices}\n"
                          "precision: {network: float64}\n",
          .sampler = "sampler: {kind: metropolis, move: {kind: hop}, chains: 16, samples: 64}\n",
          .stages = stages};
}

const std::string train = "{kind: vmc, steps: 1, optimizer: {kind: sgd, lr: 0.01}}";

class SeveralLattices : public testing::Test {
 protected:
  explicit SeveralLattices(const std::string& systems = rings)
      : plan_(test::plan_of(input(systems, train))), stage_(plan_.stages.at(0)), problems_(stage_.problems()), psi_(network(problems_)) {
    parameters_ = psi_->initial_parameters({5, 0});
    for (std::size_t k = 0; k < parameters_.size(); ++k) parameters_[k] += 0.03 * std::sin(1.0 + 0.7 * static_cast<double>(k));
    psi_->set_parameters(parameters_);
  }

  std::unique_ptr<Wavefunction> network(const Problems& problems) const {
    auto psi = make_network(*plan_.network, problems, Device::cpu);
    psi->set_features(feature_table(problems, plan_.network->input.feature_names));
    return psi;
  }
  // The network on the lattice of one family alone.
  std::unique_ptr<Wavefunction> alone_on(const ProblemFamily& family) const {
    auto psi = network(family);
    psi->set_parameters(parameters_);
    return psi;
  }
  double mean_energy(const std::vector<double>& parameters) {
    psi_->set_parameters(parameters);
    const SampleSet all = make_exact_sum(problems_, *comm_)->sample(*psi_);
    const auto energy = estimate(*comm_, all, sampled_energies(*comm_, problems_, *psi_, all), "energy");
    double sum = 0;
    for (int g = 0; g < problems_.size(); ++g) sum += problems_.energy_weight(g) * energy[g].mean.real() / problems_.size();
    return sum;
  }

  std::unique_ptr<Communicator> comm_ = self_communicator();
  RunPlan plan_;
  const StagePlan& stage_;
  Problems problems_;
  std::unique_ptr<Wavefunction> psi_;
  std::vector<double> parameters_;
};

class AndTwoWords : public SeveralLattices {
 protected:
  AndTwoWords() : SeveralLattices(ring_and_long_ring) {}
};

TEST_F(SeveralLattices, AreOneListOfProblems) {
  EXPECT_EQ(problems_.size(), 6);
  EXPECT_EQ(problems_.modes(), 10);
  EXPECT_THAT(problems_.lattice_of(), ElementsAre(0, 0, 1, 1, 2, 2));
  EXPECT_EQ(problems_[3].label, "size 10, V = 3");
  EXPECT_EQ(problems_.place_of(5), 1);
  EXPECT_DOUBLE_EQ(problems_.energy_weight(2), (4 + 10 + 6) / 3.0 / 10);
}

// Samples of all lattices at once, psi and local energies of each on its own.
void expect_as_alone(const SampleSet& samples, const std::vector<Complex>& energy, const ProblemFamily& family, int first, const Wavefunction& psi) {
  SampleSet own{.rows = ConfigurationBatch(family.modes(), 0), .log_psi = {}, .weight = {}, .block_begin = {}, .blocks = samples.blocks};
  own.problems = family.size();
  std::vector<std::int64_t> rows;
  for (std::int64_t i = 0; i < samples.rows.rows(); ++i) {
    const int place = samples.rows.problem[i] - first;
    if (place < 0 || place >= family.size()) continue;
    own.rows.push_back(samples.rows.row(i), place);
    rows.push_back(i);
  }
  ASSERT_FALSE(rows.empty());
  own.log_psi = log_psi(psi, own.rows);
  const std::vector<Complex> expected = local_energies(family, psi, own);
  for (std::size_t k = 0; k < rows.size(); ++k) {
    EXPECT_EQ(samples.log_psi[rows[k]], own.log_psi[k]);
    EXPECT_LT(std::abs(energy[rows[k]] - expected[k]), 1e-11 * (1 + std::abs(expected[k])));
  }
}

TEST_F(SeveralLattices, HaveTheExactSumsOfEach) {
  const SampleSet all = make_exact_sum(problems_, *comm_)->sample(*psi_);
  const std::vector<Complex> energy = sampled_energies(*comm_, problems_, *psi_, all);

  int first = 0;
  for (const ProblemFamily* family : problems_.families()) {
    expect_as_alone(all, energy, *family, first, *alone_on(*family));
    first += family->size();
  }
}

TEST_F(SeveralLattices, AreSampledTogether) {
  const SampleSet samples = make_metropolis(stage_.sampler->metropolis, problems_, *comm_, {3, 1})->sample(*psi_);
  const std::vector<Complex> energy = local_energies(problems_, *psi_, samples), once = sampled_energies(*comm_, problems_, *psi_, samples);

  int first = 0;
  for (const ProblemFamily* family : problems_.families()) {
    expect_as_alone(samples, energy, *family, first, *alone_on(*family));
    expect_as_alone(samples, once, *family, first, *alone_on(*family));
    first += family->size();
  }
}

TEST_F(AndTwoWords, AreSampledTogether) {
  const SampleSet samples = make_metropolis(stage_.sampler->metropolis, problems_, *comm_, {3, 1})->sample(*psi_);
  const std::vector<Complex> energy = local_energies(problems_, *psi_, samples);

  EXPECT_EQ(samples.rows.words, 2);
  int first = 0;
  for (const ProblemFamily* family : problems_.families()) {
    expect_as_alone(samples, energy, *family, first, *alone_on(*family));
    first += family->size();
  }
}

// 1 where the first site is occupied: bounded, so that errors are those of the normal distribution.
std::vector<Complex> first_site(const SampleSet& samples) {
  std::vector<Complex> occupied;
  for (std::int64_t i = 0; i < samples.rows.rows(); ++i) occupied.emplace_back(test_bit(samples.rows.row(i), 0) ? 1 : 0);
  return occupied;
}

// Chains follow |psi|^2 of their own lattice.
TEST_F(SeveralLattices, HaveTheMeansOfTheirExactSums) {
  MetropolisOptions options = stage_.sampler->metropolis;
  options.chains = 256;
  options.samples = 256 * 64;
  options.thermalise = 200;
  const SampleSet all = make_exact_sum(problems_, *comm_)->sample(*psi_);
  const auto exact = estimate(*comm_, all, first_site(all), "occupation");

  const SampleSet samples = make_metropolis(options, problems_, *comm_, {3, 1})->sample(*psi_);
  const auto sampled = estimate(*comm_, samples, first_site(samples), "occupation");

  double chi_square = 0;
  for (int g = 0; g < problems_.size(); ++g) chi_square += std::norm((sampled[g].mean.real() - exact[g].mean.real()) / sampled[g].error);
  EXPECT_LT(chi_square, 22.5);  // of six problems: exceeded once in a thousand
}

// The loss is the mean energy per site, in units of the mean lattice.
TEST_F(SeveralLattices, HaveTheGradientOfTheMeanEnergyPerSite) {
  const SampleSet all = make_exact_sum(problems_, *comm_)->sample(*psi_);
  const auto local = sampled_energies(*comm_, problems_, *psi_, all);
  auto residual = centred(all, local, estimate(*comm_, all, local, "energy"));
  for (std::size_t i = 0; i < residual.size(); ++i) residual[i] *= problems_.energy_weight(all.rows.problem[i]);
  const std::vector<double> gradient = loss_gradient({*psi_, all, *comm_}, residual);

  for (std::size_t k = 0; k < parameters_.size(); k += 7) {
    constexpr double h = 1e-5;
    std::vector<double> up = parameters_, down = parameters_;
    up[k] += h;
    down[k] -= h;
    EXPECT_NEAR(gradient[k], (mean_energy(up) - mean_energy(down)) / (2 * h), 1e-6 * (1 + std::abs(gradient[k]))) << k;
  }
}

TEST_F(SeveralLattices, AreJudgedByTheMeanEnergyPerSite) {
  const auto sampler = make_exact_sum(problems_, *comm_);
  const SampleSet all = sampler->sample(*psi_);
  const auto local = sampled_energies(*comm_, problems_, *psi_, all);
  const auto energy = estimate(*comm_, all, local, "energy");
  const auto judge = make_energy_judge({*comm_, problems_, *psi_, *sampler, parameters_, all, local, energy});
  std::vector<double> moved = parameters_;
  for (double& value : moved) value += 0.01;

  const double achieved = judge->achieved(moved).decrease, before = judge->loss();

  EXPECT_NEAR(before, mean_energy(parameters_), 1e-12);
  EXPECT_NEAR(achieved, before - mean_energy(moved), 1e-12);
}

TEST(StagesOnSeveralLattices, AreOneForEachIfTheyDoNotTrain) {
  const RunPlan plan = test::plan_of(input(rings, "{kind: ed}, " + train + ", {kind: evaluate, systems: [{lattice: {size: [8]}}]}"));

  std::vector<std::string> groups;
  std::vector<int> positions;
  for (const StagePlan& stage : plan.stages) {
    groups.push_back(stage.group);
    positions.push_back(stage.position);
  }
  EXPECT_THAT(groups, ElementsAre("00_ed_4", "00_ed_10", "00_ed_6", "01_vmc", "02_evaluate"));
  EXPECT_THAT(positions, ElementsAre(0, 0, 0, 1, 2));
  EXPECT_EQ(plan.stages[1].family.lattice.options().boundary[0], Boundary::antiperiodic);
  EXPECT_EQ(plan.stages[2].family.lattice.options().boundary[0], Boundary::periodic);
  EXPECT_EQ(plan.stages[4].family.problems[0].sector.describe(), "3 spinless fermions on 8 sites");
}

TEST(StagesOnSeveralLattices, AreRefusedWhereTheyCannotBe) {
  test::InputText counts = input(rings, train);
  counts.wavefunction = rings + "wavefunction: {kind: rbm}\n";
  EXPECT_THAT(test::refusal_of(counts), AllOf(HasSubstr("wavefunction rbm has parameters for the sites"), HasSubstr("kind: foundation")));

  EXPECT_THAT(test::refusal_of(input(rings, "{kind: pretrain, targets: {files: [a.h5]}, optimizer: {kind: sr}}")),
              HasSubstr("targets.files serves one lattice"));
  test::InputText symmetric = input("symmetry: {momentum: [0]}\n" + rings, train);
  symmetric.hamiltonian = "{kind: tv, t: 1.0}";
  EXPECT_THAT(test::refusal_of(symmetric), HasSubstr("each lattice has its own group"));
  EXPECT_THAT(test::refusal_of(input("systems: [{lattice: {size: [3]}, sector: {particles: 5}}]\n", train)), HasSubstr("input.yaml:8:11: error"));
  EXPECT_THAT(test::refusal_of(input("systems: [{lattice: {length: [3]}}]\n", train)), HasSubstr("unknown key 'systems.0.lattice.length'"));
}

}  // namespace
}  // namespace qs
