// wavefunction: {kind: ..., weights: FILE} needs no sizes, and checks the ones it is given.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <utility>

#include "engine/base/error.h"
#include "engine/files/files.h"
#include "engine/hdf5/hdf5.h"
#include "engine/plan/plan.h"
#include "engine/plan/plan_network.h"
#include "engine/plan/weight_names.h"
#include "engine/wavefunctions/qstage.h"
#include "engine/wavefunctions/rbm.h"
#include "engine/wavefunctions/vit.h"
#include "engine/weights/weight_files.h"
#include "engine/weights/weights.h"
#include "tests/plan_of.h"
#include "tests/temporary_directory.h"

namespace qs {
namespace {

using testing::AllOf;
using testing::HasSubstr;

class WeightsInTheInput : public testing::Test {
 protected:
  static std::string spins(const std::string& wavefunction) {
    return "format: 1\noutput: {directory: unused}\n"
           "system: {lattice: {kind: square, size: [4, 6]}, sector: {kind: spin_half, total_sz: 0}, hamiltonian: {kind: heisenberg, J1: 1.0}}\n"
           "wavefunction: {" +
           wavefunction +
           "}\n"
           "stages: [{kind: evaluate, sampler: {kind: metropolis, move: {kind: exchange}, chains: 1, samples: 1}}]\n";
  }

  static std::string fermions(const std::string& wavefunction) {
    return "format: 1\noutput: {directory: unused}\n"
           "system: {lattice: {kind: chain, size: [6]}, sector: {kind: spinless_fermions, particles: 3}, hamiltonian: {kind: tv, t: 1.0},\n"
           "         family: {particles: [2, 3], V: [0.0, 1.0]}}\n"
           "wavefunction: {" +
           wavefunction +
           "}\n"
           "stages: [{kind: evaluate, sampler: {kind: exact_sum}}]\n";
  }

  // Parses and plans; a wrong input is an InputError with all its messages.
  RunPlan plan(const std::string& text) const { return test::plan_of(text, directory_.path()); }

  // Weights w.h5 of a network that an input describes in full; its parameters are returned.
  std::vector<double> write_weights(const std::string& text, const std::string& prefix = "") const {
    const RunPlan described = plan(text);
    const auto psi = make_wavefunction(described.network->options, described.network->input, Precision::float64, Device::reference);
    const std::vector<double> values = psi->initial_parameters({5, 0});
    std::vector<TensorShape> tensors = tensor_shapes(psi->layout());
    for (TensorShape& tensor : tensors) tensor.path = prefix + tensor.path;
    write_weights_file(directory_.file("w.h5"), tensors, values, "");
    return values;
  }

  // The same with what a run writes beside them.
  void write_described_weights(const std::string& text, const std::string& name) const {
    const RunPlan described = plan(text);
    const auto psi = make_wavefunction(described.network->options, described.network->input, Precision::float64, Device::reference);
    DataTree tree;
    store_weights(tree, tensor_shapes(psi->layout()), psi->initial_parameters({5, 0}));
    store_origin(tree, described.origin);
    replace_file(directory_.file(name), to_hdf5_image(tree));
  }

  static std::string with(std::string text, const std::string& part, const std::string& replacement) {
    return text.replace(text.find(part), part.size(), replacement);
  }

  std::string refusal(const std::string& text, ExitCode code) const {
    try {
      plan(text);
    } catch (const Error& error) {
      EXPECT_EQ(error.code(), code) << error.what();
      return error.what();
    }
    return "nothing was refused";
  }

