// A network that starts from a mean field is that determinant before it has learned anything, for every problem of a family.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <complex>
#include <vector>

#include "engine/plan/plan_network.h"
#include "engine/wavefunctions/chunked.h"
#include "hamiltonians/mean_field/start_orbitals.h"
#include "tests/plan_of.h"

namespace qs {
namespace {

using testing::AllOf;
using testing::HasSubstr;

test::InputText input(const std::string& lattice, const std::string& sector, const std::string& hamiltonian, const std::string& more,
                      const std::string& family = "") {
  return {
      .lattice = lattice,
      .sector = sector,
      .hamiltonian = hamiltonian,
      .family = family,
      .wavefunction = "precision: {network: float64}\nwavefunction: {kind: qstage, depth: 2, d_model: 8, heads: 2, mlp: 8, amplitude: determinant" +
                      (more.empty() ? "" : ", " + more) + "}\n"};
}
test::InputText tv(const std::string& more, const std::string& family = "", const std::string& couplings = "V: 4.0") {
  return input("{kind: square, size: [4, 4]}", "{kind: spinless_fermions, particles: 5}", "{kind: tv, t: 1.0, " + couplings + "}", more, family);
}

// <psi|H|psi> / <psi|psi> by the sum over the sector, of the network before its first step.
double initial_energy(const RunPlan& plan, int g) {
  const auto psi = make_network(*plan.network, Device::cpu);
  psi->set_parameters(psi->initial_parameters({3, 0}));
  const ProblemFamily& family = *plan.family;
  const Problem& problem = family.problems[g];
  const std::int64_t states = problem.sector.dimension();
  ConfigurationBatch batch(family.modes(), 0);
  for (std::int64_t s = 0; s < states; ++s) {
    const Word word = problem.sector.state(s);
    batch.push_back(&word, g);
  }
  std::vector<std::complex<double>> values = log_psi(*psi, batch);
  for (std::complex<double>& value : values) value = std::exp(value);
  double energy = 0, norm = 0;
  for (std::int64_t s = 0; s < states; ++s) {
    const double* couplings = problem.couplings.data();
    std::complex<double> row = family.table.diagonal(batch.row(s), couplings) * values[s];
    family.table.for_each_connected(*batch.row(s), couplings,
                                    [&](Word other, auto element) { row += element * values[problem.sector.index(other)]; });
    energy += std::real(std::conj(values[s]) * row);
    norm += std::norm(values[s]);
  }
  return energy / norm;
}

void expect_mean_field(const test::InputText& text, MeanFieldSeed seed) {
  const RunPlan plan = test::plan_of(text);
  for (int g = 0; g < plan.family->size(); ++g) EXPECT_NEAR(initial_energy(plan, g), mean_field(*plan.family, g, seed).energy, 1e-10) << g;
}

TEST(MeanFieldStart, TheInitialEnergyIsThatOfTheMeanField) {
  expect_mean_field(tv("start: hartree_fock"), MeanFieldSeed::lowest);
  expect_mean_field(tv("start: hartree_fock, mean_field_seed: uniform, attention: factored, pooling: sum"), MeanFieldSeed::uniform);
  const std::string hubbard = "{kind: spinful_fermions, up: 4, down: 3}";
  expect_mean_field(input("{kind: square, size: [4, 2]}", hubbard, "{kind: hubbard, t: 1.0, U: 6.0}", "start: hartree_fock"), MeanFieldSeed::lowest);
  expect_mean_field(input("{kind: chain, size: [6], boundary: [antiperiodic]}", "{kind: spinful_fermions, up: 2, down: 2}",
                          "{kind: hubbard, t: 1.0, U: 3.0}", "start: hartree_fock, mean_field_seed: neel"),
                    MeanFieldSeed::neel);
}

TEST(MeanFieldStart, EveryProblemOfAFamilyHasItsOwn) {
  expect_mean_field(tv("start: hartree_fock", "{V: [0.5, 2.0, 6.0], particles: [1, 5]}", "delta: 0.3"), MeanFieldSeed::uniform);
}

TEST(MeanFieldStart, FreeFermions) {
  const RunPlan plan = test::plan_of(tv("start: free"));
  const MeanField field = free_fermions(density_terms(plan.family->hamiltonian, plan.family->problems[0]), plan.family->problems[0].sector);
  EXPECT_NEAR(initial_energy(plan, 0), field.energy, 1e-10);
}

TEST(MeanFieldStart, StandsInTheWeights) {
  EXPECT_EQ(test::plan_of(tv("")).origin["start"], "");
  EXPECT_EQ(test::plan_of(tv("start: free")).origin["start"], "free");
  EXPECT_EQ(test::plan_of(tv("start: hartree_fock")).origin["start"], "hartree_fock from cdw");
  const Origin random = test::plan_of(tv("")).origin, lowest = test::plan_of(tv("start: hartree_fock")).origin;
  const Origin named = test::plan_of(tv("start: hartree_fock, mean_field_seed: cdw")).origin;
  EXPECT_NO_THROW(refuse_other_origin(lowest, named, Serves::its_lattice, "w.h5"));
  EXPECT_NO_THROW(refuse_other_origin(random, random, Serves::its_lattice, "w.h5"));
  const auto refusal = [](const Origin& stored, const Origin& ours) -> std::string {
    try {
      refuse_other_origin(stored, ours, Serves::its_lattice, "w.h5");
    } catch (const CheckpointError& error) {
      return error.what();
    }
    return "accepted";
  };
  EXPECT_THAT(refusal(random, named), HasSubstr("wavefunction.start random there, hartree_fock from cdw here"));
  EXPECT_THAT(refusal(named, random), HasSubstr("hartree_fock from cdw there, random here"));
}

TEST(MeanFieldStart, IsRefusedByName) {
  const auto why = [](const test::InputText& text) { return test::refusal_of(text); };
  EXPECT_THAT(why(tv("start: free, mean_field_seed: cdw")), HasSubstr("mean_field_seed belongs to start hartree_fock"));
  EXPECT_THAT(why(tv("start: hartree_fock, mean_field_seed: neel")), HasSubstr("has no order neel"));
  const std::string ring = "{kind: chain, size: [8]}", half = "{kind: spinless_fermions, particles: 4}";
  EXPECT_THAT(why(input(ring, half, "{kind: tv, t: 1.0, V: 0.1}", "start: free")),
              AllOf(HasSubstr("levels 4 to 5 of 8 are equal, and 1 of them are filled"), HasSubstr("antiperiodic")));
  EXPECT_THAT(why(input(ring, half, "{kind: tv, t: 1.0}", "start: hartree_fock, mean_field_seed: uniform", "{V: [0.1, 1.0]}")),
              AllOf(HasSubstr("of V = 0.1"), HasSubstr("levels 4 to 5")));
  test::InputText real = tv("");
  real.wavefunction = "wavefunction: {kind: qstage, amplitude: real, start: free}\n";
  EXPECT_THAT(why(real), HasSubstr("start chooses the orbitals of amplitude determinant"));
}

}  // namespace
}  // namespace qs
