// Exact states from one run to the next: what `export_hdf5` writes is what `targets: {files: [...]}` learns from, in every sector.
#include "engine/run/export_states.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <random>

#include "engine/base/error.h"
#include "engine/hdf5/hdf5.h"
#include "engine/plan/plan.h"
#include "engine/stages/exact_states.h"
#include "tests/engine/files/mutate.h"
#include "tests/plan_of.h"
#include "tests/temporary_directory.h"

namespace qs {
namespace {

using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

using test::InputText;

struct System {
  std::string name;
  InputText text;

  InputText with(const std::string& stage, const std::string& limits = "") const {
    InputText whole = text;
    whole.wavefunction = "wavefunction: {kind: qstage, depth: 2, d_model: 4, heads: 2, mlp: 4}\n";
    whole.sampler = "";
    whole.stages = stage;
    whole.limits = limits;
    return whole;
  }
};

const std::string ring = "{kind: chain, size: [6]}";
const std::string learn = "{kind: pretrain, optimizer: {kind: adamw}, targets: {files: [exact.h5]}}";

const std::vector<System> systems = {
    {"spins", {ring, "{kind: spin_half, total_sz: 0}", "{kind: heisenberg, J1: 1.0, J2: 0.3}"}},
    {"free_spins", {ring, "{kind: spin_half}", "{kind: tfim, J: 1.0, Gamma: 0.7}"}},
    {"spinless", {ring, "{kind: spinless_fermions, particles: 3}", "{kind: tv, t: 1.0, delta: 0.1}", "{V: [0.0, 1.0, 2.5]}"}},
    {"spinful",
     {"{kind: square, size: [3, 2], periodic: false}", "{kind: spinful_fermions, up: 2, down: 2}", "{kind: hubbard, t: 1.0, U: [2.0, 4.0]}"}},
    {"complex",
     {ring, "{kind: spin_half}",
      "{kind: terms, couplings: {J: 1.0, D: 0.7, h: 0.4}, terms: [{expression: S.S, shell: 1, coupling: J}, {expression: \"[0.6, 0, 0.8].(S x S)\", "
      "shell: 1, coupling: D}, {expression: Sz, sites: all, coupling: h}]}"}},
};

class ExportStates : public testing::TestWithParam<System> {
 protected:
  // Runs the ed stage of the input and writes its file.
  void write(const System& system, const std::string& stage = "{kind: ed, states: 3, export_hdf5: exact.h5}") {
    const RunPlan plan = test::plan_of(system.with(stage));
    const StagePlan& ed = plan.stages.at(0);
    ExactStates exact(plan.ed, *comm_);
    results_.clear();
    std::vector<const EdResult*> pointers;
    for (int g = 0; g < ed.family.size(); ++g) results_.push_back(exact.solve(ed.family, g));
    for (const EdResult& result : results_) pointers.push_back(&result);
    const RunDirectory directory(temporary_.path(), Existing::refuse);
    const auto names = export_states(*ed.exports, ed.family, pointers, {directory, build_info(), plan.origin});
    EXPECT_THAT(names, ElementsAre(temporary_.file("exact.h5")));
  }

  std::vector<Amplitudes> read(const System& system, const std::string& stage = learn) {
    const RunPlan plan = test::plan_of(system.with(stage), temporary_.path());
    warnings_ = plan.warnings;
    return plan.stages.at(0).targets;
  }
  std::string refusal(const System& system, const std::string& stage = learn) const {
    return test::refusal_of(system.with(stage), temporary_.path());
  }
  void damage(DataTree tree) { replace_file(temporary_.file("exact.h5"), to_hdf5_image(tree)); }