  TemporaryDirectory directory_;
};

TEST_F(WeightsInTheInput, QstageTokensAreNamedByTheirWidth) {
  const std::string sizes = "kind: qstage, depth: 3, d_model: 12, heads: 3, mlp: 7, ";
  const std::pair<std::string, std::vector<std::vector<std::string>>> variants[] = {
      {"tail: [[t, V, N]], features: [t, V, N]", {{"t", "V", "N"}}},
      {"tail: [[V]], features: [t, V, N]", {{"V"}}},
      {"tail: [[V], [N]], features: [t, V, N]", {{"V"}, {"N"}}},
      {"tail: [[t, V, N], [V, N]], features: [t, V, N]", {{"t", "V", "N"}, {"V", "N"}}},
  };
  for (const auto& [keys, tails] : variants) {
    const std::vector<double> values = write_weights(fermions(sizes + keys));

    const RunPlan inferred = plan(fermions("kind: qstage, weights: w.h5"));

    const auto& options = inferred.network->options.get<QstageOptions>();
    EXPECT_EQ(options.depth, 3);
    EXPECT_EQ(options.d_model, 12);
    EXPECT_EQ(options.heads, 3);
    EXPECT_EQ(options.mlp, 7);
    EXPECT_EQ(options.tails, tails);
    EXPECT_EQ(inferred.network->input.feature_names, (std::vector<std::string>{"t", "V", "N"}));
    EXPECT_EQ(inferred.network->input.features, (std::vector<std::vector<double>>{{1, 0, 2}, {1, 1, 2}, {1, 0, 3}, {1, 1, 3}}));
    EXPECT_EQ(inferred.network->parameters, values);
  }
}

TEST_F(WeightsInTheInput, ADeterminantHasAnOrbitalPerParticleAndIsReadOffItsWeights) {
  const std::string sizes = "kind: qstage, depth: 2, d_model: 4, heads: 2, mlp: 4, amplitude: determinant";
  EXPECT_EQ(plan(fermions(sizes)).network->options.get<QstageOptions>().orbitals, 3);
  const std::vector<double> values = write_weights(fermions(sizes + ", orbitals: 5"));

  const RunPlan inferred = plan(fermions("kind: qstage, weights: w.h5"));

  const auto& options = inferred.network->options.get<QstageOptions>();
  EXPECT_EQ(options.amplitude, Amplitude::determinant);
  EXPECT_EQ(options.orbitals, 5);
  EXPECT_EQ(inferred.network->parameters, values);
}

TEST_F(WeightsInTheInput, ADeterminantIsRefusedWhereItCannotServe) {
  EXPECT_THAT(refusal(fermions("kind: qstage, amplitude: determinant, orbitals: 2"), ExitCode::input),
              AllOf(HasSubstr("do not fit the 2 orbitals"), HasSubstr("write wavefunction.orbitals: 3")));
  EXPECT_THAT(refusal(fermions("kind: qstage, amplitude: determinant, orbitals: 7"), ExitCode::input), HasSubstr("larger than the number of modes"));
  EXPECT_THAT(refusal(fermions("kind: qstage, orbitals: 3"), ExitCode::input), HasSubstr("belongs to amplitude determinant"));
  EXPECT_THAT(refusal(spins("kind: qstage, amplitude: determinant"), ExitCode::input), HasSubstr("describes fermions"));
}

TEST_F(WeightsInTheInput, OtherNamesOfTokensAreWritten) {
  write_weights(fermions("kind: qstage, depth: 2, d_model: 4, heads: 2, mlp: 4, tail: [[N], [V]], features: [N, V]"));

  const RunPlan named = plan(fermions("kind: qstage, weights: w.h5, tail: [[N], [V]]"));

  EXPECT_EQ(named.network->options.get<QstageOptions>().tails, (std::vector<std::vector<std::string>>{{"N"}, {"V"}}));
  EXPECT_EQ(named.network->input.feature_names, (std::vector<std::string>{"N", "V"}));
}

TEST_F(WeightsInTheInput, TokensWithoutANameAreAskedFor) {
  write_weights(fermions("kind: qstage, depth: 2, d_model: 4, heads: 2, mlp: 4, tail: [[V], [N], [V]], features: [t, V, N]"));

  EXPECT_THAT(refusal(fermions("kind: qstage, weights: w.h5"), ExitCode::input),
              AllOf(HasSubstr("the weights have 3 tail tokens"), HasSubstr("write wavefunction.tail")));
  EXPECT_EQ(refusal(fermions("kind: qstage, weights: w.h5, tail: [[V], [N], [V]], features: [t, V, N]"), ExitCode::input), "nothing was refused");
}

TEST_F(WeightsInTheInput, VitSizesAndPatch) {
  const std::vector<double> values = write_weights(spins("kind: vit, patch: [2, 3], layers: 3, d_model: 8, heads: 4, attention: factored_full"));

  const RunPlan inferred = plan(spins("kind: vit, weights: w.h5"));

  const auto& options = inferred.network->options.get<VitOptions>();
  EXPECT_EQ(options.patch, (std::vector<int>{2, 3}));
  EXPECT_EQ(options.layers, 3);
  EXPECT_EQ(options.d_model, 8);
  EXPECT_EQ(options.heads, 4);
  EXPECT_EQ(options.attention, VitAttention::factored_full);
  EXPECT_EQ(inferred.network->parameters, values);
}

TEST_F(WeightsInTheInput, RbmSizesAndType) {
  for (const auto& [keys, dtype] : {std::pair{"dtype: real", Dtype::real}, {"dtype: complex", Dtype::complex}}) {
    write_weights(spins(std::string("kind: rbm, alpha: 3, ") + keys));

    const auto options = plan(spins("kind: rbm, weights: w.h5")).network->options.get<RbmOptions>();

    EXPECT_EQ(options.alpha, 3);
    EXPECT_EQ(options.dtype, dtype);
  }
}

TEST_F(WeightsInTheInput, ACollectionOfFlaxIsLookedInto) {
  const std::vector<double> values = write_weights(spins("kind: rbm, alpha: 2, dtype: real"), "params/");

  EXPECT_EQ(plan(spins("kind: rbm, weights: w.h5")).network->parameters, values);
}

TEST_F(WeightsInTheInput, AGivenSizeIsCheckedAgainstTheFile) {
  write_weights(spins("kind: rbm, alpha: 3, dtype: real"));

  EXPECT_THAT(refusal(spins("kind: rbm, weights: w.h5, alpha: 2"), ExitCode::checkpoint),
              AllOf(HasSubstr("parameter 'Dense/bias'"), HasSubstr("the model has [48]"), HasSubstr("the file has [72]")));
  EXPECT_THAT(refusal(spins("kind: vit, weights: w.h5"), ExitCode::checkpoint), AllOf(HasSubstr("kind rbm, not vit"), HasSubstr("w.h5")));
}

TEST_F(WeightsInTheInput, AnotherLatticeIsNamedByTheFirstParameterThatDiffers) {
  write_weights(fermions("kind: qstage, depth: 1, d_model: 4, heads: 2, mlp: 4, tail: [t, V, N]"));
  std::string longer = fermions("kind: qstage, weights: w.h5");
  longer.replace(longer.find("[6]"), 3, "[8]");

  EXPECT_THAT(refusal(longer, ExitCode::checkpoint),
              AllOf(HasSubstr("parameter 'Dense_1/kernel'"), HasSubstr("the model has"), HasSubstr("the file has")));
}

TEST_F(WeightsInTheInput, AFileThatCannotBeReadLeavesWithItsOwnCode) {
  EXPECT_THAT(refusal(spins("kind: rbm, weights: absent.h5"), ExitCode::file), HasSubstr("absent.h5"));
  put(directory_.file("broken.h5"), "not a weight file");
  EXPECT_NE(refusal(spins("kind: rbm, weights: broken.h5"), ExitCode::checkpoint), "nothing was refused");
}

TEST_F(WeightsInTheInput, OtherErrorsOfTheInputAreSaidInTheSamePass) {
  std::string text = spins("kind: rbm, weights: absent.h5");
  text.replace(text.find("kind: exchange"), std::string("kind: exchange").size(), "kind: hop");

  EXPECT_THAT(refusal(text, ExitCode::input), AllOf(HasSubstr("absent.h5"), HasSubstr("move 'hop'")));
}

// An RBM of 24 sites fits any lattice of 24 sites: only what is written beside the weights tells.
TEST_F(WeightsInTheInput, OfAnotherSystemAreRefused) {
  const std::string rbm = spins("kind: rbm, weights: w.h5");
  write_described_weights(spins("kind: rbm"), "w.h5");

  EXPECT_THAT(plan(rbm).warnings, testing::IsEmpty());
  EXPECT_THAT(refusal(with(rbm, "[4, 6]", "[6, 4]"), ExitCode::checkpoint),
              AllOf(HasSubstr("w.h5"), HasSubstr("lattice 'square 4x6' there, 'square 6x4' here")));
  EXPECT_THAT(refusal(with(rbm, "J1: 1.0", "J1: 1.0, marshall_sign: true"), ExitCode::checkpoint),
              AllOf(HasSubstr("'as they are' there"), HasSubstr("'rotated on one sublattice (marshall_sign)' here")));
}

TEST_F(WeightsInTheInput, WhatMayBeMeantIsSaid) {
  const std::string rbm = spins("kind: rbm, weights: w.h5");
  write_described_weights(spins("kind: rbm"), "w.h5");

  EXPECT_THAT(plan(with(rbm, "size: [4, 6]", "size: [4, 6], periodic: false")).warnings,
              testing::ElementsAre(HasSubstr("lattice 'square 4x6, periodic', not 'square 4x6, open'")));
  EXPECT_THAT(plan(with(rbm, "total_sz: 0", "total_sz: 1")).warnings, testing::ElementsAre(HasSubstr("not '24 spins 1/2, 13 up (2 Sz = 2)'")));
  EXPECT_THAT(plan(with(rbm, "kind: heisenberg, J1", "kind: xxz, J")).warnings,
              testing::ElementsAre(HasSubstr("hamiltonian 'heisenberg', not 'xxz'")));
}

TEST_F(WeightsInTheInput, CouplingsReadInAnotherOrderAreRefused) {
  const std::string network = "kind: qstage, depth: 2, d_model: 4, heads: 2, mlp: 4, tail: [[N], [V]], features: [N, V]";
  write_described_weights(fermions(network), "w.h5");

  EXPECT_NE(plan(fermions(network + ", weights: w.h5")).network->parameters.size(), 0u);
  EXPECT_THAT(refusal(fermions("kind: qstage, weights: w.h5, tail: [[V], [N]], features: [V, N]"), ExitCode::checkpoint),
              AllOf(HasSubstr("'N, V; tails [N], [V]' there"), HasSubstr("'V, N; tails [V], [N]' here")));
}

// Formats with a place for it carry the description, msgpack has none.
TEST_F(WeightsInTheInput, TheDescriptionSurvivesAConversion) {
  write_described_weights(spins("kind: rbm"), "w.h5");
  const auto converted = [&](const std::string& from, const std::string& to) {
    write_tensors(directory_.file(to), read_tensors(directory_.file(from)), *weight_format_named(to));
    return with(spins("kind: rbm, weights: " + to), "[4, 6]", "[6, 4]");
  };

  EXPECT_THAT(refusal(converted("w.h5", "w.safetensors"), ExitCode::checkpoint), HasSubstr("'square 4x6' there"));
  EXPECT_THAT(refusal(converted("w.safetensors", "again.h5"), ExitCode::checkpoint), HasSubstr("'square 4x6' there"));
  EXPECT_EQ(refusal(converted("w.h5", "w.msgpack"), ExitCode::checkpoint), "nothing was refused");
}

// precision.sampler
TEST_F(WeightsInTheInput, GivesChainsTheirPrecision) {
  const std::string text = spins("kind: rbm");
  for (const auto& [precision, chains] :
       {std::pair{"{network: float64}", Precision::float64}, std::pair{"{network: float64, sampler: float32}", Precision::float32},
        std::pair{"{network: float32}", Precision::float32}}) {
    const auto psi = make_network(*plan(std::string("precision: ") + precision + "\n" + text).network, Device::reference);
    EXPECT_EQ(psi->for_chains().precision(), chains) << precision;
  }
}

// The other state of a fidelity: parameters of the same network, and of the same irrep.
TEST_F(WeightsInTheInput, OfAFidelityAreThoseOfTheRunsNetwork) {
  const std::string network = "kind: rbm, alpha: 2", bare = "wavefunction: {" + network + "}\n";
  const auto text = [](const std::string& wavefunction) {
    return test::InputText{.lattice = "{kind: chain, size: [4]}",
                           .sector = "{kind: spin_half, total_sz: 0}",
                           .hamiltonian = "{kind: heisenberg}",
                           .wavefunction = wavefunction,
                           .stages = "{kind: evaluate, fidelity: {with: w.h5}}"};
  };
  const auto refused = [&](const std::string& wavefunction) { return test::refusal_of(text(wavefunction), directory_.path()); };
  EXPECT_THAT(refused(bare), HasSubstr("w.h5"));  // there is none
  const RunPlan described = test::plan_of(test::InputText{
      .lattice = "{kind: chain, size: [4]}", .sector = "{kind: spin_half, total_sz: 0}", .hamiltonian = "{kind: heisenberg}", .wavefunction = bare});
  const auto psi = make_network(*described.network, Device::reference);
  DataTree tree;
  store_weights(tree, tensor_shapes(psi->layout()), psi->initial_parameters({5, 0}));
  seal_weights(tree);
  const auto write = [&](Origin origin) {
    DataTree stored = tree;
    store_origin(stored, origin);
    replace_file(directory_.file("w.h5"), to_hdf5_image(stored));
  };

  write(described.origin);
  EXPECT_EQ(refused(bare), "nothing was refused");
  EXPECT_THAT(refused("wavefunction: {kind: rbm, alpha: 3}\n"), HasSubstr("do not fit the model"));
  EXPECT_THAT(refused("symmetry: {momentum: [0]}\n" + bare), HasSubstr("belong to a state that is not projected, but this run's is projected on"));
  Origin longer = described.origin;
  longer["lattice"] = "chain 6, periodic";
  longer["geometry"] = "another";
  write(longer);
  EXPECT_THAT(refused(bare), HasSubstr("belong to another system"));
}

}  // namespace
}  // namespace qs
