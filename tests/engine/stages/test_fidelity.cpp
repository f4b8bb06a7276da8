// The fidelity of two sets of parameters of one network, by exact sums, by chains, over seeds and ranks.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include "engine/plan/plan_network.h"
#include "engine/wavefunctions/chunked.h"
#include "tests/engine/stages/evaluated.h"
#include "tests/plan_of.h"

namespace qs {
namespace {

using namespace testing_evaluate;  // NOLINT: systems of the tests

// A network of 8 sites, at `distance` from another state of it.
class TwoStates {
 public:
  TwoStates(double distance, std::uint64_t seed)
      : plan_(test::plan_of({.lattice = "{kind: chain, size: [8]}",
                             .sector = "{kind: spinless_fermions, particles: 3}",
                             .hamiltonian = "{kind: tv, t: 1.0, V: [0.5, 1.5]}",
                             .wavefunction = "wavefunction: {kind: qstage, depth: 2, d_model: 8, heads: 2, mlp: 8, tail: [V]}\n"})),
        psi_(make_network(*plan_.network, Device::cpu)),
        own_(psi_->initial_parameters({.seed = seed})),
        other_(own_) {
    const std::vector<double> direction = psi_->initial_parameters({.seed = seed + 1});
    for (std::size_t k = 0; k < other_.size(); ++k) other_[k] += distance * direction[k];
  }

  // By the scalar products, state by state.
  std::vector<double> by_definition() {
    psi_->set_features(feature_table(*plan_.family, plan_.network->input.feature_names));
    const auto comm = self_communicator();
    const auto amplitudes = [&](const std::vector<double>& parameters) {
      psi_->set_parameters(parameters);
      return make_exact_sum(*plan_.family, *comm)->sample(*psi_);
    };
    const SampleSet psi = amplitudes(own_), phi = amplitudes(other_);
    std::vector<std::complex<double>> product(2);
    std::vector<double> norm(2), other_norm(2), fidelity;
    for (std::int64_t i = 0; i < psi.rows.rows(); ++i) {
      const int g = psi.rows.problem[i];
      const std::complex<double> a = std::exp(psi.log_psi[i]), b = std::exp(phi.log_psi[i]);
      product[g] += std::conj(a) * b;
      norm[g] += std::norm(a);
      other_norm[g] += std::norm(b);
    }
    for (int g = 0; g < 2; ++g) fidelity.push_back(std::norm(product[g]) / (norm[g] * other_norm[g]));
    return fidelity;
  }

  Evaluated evaluated(SamplerOptions sampler, std::uint64_t seed, Communicator& comm) {
    EvaluateOptions options{.sampler = std::move(sampler)};
    options.fidelity = FidelityOptions{"other.h5", other_};
    ExactStates exact({}, comm);
    RunState state;
    state.parameters = own_;
    EvaluateStage stage(options,
                        {.comm = comm,
                         .family = *plan_.family,
                         .psi = psi_.get(),
                         .features = plan_.network->input.feature_names,
                         .key = {seed, 1},
                         .group = "00_evaluate"},
                        exact);
    stage.begin(state);
    return {.outcome = stage.step(state), .outputs = std::move(state.outputs)};
  }

 private:
  RunPlan plan_;
  std::unique_ptr<Wavefunction> psi_;
  std::vector<double> own_, other_;
};

const SamplerOptions hops = metropolis({.moves = {{.kind = MoveKind::hop}}, .chains = 64, .samples = 1024});
constexpr int labels = 3;  // F, F_controlled, E|fg|^2

TEST(Fidelity, OfAnExactSumIsThatOfTheScalarProducts) {
  TwoStates states(3, 1);
  const std::vector<double> expected = states.by_definition();
  const Evaluated e = states.evaluated(exact_sum(), 1, *self_communicator());
  for (int g = 0; g < 2; ++g) {
    EXPECT_NEAR(e.observable("fidelity", "mean")[g], expected[g], 1e-13);
    EXPECT_LT(expected[g], 0.999);
    EXPECT_EQ(e.observable("fidelity", "error")[g], 0);
  }
}

TEST(Fidelity, OfAStateWithItselfIsOne) {
  TwoStates states(0, 1);
  const Evaluated e = states.evaluated(hops, 1, *self_communicator());
  for (const double value : e.observable("fidelity", "mean")) EXPECT_NEAR(value, 1, 1e-12);
  for (const double error : e.observable("fidelity", "error")) EXPECT_LT(error, 1e-12);
}

// Over 20 seeds: F, with and without the control, and E|fg|^2 = 1 have honest errors, and the control makes near states clearer.
TEST(Fidelity, OfChainsHasHonestErrors) {
  for (const double distance : {0.5, 4.0}) {
    TwoStates states(distance, 1);
    const std::vector<double> fidelity = states.by_definition();
    double squares[labels] = {}, errors[labels] = {};
    const int seeds = 20;
    for (std::uint64_t seed = 1; seed <= seeds; ++seed) {
      const Evaluated e = states.evaluated(hops, seed, *self_communicator());
      const int g = static_cast<int>(seed) % 2;  // values of one run are correlated
      for (int k = 0; k < labels; ++k) {
        const double error = e.observable("fidelity", "error")[g * labels + k];
        const double z = (e.observable("fidelity", "mean")[g * labels + k] - (k == 2 ? 1 : fidelity[g])) / error;
        EXPECT_LT(std::abs(z), 4) << "distance " << distance << ", seed " << seed << ", value " << k;
        squares[k] += z * z;
        errors[k] += error / seeds;
      }
    }
    for (const double sum : squares) EXPECT_LT(std::abs(chi_square_z(sum, seeds)), 3.09) << distance;
    EXPECT_LT(errors[1], errors[0] * 1.02) << distance;
  }
}

TEST(Fidelity, HasTheSameBitsOnAnyNumberOfRanks) {
  TwoStates alone(2, 1);
  const Evaluated one = alone.evaluated(hops, 3, *self_communicator());
  for (const int ranks : {2, 3}) {
    run_in_process(ranks, [&](Communicator& comm) {
      TwoStates states(2, 1);
      const Evaluated all = states.evaluated(hops, 3, comm);
      for (const char* column : {"mean", "error", "reliable"}) EXPECT_EQ(all.observable("fidelity", column), one.observable("fidelity", column));
      EXPECT_EQ(all.energy("mean"), one.energy("mean"));
    });
  }
}

}  // namespace
}  // namespace qs
