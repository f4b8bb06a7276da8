#include "engine/sampling/sampler_entry.h"

namespace qs {
namespace {

Options<MoveOptions> common_options(MoveKind kind) {
  Options<MoveOptions> options({.kind = kind});
  options.number("weight", &MoveOptions::weight, shape::above(0), "relative probability in a mixture");
  return options;
}

Options<MoveOptions> options_of_pairs(MoveKind kind) {
  Options<MoveOptions> options = common_options(kind);
  options.integers("shells", &MoveOptions::shells, shape::set(shape::integer(1, 64), 1), "neighbour shells that make up the graph of the move");
  options.integer("d_max", &MoveOptions::d_max, 1, 4096, "largest distance of the two sites").unit("steps on the graph");
  return options;
}

std::vector<MoveOptions> read_moves(const Node& list) {
  std::vector<MoveOptions> out;
  for (const Node& item : list.items()) out.push_back(read_move(item));
  return out;
}

}  // namespace

std::span<const MoveEntry> moves() {
  static const std::vector<MoveEntry> table = {
      {"exchange", "exchange two unequal spins or site occupations", options_of_pairs(MoveKind::exchange)},
      {"flip", "flip one spin", common_options(MoveKind::flip)},
      {"hop", "move one fermion", options_of_pairs(MoveKind::hop)},
  };
  return table;
}

MoveOptions read_move(const Node& node) {
  for (const MoveEntry& entry : moves())
    if (entry.name == node.kind()) return entry.options.read(node);
  throw Error(ExitCode::internal, "move of an unknown kind");
}

Options<MetropolisOptions> metropolis_options() {
  using M = MetropolisOptions;
  Options<M> options;
  options.other("move", shape::section("moves"), absent("'moves' must be given"), "the one kind of proposal");
  options
      .add(
          "moves", shape::list(shape::section("moves"), 1), "a mixture of proposals", &M::moves,
          [](const Node& node, std::vector<MoveOptions>& target) { target = read_moves(node); },
          [](const std::vector<MoveOptions>&) { return std::string(); })
      .otherwise_absent("'move' must be given");
  options
      .integer("chains", &M::chains, 1, 1 << 24,
               "Markov chains, over all ranks; evaluate takes fewer where it would keep less than 16 samples of each, or adds samples")
      .unit("chains per Hamiltonian");
  options.integer("samples", &M::samples, 1, 1LL << 40, "samples of a step, over all chains; a multiple of chains").unit("samples per Hamiltonian");
  options.integer("sweep_size", &M::sweep_size, 1, 1 << 30, "proposals per chain between samples; the last one of them is made by half of the chains")
      .unit("proposals")
      .otherwise_absent("the number of sites");
  options.integer("discard", &M::discard, 0, 1 << 30, "sweeps thrown away at the start of every step").unit("sweeps");
  options.number("power", &M::power, {0, 2, true, false, 0}, "samples follow |psi|^power, with weights |psi|^(2 - power)");
  options
      .add(
          "tempering", shape::list(shape::number({0, 1, true, false, 0}), 1),
          "parallel tempering: replicas of every chain on |psi|^(power beta), for each beta of the list, from 1.0 down; neighbours exchange their "
          "states after every sweep, and those of beta = 1 give the samples. Each replica costs as much as the chains",
          &M::tempering, [](const Node& node, std::vector<double>& betas) { betas = node.numbers(); },
          [](const std::vector<double>& betas) {
            std::string out;
            for (const double beta : betas) out += (out.empty() ? "" : ", ") + format_number(beta);
            return "[" + out + "]";
          })
      .since("0.2.0");
  options
      .word("follow", &M::follow, Words<Follow>{{"projected", Follow::projected}, {"bare", Follow::bare}},
            "what chains follow in a symmetry sector: the projected psi_s, or the network before it is projected, which costs one evaluation a "
            "proposal instead of one for each element; samples are then weighted by |psi_s|^2 over the mean of |psi|^2 over the group. bare pays "
            "where the sector has a weight above 0.2, which is printed")
      .since("0.2.0");
  options
      .integer(
          "thermalise", &M::thermalise, 0, 1 << 30,
          "sweeps thrown away after a random start, and then as many again, twice as many ... until the halves of the chains agree (at most 2048); "
          "0: none")
      .unit("sweeps");
  return options;
}

}  // namespace qs
