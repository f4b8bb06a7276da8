// All observables of the catalogue, and own ones, through the evaluate stage: exact states, exact sums and chains agree.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "tests/engine/stages/evaluated.h"

namespace qs {
namespace {

using namespace testing_evaluate;  // NOLINT

EvaluateOptions all_that_fit(const ProblemFamily& family, SamplerOptions sampler, Compare compare) {
  EvaluateOptions options{.sampler = std::move(sampler), .observables = {"energy"}, .own = {}, .compare = compare};
  const SectorKind kind = family.problems[0].sector.options().kind;
  for (const ObservableEntry& entry : observables()) {
    if (std::find(entry.sectors.begin(), entry.sectors.end(), kind) == entry.sectors.end()) continue;
    if (entry.name == "staggered_moment" && kind == SectorKind::spinful_fermions) continue;  // 3x3 has no sublattices
    options.observables.push_back(entry.name);
  }
  const char* expression = kind == SectorKind::spin_half           ? "i S+ S- + h.c."
                           : kind == SectorKind::spinless_fermions ? "n c+ c + h.c."
                                                                   : "i c+_up c_up + h.c.";
  const int sites = kind == SectorKind::spinless_fermions ? 3 : 2;
  std::vector<int> tuple = {0, 1, 2};
  tuple.resize(sites);
  options.observables.push_back("mine");
  options.own.push_back({"mine",
                         {{.name = "",
                           .expression = expression,
                           .where = ExplicitTuples{{tuple}},
                           .coefficient = {},
                           .coupling = family.varied.empty() ? "" : family.varied[0]}},
                         {}});
  return options;
}

std::vector<ProblemFamily> families() {
  SystemOptions spinless = chain("tv", 6, fermions(2)), spin = chain("xxz", 6, spins(3)), spinful = square("hubbard", 3, 3, electrons(1, 1));
  spinless.lattice.boundary = {Boundary::antiperiodic};
  spinless.varied = {"V"};
  spinless.rows = {{0.5}, {2.0}};
  spin.varied = {"Delta"};
  spin.rows = {{0.4}, {1.5}};
  spinful.couplings["U"] = 4;
  return {build_family(spinless), build_family(spin), build_family(spinful)};
}

TEST(EvaluatedObservables, OfAnExactStateAreTheExactValues) {
  for (const ProblemFamily& family : families()) {
    const auto comm = self_communicator();
    ExactStates exact({}, *comm);
    std::vector<std::vector<std::complex<double>>> table;
    for (int g = 0; g < family.size(); ++g) {
      const EdResult& level = exact.solve(family, g);
      ASSERT_EQ(level.degeneracy, 1) << family.hamiltonian.name;
      auto& row = table.emplace_back();
      for (const double amplitude : level.states[0]) row.push_back(std::log(std::complex<double>(amplitude)));
    }
    TableWavefunction psi(family, std::move(table));
    const EvaluateOptions options = all_that_fit(family, exact_sum(), Compare::ed);
    const Evaluated e = evaluate(family, psi, options, 1, *comm);
    for (std::size_t o = 1; o < options.observables.size(); ++o) {
      const std::string& name = options.observables[o];
      const auto &mean = e.observable(name, "mean"), &value = e.observable(name, "exact");
      for (std::size_t k = 0; k < mean.size(); ++k) EXPECT_NEAR(mean[k], value[k], 1e-6) << family.hamiltonian.name << " " << name << " " << k;
    }
  }
}

// Over 300 values with honest errors the mean square of the deviations is 1 within 0.3 (correlated values spread more than independent ones).
TEST(EvaluatedObservables, OfChainsAgreeWithExactSumsWithinTheirErrors) {
  for (const ProblemFamily& family : families()) {
    TableWavefunction psi(family, random_table(family, 0.8, 11));
    const auto comm = self_communicator();
    const MoveOptions move{.kind = family.problems[0].sector.fermionic() ? MoveKind::hop : MoveKind::exchange};
    const SamplerOptions chains = metropolis({.moves = {move}, .chains = 128, .samples = 8192});
    const Evaluated sampled = evaluate(family, psi, all_that_fit(family, chains, Compare::none), 3, *comm);
    const EvaluateOptions options = all_that_fit(family, exact_sum(), Compare::none);
    const Evaluated summed = evaluate(family, psi, options, 3, *comm);
    double squares = 0, largest = 0;
    int count = 0;
    for (std::size_t o = 1; o < options.observables.size(); ++o) {
      const std::string& name = options.observables[o];
      const auto &mean = sampled.observable(name, "mean"), &error = sampled.observable(name, "error"), &truth = summed.observable(name, "mean");
      for (std::size_t k = 0; k < mean.size(); ++k) {
        if (error[k] < 1e-10) {
          EXPECT_NEAR(mean[k], truth[k], 1e-9) << name << " " << k;
          continue;
        }
        const double z = (mean[k] - truth[k]) / error[k];
        EXPECT_LT(std::abs(z), 5.5) << family.hamiltonian.name << " " << name << " " << k;
        squares += z * z;
        largest = std::max(largest, std::abs(z));
        ++count;
      }
    }
    EXPECT_GT(count, 60);
    EXPECT_LT(squares / count, 1.8) << family.hamiltonian.name << " largest " << largest;
    EXPECT_GT(squares / count, 0.5) << family.hamiltonian.name;
  }
}

}  // namespace
}  // namespace qs