  std::unique_ptr<Communicator> comm_ = self_communicator();
  TemporaryDirectory temporary_;
  std::vector<EdResult> results_;
  std::vector<std::string> warnings_;
};

TEST_P(ExportStates, ComeBackBitForBit) {
  write(GetParam());
  const std::vector<Amplitudes> states = read(GetParam());
  ASSERT_EQ(states.size(), results_.size());
  for (std::size_t g = 0; g < states.size(); ++g) EXPECT_EQ(states[g], results_[g].amplitudes(0)) << g;
  EXPECT_THAT(warnings_, IsEmpty());
  const DataTree tree = read_hdf5(temporary_.file("exact.h5"));
  const std::int64_t dimension = results_[0].dimension;
  EXPECT_EQ(tree.at("problems/000/amplitudes").shape, (std::vector<std::int64_t>{3, dimension}));
  EXPECT_EQ(tree.at("problems/000/basis").shape, (std::vector<std::int64_t>{dimension, 1}));
  EXPECT_EQ(tree.doubles("problems/000/energies"), results_[0].energies);
  EXPECT_EQ(std::holds_alternative<std::vector<double>>(tree.at("problems/000/amplitudes").values), GetParam().name != "complex");
}

INSTANTIATE_TEST_SUITE_P(EverySector, ExportStates, testing::ValuesIn(systems), [](const auto& system) { return system.param.name; });

using ExportedStates = ExportStates;

System spinless(const std::string& family) {
  System system = systems[2];
  system.text.family = family;
  return system;
}

TEST_F(ExportedStates, ServeAnyPartOfTheirFamilyInAnyOrder) {
  write(systems[2]);
  const std::vector<Amplitudes> states = read(spinless("{V: [2.5, 0.0, 2.5]}"));
  EXPECT_EQ(states, (std::vector<Amplitudes>{results_[2].amplitudes(0), results_[0].amplitudes(0), results_[2].amplitudes(0)}));
  write(spinless("{particles: [2, 3], V: [1.0, 2.0]}"));
  EXPECT_EQ(read(spinless("{particles: [3, 2], V: [2.0]}")).size(), 2u);
}

// What a state says of its couplings is a hint, not a condition: without it every state is tried.
TEST_F(ExportedStates, ServeWhateverTheirCouplingsSay) {
  write(systems[2]);
  DataTree tree = read_hdf5(temporary_.file("exact.h5"));
  tree.groups["problems/000/couplings"]["V"] = 7.0;
  tree.groups["problems/001/couplings"]["V"] = 2.5;  // of problem 2, whose own comes later and fits
  damage(std::move(tree));
  const std::vector<Amplitudes> states = read(systems[2]);
  for (std::size_t g = 0; g < states.size(); ++g) EXPECT_EQ(states[g], results_[g].amplitudes(0)) << g;
}

// Both have a residual below 1e-5 for the other.
TEST_F(ExportedStates, AreToldApartByTheSmallestResidual) {
  write(spinless("{V: [1.000002, 1.0]}"));
  EXPECT_EQ(read(spinless("{V: [1.0]}")), std::vector<Amplitudes>{results_[1].amplitudes(0)});
}

TEST_F(ExportedStates, OfOtherProblemsAreRefused) {
  write(systems[2]);
  EXPECT_THAT(refusal(spinless("{V: [1.0, 3.0]}")),
              AllOf(HasSubstr("input.yaml:9:"), HasSubstr("no ground state of problem 1 (V = 3, 3 spinless fermions on 6 sites)"),
                    HasSubstr("exact.h5' has V = 0, V = 1, V = 2.5 of 3 spinless fermions on 6 sites, hamiltonian 'tv', lattice 'chain 6, periodic'"),
                    HasSubstr("none has these couplings"), HasSubstr("write it with `export_hdf5: exact.h5`")));
  System open = spinless("{V: [1.0]}");
  open.text.lattice = "{kind: chain, size: [6], periodic: false}";
  EXPECT_THAT(refusal(open), AllOf(HasSubstr("of these couplings there is one, but its |H phi - E phi| is"), HasSubstr("another lattice, boundary")));
  System other = spinless("{V: [1.0]}");
  other.text.sector = "{kind: spinless_fermions, particles: 2}";
  EXPECT_THAT(refusal(other), HasSubstr("problem 0 (V = 1, 2 spinless fermions on 6 sites): none has"));
}

TEST_F(ExportedStates, InAnotherConventionAreRefused) {
  write({"", {ring, "{kind: spin_half, total_sz: 0}", "{kind: heisenberg, marshall_sign: true}"}});
  EXPECT_THAT(refusal({"", {ring, "{kind: spin_half, total_sz: 0}", "{kind: heisenberg}"}}),
              AllOf(HasSubstr("another convention: amplitudes 'rotated on one sublattice"), HasSubstr("'as they are' here")));
}

// What the README asks of the files of other programs.
TEST_F(ExportedStates, NeedNothingBesideTheArrays) {
  write(systems[0]);
  DataTree tree = read_hdf5(temporary_.file("exact.h5"));
  for (const char* group : {"system", "problems/000", "problems/000/couplings"}) tree.groups.erase(group);
  tree.datasets.erase("problems/000/residuals");
  for (auto& [path, dataset] : tree.datasets) dataset.attributes.clear();
  damage(std::move(tree));
  EXPECT_EQ(read(systems[0]), std::vector<Amplitudes>{results_[0].amplitudes(0)});
}

TEST_F(ExportedStates, OfADegenerateLevelAreAllThere) {
  const System two{"", {ring, "{kind: spinless_fermions, particles: 2}", "{kind: tv}"}};
  write(two, "{kind: ed, export_hdf5: exact.h5}");
  EXPECT_EQ(read_hdf5(temporary_.file("exact.h5")).at("problems/000/amplitudes").shape, (std::vector<std::int64_t>{2, 15}));
  EXPECT_EQ(read(two), std::vector<Amplitudes>{results_[0].amplitudes(0)});
  EXPECT_THAT(warnings_, ElementsAre(HasSubstr("has 2 states, and the network learns the first of them in the file")));
}

TEST_F(ExportedStates, ThatAreDamagedAreRefusedByName) {
  write(systems[0]);
  const DataTree whole = read_hdf5(temporary_.file("exact.h5"));
  const auto after = [&](auto&& change) {
    DataTree tree = whole;
    change(tree);
    damage(std::move(tree));
    return refusal(systems[0]);
  };
  const std::string basis = "problems/000/basis", amplitudes = "problems/000/amplitudes";
  EXPECT_THAT(after([](DataTree& tree) { tree.groups[""]["layout"] = "qstage-results"; }),
              AllOf(HasSubstr("its layout is 'qstage-results', not 'qstage-states'"), HasSubstr("export_hdf5: exact.h5")));
  EXPECT_THAT(after([](DataTree& tree) { tree.groups[""]["layout_version"] = std::vector<std::int64_t>{2, 0}; }), HasSubstr("has version 2"));
  EXPECT_THAT(after([&](DataTree& tree) { tree.datasets.erase(basis); }), HasSubstr("problems/000/basis is missing"));
  EXPECT_THAT(after([&](DataTree& tree) { tree.datasets[basis].shape = {10, 2}; }), HasSubstr("has the shape [10, 2]"));
  EXPECT_THAT(after([&](DataTree& tree) { tree.datasets[amplitudes].shape = {20, 3}; }), HasSubstr("not [levels, 20]"));
  EXPECT_THAT(after([&](DataTree& tree) {
                tree.datasets[amplitudes] = array(std::vector<std::int64_t>(60), {3, 20});
              }),
              HasSubstr("holds int64, not float64"));
  EXPECT_THAT(after([&](DataTree& tree) { std::get<0>(tree.datasets[amplitudes].values)[0] += 1; }), HasSubstr("squared norm"));
  EXPECT_THAT(after([&](DataTree& tree) { std::get<0>(tree.datasets[amplitudes].values)[0] = NAN; }), HasSubstr("squared norm"));
  EXPECT_THAT(after([&](DataTree& tree) {
                tree.datasets["problems/000/energies"].values = std::vector<double>{}, tree.datasets["problems/000/energies"].shape = {0};
              }),
              HasSubstr("energies does not begin with a finite number"));
  EXPECT_THAT(after([](DataTree& tree) { tree.datasets.clear(), tree.groups.erase("problems/000"), tree.groups.erase("problems/000/couplings"); }),
              HasSubstr("holds no state of any problem"));
  // A state twice, and one that another sector has: no error of the file, but no state of ours.
  EXPECT_THAT(after([&](DataTree& tree) {
                auto& words = std::get<std::vector<std::uint64_t>>(tree.datasets[basis].values);
                words[1] = words[0];
              }),
              HasSubstr("no ground state of problem 0"));
  EXPECT_THAT(after([&](DataTree& tree) { std::get<std::vector<std::uint64_t>>(tree.datasets[basis].values)[0] = ~0ULL; }),
              HasSubstr("no ground state of problem 0"));
}

TEST_F(ExportedStates, AreNotLookedForInFilesThatAreNoHdf5) {
  replace_file(temporary_.file("exact.h5"), std::string_view());
  EXPECT_THAT(refusal(systems[0]), HasSubstr("exact.h5' is empty; write it with export_hdf5"));
  replace_file(temporary_.file("exact.h5"), std::string_view("hello\n"));
  EXPECT_THAT(refusal(systems[0]), HasSubstr("exact.h5' is not an HDF5 file"));
}

// Whatever the bytes are, what comes out is our state, or one line.
TEST_F(ExportedStates, SurviveNoDamageUnseen) {
  write(systems[0]);
  const std::vector<std::byte> image = read_bytes(temporary_.file("exact.h5"), 1 << 20);
  std::mt19937 engine(20261130);
  for (int trial = test::trials("QSTAGE_STATE_FILES", 25); trial > 0; --trial) {
    replace_file(temporary_.file("exact.h5"), trial % 2 ? test::mutated(image, engine) : test::overwritten(image, engine));
    const std::string text = refusal(systems[0]);
    EXPECT_LT(text.size(), 1500u) << text;
  }
}

TEST_F(ExportedStates, CountInTheMemoryOfTheRun) {
  write(systems[2]);
  const std::string limit = "limits: {memory: 8KiB}\n";
  EXPECT_THAT([&] { test::plan_of(systems[2].with(learn, limit), temporary_.path()); },
              testing::ThrowsMessage<InputError>(AllOf(HasSubstr("exact.h5' has"), HasSubstr("raise limits.memory"))));
}

}  // namespace
}  // namespace qs
