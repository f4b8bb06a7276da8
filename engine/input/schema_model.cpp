// Keys of the wavefunction, the sampler and the optimizer.
#include "engine/input/schema.h"

namespace qs::input {

using namespace shape;

namespace {

const char* const natural_kinds = "sr minsr natural";

Shape names() { return set(text(), 1); }
Shape rate() { return either({number(above(0)), section("schedule")}); }

}  // namespace

std::vector<Key> model_keys() {
  return {
      {"wavefunction", "qstage", "depth", integer(1, 256), value("2"), "", "0.1.0", "encoder blocks"},
      {"wavefunction", "qstage", "d_model", integer(1, 65536), value("60"), "", "0.1.0", "width of a token; a multiple of heads"},
      {"wavefunction", "qstage", "heads", integer(1, 4096), value("10"), "", "0.1.0", "attention heads"},
      {"wavefunction", "qstage", "mlp", integer(1, 1 << 20), value("60"), "", "0.1.0", "width of the hidden layer of each block"},
      {"wavefunction", "qstage", "amplitude", choice({"complex", "real", "determinant"}), value("complex"), "", "0.1.0",
       "what the network gives: Re and Im of psi; a real psi of either sign (half the derivatives); or, for fermions, exp(J) times a determinant of "
       "orbitals that depend on the configuration (real, signs built in)"},
      {"wavefunction", "qstage", "attention", choice({"softmax", "factored"}), value("softmax"), "", "0.1.0",
       "weights from queries and keys, as published; or one weight per displacement on the periodic lattice: cheaper, shared by all sites"},
      {"wavefunction", "qstage", "pooling", choice({"concatenate", "sum"}), value("concatenate"), "", "0.1.0",
       "what the last layers read: all tokens side by side, as published; or the sum over the sites, and the tails"},
      {"wavefunction", "qstage", "conditioning", choice({"token", "blocks"}), value("token"), "", "0.1.0",
       "how the sites learn the couplings: from one token after the second block, as published; or from a small network before every block"},
      {"wavefunction", "qstage", "orbitals", integer(1, 4096), absent("the most particles in the input"), "", "0.1.0", "columns of the determinant"},
      {"wavefunction", "qstage", "tail", either({names(), list(names(), 1)}), absent("all couplings but delta, and N of fermions: one token"), "",
       "0.1.0", "couplings (N: particle number) of the tail tokens; a list of lists makes several tokens"},
      {"wavefunction", "qstage", "features", names(), absent("the names of tail"), "", "0.1.0",
       "couplings (N: particle number) of the parameter token"},
      {"wavefunction", "vit", "patch", list(integer(1, 4096), 1, 2), absent("2 along every axis"), "cells", "0.1.0",
       "cells of a token per axis; must divide the lattice"},
      {"wavefunction", "vit", "layers", integer(1, 256), value("2"), "", "0.1.0", "encoder layers"},
      {"wavefunction", "vit", "d_model", integer(1, 65536), value("32"), "", "0.1.0", "width of a token; a multiple of heads"},
      {"wavefunction", "vit", "heads", integer(1, 4096), value("4"), "", "0.1.0", "attention heads"},
      {"wavefunction", "vit", "attention", choice({"factored", "factored_full"}), value("factored"), "", "0.1.0",
       "weights by displacement (translation invariant), or one per pair of tokens"},
      {"wavefunction", "vit", "couplings", set(text()), absent("the names that vary in a family"), "", "0.1.0",
       "couplings (N: particle number) that every token sees"},
      {"wavefunction", "rbm", "alpha", integer(1, 4096), value("1"), "", "0.1.0", "hidden units per mode"},
      {"wavefunction", "rbm", "dtype", choice({"complex", "real"}), value("complex"), "", "0.1.0", "parameters; real means a positive wavefunction"},
      {"wavefunction", "", "weights", text(), absent("random start"), "", "0.1.0",
       "file of initial weights, relative to the input file; sizes that are not given are read from it"},

      {"sampler", "metropolis", "move", section("moves"), absent("'moves' must be given"), "", "0.1.0", "the one kind of proposal"},
      {"sampler", "metropolis", "moves", list(section("moves"), 1), absent("'move' must be given"), "", "0.1.0", "a mixture of proposals"},
      {"sampler", "metropolis", "chains", integer(1, 1 << 24), value("256"), "chains per Hamiltonian", "0.1.0",
       "Markov chains, over all ranks; evaluate takes fewer where it would keep less than 16 samples of each, or adds samples"},
      {"sampler", "metropolis", "samples", integer(1, 1LL << 40), value("1024"), "samples per Hamiltonian", "0.1.0",
       "samples of a step, over all chains; a multiple of chains"},
      {"sampler", "metropolis", "sweep_size", integer(1, 1 << 30), absent("the number of sites"), "proposals", "0.1.0",
       "proposals per chain between samples; the last one of them is made by half of the chains"},
      {"sampler", "metropolis", "discard", integer(0, 1 << 30), value("0"), "sweeps", "0.1.0", "sweeps thrown away at the start of every step"},
      {"sampler", "metropolis", "power", number({0, 2, true, false, 0}), value("2.0"), "", "0.1.0",
       "samples follow |psi|^power, with weights |psi|^(2 - power)"},
      {"sampler", "metropolis", "thermalise", integer(0, 1 << 30), value("20"), "sweeps", "0.1.0",
       "sweeps thrown away after a random start, and then as many again, twice as many ... until the halves of the chains agree (at most 2048); 0: "
       "none"},

      {"moves", "", "weight", number(above(0)), value("1.0"), "", "0.1.0", "relative probability in a mixture"},
      {"moves", "exchange hop", "shells", set(integer(1, 64), 1), value("[1]"), "", "0.1.0", "neighbour shells that make up the graph of the move"},
      {"moves", "exchange hop", "d_max", integer(1, 4096), value("1"), "steps on the graph", "0.1.0", "largest distance of the two sites"},

      {"optimizer", "adamw", "lr", rate(), value("1.0e-3"), "", "0.1.0", "learning rate; a number or a schedule {from: , to: , steps: }"},
      {"optimizer", "muon", "lr", rate(), value("1.0e-2"), "", "0.1.0", "learning rate; a number or a schedule {from: , to: , steps: }"},
      {"optimizer", natural_kinds, "lr", rate(), value("1.0e-2"), "", "0.1.0", "learning rate; a number or a schedule {from: , to: , steps: }"},
      {"optimizer", "", "control", choice({"adaptive", "fixed"}), value("adaptive"), "", "0.2.0",
       "adaptive: no step longer than a trust region allows, lr is an upper bound and diag_shift where the damping starts; fixed: as the schedules "
       "say"},
      {"optimizer", "adamw muon", "betas", list(number({0, 1, false, true, 0}), 2, 2), value("[0.9, 0.999]"), "", "0.1.0",
       "decay of Adam's first and second moment"},
      {"optimizer", "adamw muon", "eps", number(above(0)), value("1.0e-8"), "", "0.1.0", "added to the root of the second moment"},
      {"optimizer", "adamw muon", "weight_decay", number(at_least(0)), value("0.0"), "", "0.1.0", "decoupled decay, times the learning rate"},
      {"optimizer", natural_kinds, "diag_shift", rate(), value("1.0e-3"), "", "0.1.0", "added to the diagonal of S; a number or a schedule"},
      {"optimizer", natural_kinds, "damping", choice({"uniform", "scaled"}), value("uniform"), "", "0.2.0",
       "uniform: the shift damps all parameters alike; scaled: each in proportion to the root of its share in the trace of S"},
      {"optimizer", "muon", "mu", number({0, 1, false, true, 0}), value("0.95"), "", "0.1.0",
       "momentum: the share of earlier gradients that is kept"},
      {"optimizer", natural_kinds, "momentum", number({0, 1, false, true, 0}), value("0.0"), "", "0.1.0",
       "SPRING momentum: keep this share of the last direction where the samples say nothing"},
      {"optimizer", "minsr", "parameter_blocks", integer(1, 4096), value("1"), "", "0.1.0",
       "form the derivatives in this many passes, each for a part of the parameters: less memory"},
      {"optimizer", natural_kinds, "norm_constraint", number(above(0)), absent("off"), "", "0.1.0", "upper bound of the squared norm of a step"},

      {"schedule", "", "from", number(above(0)), required("1.0e-2"), "", "0.1.0", "value at the first step"},
      {"schedule", "", "to", number(above(0)), required("1.0e-4"), "", "0.1.0", "value after the last step of the schedule"},
      {"schedule", "", "steps", integer(1, 1LL << 40), required("100"), "steps", "0.1.0", "length; the value moves geometrically, then stays"},
  };
}

}  // namespace qs::input
