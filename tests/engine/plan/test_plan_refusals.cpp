// What the planner refuses or warns about: every sentence of plan.cpp, plan_system.cpp, plan_network.cpp and plan_checks.cpp that an input can draw.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <string>

#include "engine/base/error.h"
#include "engine/files/ed_csv.h"
#include "engine/files/files.h"
#include "engine/plan/plan.h"
#include "engine/plan/stage_memory.h"
#include "engine/plan/vocabulary.h"
#include "hamiltonians/symmetry/symmetry_sector.h"
#include "tests/plan_of.h"
#include "tests/temporary_directory.h"

namespace qs {
namespace {

using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

using Text = test::InputText;

std::string refusal(const Text& text, const std::string& directory = "") { return test::refusal_of(text, directory); }

std::vector<std::string> warnings(const Text& text) { return test::plan_of(text).warnings; }

const std::string depth_one = "wavefunction: {kind: qstage, depth: 1, d_model: 4, heads: 2, mlp: 4, ";

TEST(PlanRefusals, TheExampleItselfIsValid) { EXPECT_EQ(refusal({}), "nothing was refused"); }

const Text spins{.lattice = "{kind: triangular, size: [3, 4]}",
                 .sector = "{kind: spin_half, total_sz: 0}",
                 .hamiltonian = "{kind: heisenberg}",
                 .wavefunction = "wavefunction: {kind: rbm}\n",
                 .stages = "{kind: evaluate, compare: ed}"};

std::string with_symmetry(Text text, const std::string& symmetry) {
  text.wavefunction = "symmetry: " + symmetry + "\n" + text.wavefunction;
  return refusal(text);
}

TEST(PlanRefusals, SymmetryThatIsNotThere) {
  EXPECT_EQ(with_symmetry(spins, "{momentum: [0, 2], point: B, spin_inversion: 1}"), "nothing was refused");
  EXPECT_THAT(with_symmetry(spins, "{momentum: [0, 2], point: B3, spin_inversion: 1}"),
              AllOf(HasSubstr("input.yaml:7:37: error: symmetry.point 'B3' is no irrep"), HasSubstr("it has A, B")));
  EXPECT_THAT(with_symmetry(spins, "{momentum: [0, 2, 1]}"), HasSubstr("input.yaml:7:22: error: symmetry.momentum has 3 entries"));
  EXPECT_THAT(with_symmetry(spins, "{momenta: [0, 2]}"), HasSubstr("unknown key 'symmetry.momenta' (did you mean 'momentum'?"));
  EXPECT_THAT(with_symmetry(spins, "{spin_inversion: 2}"), HasSubstr("out of range"));
  EXPECT_THAT(with_symmetry({.hamiltonian = "{kind: tv, t: 1.0, delta: 0.1}"}, "{momentum: [0]}"),
              HasSubstr("7:22: error: symmetry.momentum is not conserved: under the translation by [1]"));
  Text vit = spins;
  vit.wavefunction = "wavefunction: {kind: vit, patch: [1, 1], layers: 1, d_model: 4, heads: 2}\n";
  EXPECT_THAT(with_symmetry(vit, "{momentum: [0, 2], point: B}"),
              HasSubstr("7:22: error: symmetry.momentum needs patch shifts that the network cannot carry"));
  Text ring = spins;
  ring.lattice = "{kind: chain, size: [4]}";
  EXPECT_THAT(with_symmetry(ring, "{momentum: [1], spin_inversion: 1}"), HasSubstr("no state of the sector"));
  ring.limits = "device: cuda\n";
  EXPECT_THAT(with_symmetry(ring, "{momentum: [0]}"), HasSubstr("device: cuda cannot do yet"));
}

// A stage's own symmetry holds until another one; what is wrong with it is said at its key.
TEST(PlanRefusals, SymmetryOfAStage) {
  Text staged = spins;
  staged.stages = "{kind: evaluate, symmetry: {momentum: [0, 2]}}, {kind: evaluate, compare: ed}, {kind: evaluate, symmetry: {}}";
  const RunPlan plan = test::plan_of(staged);
  EXPECT_EQ(plan.stages[0].family.symmetry.sector->order(), 12);
  EXPECT_EQ(plan.stages[1].family.symmetry.sector, plan.stages[0].family.symmetry.sector);
  EXPECT_EQ(plan.stages[2].family.symmetry.sector, nullptr);
  staged.wavefunction = "symmetry: {momentum: [0, 0]}\n" + staged.wavefunction;
  EXPECT_EQ(test::plan_of(staged).stages[0].family.symmetry.sector->describe(), "k = (0, 2)");

  staged.stages = "{kind: evaluate}, {kind: evaluate, symmetry: {momentum: [0, 2], point: B3}}";
  EXPECT_THAT(refusal(staged), AllOf(HasSubstr("error: symmetry.point 'B3' is no irrep"), HasSubstr("it has A, B")));
  staged.wavefunction = "wavefunction: {kind: vit, patch: [1, 1], layers: 1, d_model: 4, heads: 2}\n";
  staged.stages = "{kind: evaluate}, {kind: evaluate, symmetry: {momentum: [0, 2]}}";
  EXPECT_THAT(refusal(staged), HasSubstr("error: symmetry.momentum needs patch shifts that the network cannot carry"));
}

TEST(PlanRefusals, ChainsOfABareNetworkWithoutASymmetry) {
  Text bare = spins;
  bare.stages = "{kind: evaluate, sampler: {kind: metropolis, move: {kind: exchange}, follow: bare}}";
  bare.sampler = "";
  EXPECT_THAT(refusal(bare), HasSubstr("error: 'sampler.follow: bare' tells chains in a symmetry sector"));
  EXPECT_EQ(with_symmetry(bare, "{momentum: [0, 2]}"), "nothing was refused");
}

std::string own(const std::string& name, const std::string& term) {
  return "{kind: evaluate, observables: [energy, density, {name: " + name + ", terms: [{expression: n, sites: all}, " + term + "]}]}";
}

TEST(PlanRefusals, ObservablesOfOnesOwn) {
  EXPECT_EQ(refusal({.stages = own("mine", "{expression: c+ c + h.c., tuples: [[0, 1]], coupling: t}")}), "nothing was refused");
  EXPECT_THAT(refusal({.stages = own("mine", "{expression: c+ c, shell: 1}")}), AllOf(HasSubstr("'c+ c' is not hermitian"), HasSubstr("input.yaml")));
  EXPECT_THAT(refusal({.stages = own("mine", "{expression: n n, shell: 1, coupling: K}")}), HasSubstr("the Hamiltonian has no coupling 'K'"));
  EXPECT_THAT(refusal({.stages = own("mine", "{expression: c+ + c, sites: [0]}")}), HasSubstr("changes the number of particles"));
  EXPECT_THAT(refusal({.stages = own("mine", "{expression: Sz, sites: [0]}")}), HasSubstr("acts on spins"));
  EXPECT_THAT(refusal({.stages = own("mine", "{expression: n}")}), HasSubstr("does not say where it acts"));
  EXPECT_THAT(refusal({.stages = own("density", "{expression: n, sites: [0]}")}), HasSubstr("'density' is the name of a built-in observable"));
  EXPECT_THAT(refusal({.stages = own("a/b", "{expression: n, sites: [0]}")}), HasSubstr("other characters than"));
  EXPECT_THAT(refusal({.stages = "{kind: evaluate, observables: [energy, spin_spin]}"}), HasSubstr("observable spin_spin is not defined"));
}

TEST(PlanRefusals, LanczosStepsThatSamplesCannotTake) {
  const std::string chains = "sampler: {kind: metropolis, move: {kind: hop}, chains: 8, samples: 16}\n";
  EXPECT_EQ(refusal({.stages = "{kind: lanczos, steps: 2, compare: ed}"}), "nothing was refused");
  EXPECT_EQ(refusal({.sampler = chains, .stages = "{kind: lanczos}"}), "nothing was refused");
  EXPECT_THAT(refusal({.sampler = chains, .stages = "{kind: lanczos, steps: 2}"}),
              AllOf(HasSubstr("input.yaml:9:33: error: two Lanczos steps need the fifth moment"), HasSubstr("or steps: 1")));
  EXPECT_THAT(refusal({.stages = "{kind: lanczos, steps: 3}"}), HasSubstr("out of range"));
  EXPECT_THAT(refusal({.sampler = "sampler: {kind: metropolis, move: {kind: hop}, chains: 1}\n", .stages = "{kind: lanczos}"}),
              HasSubstr("a Lanczos step needs two chains"));
}

TEST(PlanRefusals, ExtrapolationsWithoutALine) {
  const std::string chains = "sampler: {kind: metropolis, move: {kind: hop}}\n", own = "sampler: {kind: exact_sum}";
  EXPECT_EQ(refusal({.stages = "{kind: lanczos}, {kind: extrapolate, compare: ed}"}), "nothing was refused");
  EXPECT_THAT(refusal({.stages = "{kind: extrapolate}"}), HasSubstr("a line needs two points and there is none"));
  EXPECT_THAT(refusal({.stages = "{kind: evaluate}, {kind: extrapolate}"}), HasSubstr("a line needs two points and there is one"));
  EXPECT_THAT(refusal({.stages = "{kind: evaluate}, {kind: lanczos}, {kind: extrapolate, points: [01_evaluate]}"}),
              HasSubstr("'01_evaluate' is no earlier stage that has measured energy and variance; there are: 00_evaluate, 01_lanczos"));
  EXPECT_THAT(refusal({.stages = "{kind: ed}, {kind: lanczos}, {kind: extrapolate, points: [00_ed, 01_lanczos]}"}), HasSubstr("'00_ed' is no"));
  EXPECT_THAT(refusal({.stages = "{kind: lanczos, family: {delta: [0.3]}}, {kind: evaluate}, {kind: extrapolate}"}),
              HasSubstr("00_lanczos has other Hamiltonians or sectors than this stage"));
  EXPECT_THAT(refusal({.sampler = chains, .stages = "{kind: evaluate}, {kind: lanczos, " + own + "}, {kind: extrapolate}"}),
              HasSubstr("00_evaluate and 01_lanczos are an exact sum and samples"));
}

TEST(PlanRefusals, RegionsOfRenyi2) {
  const auto with = [](const std::string& keys) { return refusal({.stages = "{kind: evaluate, renyi2: {" + keys + "}}"}); };
  EXPECT_EQ(with("regions: [[0, 1, 2], [4]], pairings: 3"), "nothing was refused");
  EXPECT_THAT(with("regions: [[0, 1], [2, 6]]"), AllOf(HasSubstr("input.yaml:9:54"), HasSubstr("site 6, but sites are 0 to 5")));
  EXPECT_THAT(with("regions: [[0, 1, 0]]"), HasSubstr("site 0 twice"));
  EXPECT_THAT(with("regions: [[0, 1, 2, 3, 4, 5]]"), HasSubstr("6 of 6 sites"));
  EXPECT_THAT(with("regions: [[]]"), HasSubstr("0 entries"));
  EXPECT_THAT(with("pairings: 3"), HasSubstr("missing key"));
  const std::string one = "sampler: {kind: metropolis, move: {kind: hop}, chains: 1, samples: 64}\n";
  EXPECT_THAT(refusal({.sampler = one, .stages = "{kind: evaluate, renyi2: {regions: [[0]]}}"}), HasSubstr("renyi2 compares chains"));
  EXPECT_THAT(refusal({.stages = own("renyi2", "{expression: n, sites: [0]}")}), HasSubstr("'renyi2' is the name of a built-in observable"));
}

TEST(PlanRefusals, LaddersThatDoNotFallFromOne) {
  const auto with = [](const std::string& ladder) {
    return refusal({.sampler = "sampler: {kind: metropolis, move: {kind: hop}, chains: 64, samples: 64, tempering: " + ladder + "}\n"});
  };
  EXPECT_EQ(with("[1.0, 0.5]"), "nothing was refused");
  EXPECT_THAT(with("[0.9, 0.5]"), HasSubstr("does not begin with 1.0"));
  EXPECT_THAT(with("[1.0, 0.5, 0.5]"), HasSubstr("has 0.5 at position 3"));
  EXPECT_THAT(with("[1.0, 0.0]"), HasSubstr("is out of range"));
}

// HOUSE_NOTES: one block, so no parameter token: the network reads what its tail reads.
TEST(PlanRefusals, AFamilyThatTheFeaturesDoNotSeparate) {
  EXPECT_THAT(refusal({.family = "{t: [1, 2]}", .wavefunction = depth_one + "tail: [V], features: [t, V]}\n"}),
              AllOf(HasSubstr("cannot tell 't = 1' from 't = 2'"), HasSubstr("it sees V only"), HasSubstr("add t to wavefunction.tail")));
  EXPECT_THAT(refusal({.family = "{V: [1, 2]}"}), AllOf(HasSubstr("it sees no couplings"), HasSubstr("use wavefunction.kind qstage or vit")));
  EXPECT_THAT(refusal({.family = "{particles: [2, 3]}", .wavefunction = depth_one + "tail: [V]}\n"}), HasSubstr("add N to wavefunction.tail"));
  EXPECT_THAT(refusal({.family = "{V: [1, 2]}", .wavefunction = "wavefunction: {kind: vit, patch: [2], couplings: [t]}\n"}),
              HasSubstr("add V to wavefunction.couplings"));
  // Equal in float32: 1e-9 apart.
  const Text close{.family = "{V: [1.0, 1.000000001]}", .wavefunction = depth_one + "tail: [V]}\n"};
  EXPECT_EQ(refusal(close), "nothing was refused");
  Text single = close;
  single.limits = "precision: {network: float32}\n";
  EXPECT_THAT(refusal(single), HasSubstr("give them couplings that differ in the network's precision"));
}

TEST(PlanRefusals, AFamilyIsAcceptedWhenWhatIsSeenSeparatesIt) {
  const std::string zipped = "{names: [t, V], rows: [[1, 1], [2, 3]]}", equal = "{V: [1, 1]}";
  EXPECT_EQ(refusal({.family = zipped, .wavefunction = depth_one + "tail: [V]}\n"}), "nothing was refused");
  EXPECT_EQ(refusal({.family = equal}), "nothing was refused");  // one problem twice
  EXPECT_EQ(refusal({.family = "{t: [1, 2]}", .wavefunction = "wavefunction: {kind: qstage, depth: 2, tail: [V], features: [t, V]}\n"}),
            "nothing was refused");  // the parameter token reads t
}

TEST(PlanRefusals, TheAdviceFollowsTheKeysOfTheKind) {
  EXPECT_THAT(refusal({.family = "{t: [1, 2]}", .wavefunction = "wavefunction: {kind: jastrow}\n"}),
              HasSubstr("use wavefunction.kind qstage or vit"));
  EXPECT_THAT(refusal({.family = "{t: [1, 2]}", .wavefunction = "wavefunction: {kind: cnn, couplings: [V]}\n"}),
              HasSubstr("add t to wavefunction.couplings"));
  EXPECT_EQ(refusal({.family = "{t: [1, 2]}", .wavefunction = "wavefunction: {kind: cnn}\n"}), "nothing was refused");
}

TEST(PlanRefusals, NetworksOnLatticesOfTheirOwn) {
  const std::string open = "{kind: chain, size: [6], periodic: false}", tilted = "{kind: square, torus: [[3, 1], [-1, 3]]}";
  EXPECT_THAT(refusal({.lattice = open, .wavefunction = "wavefunction: {kind: cnn}\n"}), HasSubstr("the lattice has ends"));
  EXPECT_EQ(refusal({.lattice = open, .wavefunction = "wavefunction: {kind: jastrow}\n"}), "nothing was refused");
  for (const char* network : {"{kind: cnn}", "{kind: jastrow}", "{kind: qstage, attention: factored}"})
    EXPECT_EQ(refusal({.lattice = tilted, .wavefunction = std::string("wavefunction: ") + network + "\n"}), "nothing was refused") << network;
}

TEST(PlanRefusals, FactoredAttentionOnAnOpenLattice) {
  const std::string open = "{kind: chain, size: [6], periodic: false}", vit = "wavefunction: {kind: vit, patch: [2]";
  EXPECT_THAT(refusal({.lattice = open, .wavefunction = vit + "}\n"}),
              AllOf(HasSubstr("chain 6, open"), HasSubstr("write wavefunction.attention: factored_full")));
  EXPECT_EQ(refusal({.lattice = open, .wavefunction = vit + ", attention: factored_full}\n"}), "nothing was refused");
  EXPECT_EQ(refusal({.lattice = open, .wavefunction = "wavefunction: {kind: vit, patch: [6]}\n"}), "nothing was refused");  // one patch
  EXPECT_THAT(warnings({.lattice = open, .wavefunction = "wavefunction: {kind: qstage, attention: factored}\n"}),
              ElementsAre(HasSubstr("counts displacements around a torus, but the lattice is chain 6, open")));
  EXPECT_THAT(warnings({.wavefunction = "wavefunction: {kind: qstage, attention: factored}\n"}), IsEmpty());
}

TEST(PlanRefusals, ExactStatesOfTooLargeSectors) {
  Text ed{.wavefunction = "", .sampler = "", .stages = "{kind: ed, states: 21}"};
  EXPECT_THAT(refusal(ed), HasSubstr("'states: 21' is more than the 20 states of the sector (3 spinless fermions on 6 sites)"));
  ed.lattice = "{kind: chain, size: [65]}";
  EXPECT_THAT(refusal(ed), AllOf(HasSubstr("it has 65 modes"), HasSubstr("up to 64 modes (one machine word)")));
  const std::string square = "{kind: square, size: [8, 8]}", half = "{kind: spinless_fermions, particles: 32}";
  const std::string sampled = "sampler: {kind: metropolis, move: {kind: hop}}\n";
  for (const char* stage :
       {"{kind: evaluate, compare: ed}", "{kind: evaluate, observables: [overlap]}", "{kind: pretrain, optimizer: {kind: adamw}}"})
    EXPECT_THAT(refusal({.lattice = square, .sector = half, .sampler = sampled, .stages = stage}), HasSubstr("at most 2^40 are numbered")) << stage;
  EXPECT_THAT(refusal({.lattice = square, .sector = half}), HasSubstr("sampler exact_sum needs every state"));
  EXPECT_THAT(refusal({.lattice = "{kind: chain, size: [24]}", .sector = "{kind: spinless_fermions, particles: 12}", .stages = "{kind: evaluate}"}),
              "nothing was refused");
  EXPECT_THAT(refusal({.lattice = "{kind: chain, size: [26]}", .sector = "{kind: spinless_fermions, particles: 13}", .stages = "{kind: evaluate}"}),
              HasSubstr("is too large (at most 4194304 states)"));
}

TEST(PlanRefusals, StagesThatLackSomething) {
  EXPECT_THAT(refusal({.wavefunction = ""}), HasSubstr("stages.0 needs a wavefunction"));
  EXPECT_THAT(refusal({.sampler = ""}), HasSubstr("stages.0 needs a sampler"));
  EXPECT_THAT(refusal({.sector = "{kind: spin_half, total_sz: 0}", .hamiltonian = "{kind: heisenberg}", .stages = "{kind: ed, export_csv: states}"}),
              HasSubstr("export_csv writes states of spinless fermions"));
  for (const char* name : {"results.h5", "./checkpoint.prev.h5", "checkpoint.00_ed_end.h5"})
    EXPECT_THAT(refusal({.stages = std::string("{kind: ed, export_hdf5: ") + name + "}"}),
                HasSubstr("is a file of the run itself; choose another name"));
  EXPECT_THAT(refusal({.stages = "{kind: ed, export_hdf5: exact}"}), HasSubstr("does not end in .h5"));
  EXPECT_THAT(refusal({.stages = "{kind: ed, export_hdf5: a/exact.h5}, {kind: ed, export_hdf5: a/./exact.h5}"}),
              HasSubstr("is written by 00_ed already"));
  // At the key, not at the stage.
  EXPECT_THAT(refusal({.stages = "{kind: ed, export_hdf5: exact}"}), HasSubstr("input.yaml:9:34: error: export_hdf5 'exact'"));
  EXPECT_THAT(refusal({.sector = "{kind: spin_half, total_sz: 0.5}", .hamiltonian = "{kind: heisenberg}"}), HasSubstr("is impossible on 6 spins"));
  EXPECT_THAT(refusal({.limits = "limits: {watchdog: 0s}\n"}), HasSubstr("'limits.watchdog' is 0 s"));
}

TEST(PlanRefusals, HeldOutProblems) {
  const std::string network = depth_one + "tail: [V]}\n", family = "{V: [0, 1]}";
  const auto pretrain = [&](const std::string& keys) {
    return refusal({.family = family, .wavefunction = network, .stages = "{kind: pretrain, optimizer: {kind: adamw}, " + keys + "}"});
  };
  EXPECT_EQ(pretrain("held_out: {V: [1]}"), "nothing was refused");
  EXPECT_THAT(pretrain("held_out: {V: [3]}"), HasSubstr("held_out names no member of the family"));
  EXPECT_THAT(pretrain("held_out: {V: [0, 1]}"), HasSubstr("held_out leaves no problem to train on"));
}

// The state of two sites and one particle: (1, 1)/sqrt 2, E = -t.
TEST(PlanRefusals, TargetFilesOfOtherProblems) {
  const TemporaryDirectory directory;
  const double root = std::sqrt(0.5);
  replace_file(directory.file("gsWaveFn_Ns2_Np1_Vnn0.0.csv"),
               format_ed_csv({.sites = 2, .particles = 1, .energy = -1, .basis = {1, 2}, .amplitudes = {root, root}, .repulsion = {}}));
  replace_file(directory.file("gsWaveFn_Ns3_Np1_Vnn0.0.csv"),
               format_ed_csv({.sites = 3, .particles = 1, .energy = -2, .basis = {1, 2, 4}, .amplitudes = {1, 0, 0}, .repulsion = {}}));
  const auto with = [&](const std::string& lattice, const std::string& hamiltonian, const std::string& sites = "2", int particles = 1) {
    return refusal({.lattice = lattice,
                    .sector = "{kind: spinless_fermions, particles: " + std::to_string(particles) + "}",
                    .hamiltonian = hamiltonian,
                    .stages = "{kind: pretrain, optimizer: {kind: adamw}, targets: {files: [gsWaveFn_Ns" + sites + "_Np1_Vnn0.0.csv]}}"},
                   directory.path());
  };
  const std::string two = "{kind: chain, size: [2], periodic: false}";
  EXPECT_EQ(with(two, "{kind: tv}"), "nothing was refused");
  EXPECT_THAT(with(two, "{kind: tv, t: 2.0}"), HasSubstr("so it belongs to another lattice, boundary, order of sites or term"));
  EXPECT_THAT(with("{kind: chain, size: [3]}", "{kind: tv}"), HasSubstr("_Np1_Vnn0.0.csv' has V = 0 of 1 particles on 2 sites"));
  EXPECT_THAT(with("{kind: chain, size: [3]}", "{kind: tv}", "3", 2),
              HasSubstr("no ground state of problem 0 (V = 0, delta = 0, t = 1, 2 spinless fermions on 3 sites)"));
}

// limits.memory holds for every kind of stage: a plan is refused one byte below its estimate and accepted at it.
TEST(PlanMemory, IsComparedForEveryStage) {
  const std::string sampled = "sampler: {kind: metropolis, move: {kind: hop}, chains: 64, samples: 4096}\n";
  for (const char* stage : {"{kind: ed}", "{kind: ed, states: 4, export_hdf5: exact.h5}", "{kind: pretrain, optimizer: {kind: minsr}}",
                            "{kind: vmc, steps: 1, optimizer: {kind: minsr}}", "{kind: vmc, steps: 1, optimizer: {kind: adamw}}", "{kind: evaluate}",
                            "{kind: evaluate, compare: ed}"}) {
    Text text{.sampler = sampled, .stages = stage};
    const RunPlan plan = test::plan_of(text);
    const StageNetworks networks = networks_of(plan);
    std::int64_t most = 0;  // on the number of ranks that needs least
    for (int ranks = 1; ranks <= 64; ++ranks) {
      const std::int64_t bytes = stage_memory(plan, networks, ranks).at(0).total();
      most = ranks == 1 ? bytes : std::min(most, bytes);
    }
    text.limits = "limits: {memory: " + std::to_string(most) + "B}\n";
    EXPECT_EQ(refusal(text), "nothing was refused") << stage;
    text.limits = "limits: {memory: " + std::to_string(most - 1) + "B}\n";
    EXPECT_THAT(refusal(text), AllOf(HasSubstr("input.yaml:"), HasSubstr("limits.memory is"), HasSubstr("GiB on rank 0"))) << stage;
  }
}

TEST(PlanMemory, CountsTheMatrixTheDerivativesAndTheExactStates) {
  const Text text{.sampler = "sampler: {kind: metropolis, move: {kind: hop}, chains: 64, samples: 4096}\n",
                  .stages = "{kind: ed, states: 3}, {kind: vmc, steps: 1, optimizer: {kind: minsr}}, {kind: vmc, steps: 1, optimizer: {kind: sr}}"};
  const RunPlan plan = test::plan_of(text);
  const auto psi = make_wavefunction(plan.network->options, plan.network->input, Precision::float64, Device::reference);
  const std::int64_t parameters = psi->layout().total, rows = 2 * 4096;

  const std::vector<StageMemory> memory = stage_memory(plan, networks_of(plan), 1);

  EXPECT_GE(memory[1].update, 8 * rows * (rows + parameters));
  EXPECT_LT(memory[1].update, 1.2 * 8 * rows * (rows + parameters));
  EXPECT_GE(memory[2].update, 8 * parameters * (parameters + rows));
  EXPECT_LT(memory[2].update, 1.2 * 8 * parameters * (parameters + rows));
  EXPECT_GE(memory[1].exact, 20 * 3 * 8);  // kept for the later stages
  EXPECT_GT(memory[0].exact, memory[1].exact);
  EXPECT_EQ(memory[0].update, 0);
}

// 2.7 million states: Lanczos makes do with fewer vectors, beside the states that the run keeps.
TEST(PlanMemory, LeavesLanczosWhatTheKeptStatesLeave) {
  Text text{.lattice = "{kind: chain, size: [24]}",
            .sector = "{kind: spin_half, total_sz: 0}",
            .hamiltonian = "{kind: heisenberg}",
            .wavefunction = "",
            .sampler = "",
            .stages = "{kind: ed, states: 2}",
            .limits = "limits: {memory: 640MiB}\n"};
  const RunPlan plan = test::plan_of(text);
  const std::int64_t kept = 2 * 8 * 2704156;
  EXPECT_EQ(plan.ed.memory_limit, (std::int64_t{640} << 20) - kept);
  EXPECT_LE(ed_memory(2704156, plan.ed), plan.ed.memory_limit);

  text.limits = "limits: {memory: 400MiB}\n";
  EXPECT_THAT(refusal(text), AllOf(HasSubstr("00_ed takes about"), HasSubstr("lower the size of the sector")));
}

TEST(PlanMemory, AsksForMoreRanksWhereTheyHelp) {
  // Rows of derivatives are shared, the matrix of order P is not: sr of a small network on many samples.
  Text text{.sampler = "sampler: {kind: metropolis, move: {kind: hop}, chains: 64, samples: 65536}\n",
            .stages = "{kind: vmc, steps: 1, optimizer: {kind: sr}}",
            .limits = "limits: {memory: 64MiB}\n"};
  EXPECT_THAT(warnings(text), ElementsAre(AllOf(HasSubstr("with 1 rank,"), HasSubstr("ranks or more"))));  // nobody knows the ranks yet

  input::Diagnostics diagnostics;
  const input::Document document = input::load_text(vocabulary(), text.whole(), "input.yaml", {}, diagnostics);
  make_plan(document, diagnostics, 1);
  EXPECT_THAT(diagnostics.render(), AllOf(HasSubstr("error: 00_vmc takes about"), HasSubstr("ranks or more")));
}

}  // namespace
}  // namespace qs
