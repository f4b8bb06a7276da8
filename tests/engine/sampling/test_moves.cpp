#include "engine/sampling/moves.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <map>
#include <ostream>
#include <set>

#include "engine/base/error.h"
#include "engine/sampling/move_mixture.h"
#include "engine/sampling/random_state.h"
#include "table_wavefunction.h"

namespace qs {
namespace {

using namespace testing_table;  // NOLINT: systems of the tests

Lattice square_lattice(int length) { return Lattice({"square", {length, length}, {Boundary::periodic, Boundary::periodic}}); }

TEST(PairsWithin, CountsThePairsOfTheGraphWithBothShells) {
  for (auto [length, count] : {std::pair(4, 120), {6, 432}, {8, 768}, {10, 1200}, {12, 1728}}) {
    EXPECT_EQ(pairs_within(square_lattice(length), {1, 2}, 2).size(), count) << length << "x" << length;
  }
  EXPECT_EQ(pairs_within(square_lattice(10), {1}, 2).size(), 600);
  EXPECT_EQ(pairs_within(square_lattice(10), {1}, 1).size(), 200);
}

// n(sigma) by definition.
int unlike_pairs(const std::vector<std::pair<int, int>>& pairs, const Word* row, int offset = 0) {
  int n = 0;
  for (auto [i, j] : pairs) n += test_bit(row, offset + i) != test_bit(row, offset + j);
  return n;
}

TEST(ExchangeMove, ReportsTheRatioOfPairCountsOnALatticeOfSeveralWords) {
  const Lattice lattice = square_lattice(10);
  const Sector sector({.kind = SectorKind::spin_half, .sites = 100, .up = 50});
  const auto pairs = pairs_within(lattice, {1, 2}, 2);
  const auto move = make_move({.kind = MoveKind::exchange, .shells = {1, 2}, .d_max = 2}, lattice, sector);
  for (std::uint32_t trial = 0; trial < 200; ++trial) {
    Word row[2], after[2];
    random_state(sector, {.seed = 3}, trial, 0, row);

    const Proposal proposal = kernels::propose(move.table(), row, random_words({.seed = 4}, trial, 0, 0));

    ASSERT_EQ(proposal.count, 2);
    EXPECT_NE(test_bit(row, proposal.modes[0]), test_bit(row, proposal.modes[1]));
    std::copy(row, row + 2, after);
    for (int k = 0; k < 2; ++k) flip_bit(after, proposal.modes[k]);
    EXPECT_TRUE(sector.contains(after));
    const std::pair<int, int> swapped = std::minmax(proposal.modes[0], proposal.modes[1]);
    EXPECT_THAT(pairs, ::testing::Contains(swapped));
    EXPECT_DOUBLE_EQ(proposal.log_ratio, std::log(unlike_pairs(pairs, row)) - std::log(unlike_pairs(pairs, after)));
  }
}

TEST(ExchangeMove, ProposesEveryUnlikePairEquallyOften) {
  const Lattice lattice = square_lattice(4);
  const Sector sector({.kind = SectorKind::spin_half, .sites = 16, .up = 5});
  const auto pairs = pairs_within(lattice, {1}, 1);
  const auto move = make_move({.kind = MoveKind::exchange}, lattice, sector);
  Word row;
  random_state(sector, {.seed = 8}, 0, 0, &row);
  const int n = unlike_pairs(pairs, &row), trials = 2000 * n;

  std::map<std::pair<int, int>, int> count;
  for (int trial = 0; trial < trials; ++trial) {
    const Proposal proposal = kernels::propose(move.table(), &row, random_words({.seed = 9}, 0, trial, 0));
    ++count[std::minmax(proposal.modes[0], proposal.modes[1])];
  }

  ASSERT_EQ(static_cast<int>(count.size()), n);
  double chi_square = 0;
  for (const auto& [pair, times] : count) chi_square += (times - 2000.0) * (times - 2000.0) / 2000.0;
  EXPECT_LT(std::abs(chi_square_z(chi_square, n - 1)), 3.09);
}

TEST(PairMoves, StayWhereNoPairDiffers) {
  const Lattice lattice = square_lattice(4);
  const Word empty = 0, full = 0xFFFF;
  const auto move = make_move({.kind = MoveKind::hop}, lattice, Sector({.kind = SectorKind::spinless_fermions, .sites = 16, .up = 0}));
  EXPECT_EQ(kernels::propose(move.table(), &empty, {{1, 2, 3, 4}}).count, 0);
  EXPECT_EQ(kernels::propose(move.table(), &full, {{1, 2, 3, 4}}).count, 0);
}

// All moves the sampler can make, on systems small enough for the whole transition matrix.
struct Case {
  std::string name;
  SystemOptions system;
  std::vector<MoveOptions> moves;
};
void PrintTo(const Case& test, std::ostream* out) { *out << test.name; }

std::vector<Case> cases() {
  const MoveOptions exchange{.kind = MoveKind::exchange}, far{.kind = MoveKind::exchange, .shells = {1}, .d_max = 2, .weight = 0.5};
  const MoveOptions flip{.kind = MoveKind::flip}, hop{.kind = MoveKind::hop},
      far_hop{.kind = MoveKind::hop, .shells = {1, 2}, .d_max = 2, .weight = 3};
  return {{"exchange_ring", chain("heisenberg", 8, spins(4)), {exchange}},
          {"exchange_open", chain("heisenberg", 7, spins(3), Boundary::open), {exchange}},
          {"exchange_square", square("heisenberg", 4, 4, spins(2)), {{.kind = MoveKind::exchange, .shells = {1, 2}, .d_max = 2}}},
          {"hop_ring", chain("tv", 9, fermions(3)), {hop}},
          {"hop_spinful", chain("hubbard", 5, electrons(2, 1), Boundary::open), {hop}},
          {"flip", chain("tfim", 6, spins(-1)), {flip}},
          {"mixture_exchange", chain("heisenberg", 7, spins(3), Boundary::open), {exchange, far}},
          {"mixture_hop", square("tv", 3, 4, fermions(2)), {hop, far_hop}},
          {"mixture_flip_exchange", chain("tfim", 6, spins(-1), Boundary::open), {flip, exchange}}};
}

// All n equally likely proposals of a move: uniform_below(n, high, .) = k for high = (k + 1/2) 2^32 / n.
std::vector<Proposal> all_proposals(const Move& move, const Word* row, int n) {
  std::vector<Proposal> proposals;
  for (int k = 0; k < n; ++k) {
    const auto high = static_cast<std::uint32_t>((2 * std::uint64_t(k) + 1) * (std::uint64_t{1} << 31) / n);
    proposals.push_back(kernels::propose(move.table(), row, {{high, 0, 0, 0}}));
  }
  return proposals;
}

int proposal_count(const MoveOptions& options, const Lattice& lattice, const Sector& sector, const Word* row) {
  if (options.kind == MoveKind::flip) return sector.modes();
  int n = 0;
  for (const Sector::Block& block : sector.blocks()) n += unlike_pairs(pairs_within(lattice, options.shells, options.d_max), row, block.first_mode);
  return n;
}

class DetailedBalance : public ::testing::TestWithParam<Case> {};

TEST_P(DetailedBalance, HoldsForTheExactTransitionMatrix) {
  const ProblemFamily family = build_family(GetParam().system);
  const Sector& sector = family.problems[0].sector;
  const auto states = static_cast<std::size_t>(sector.dimension());
  const auto log_psi = random_table(family, 1.5, 21)[0];
  const std::vector<double> pi = exact_distribution(log_psi);
  double total_weight = 0;
  for (const MoveOptions& options : GetParam().moves) total_weight += options.weight;

  // T(s -> s') = sum_moves weight / n(s) min(1, exp(2 Re[log psi(s') - log psi(s)] + L)).
  std::vector<double> transition(states * states, 0.0);
  for (std::size_t s = 0; s < states; ++s) {
    const Word row = sector.state(s);
    for (const MoveOptions& options : GetParam().moves) {
      const auto move = make_move(options, family.lattice, sector);
      const int n = proposal_count(options, family.lattice, sector, &row);
      std::set<Word> reached;
      for (const Proposal& proposal : all_proposals(move, &row, n)) {
        Word after = row;
        for (int k = 0; k < proposal.count; ++k) flip_bit(&after, proposal.modes[k]);
        ASSERT_TRUE(sector.contains(&after));
        EXPECT_TRUE(reached.insert(after).second) << "the same pair was drawn twice";
        const std::size_t t = sector.index(after);
        transition[s * states + t] +=
            options.weight / total_weight / n * std::min(1.0, std::exp(2 * (log_psi[t] - log_psi[s]).real() + proposal.log_ratio));
      }
    }
  }

  for (std::size_t s = 0; s < states; ++s) {
    for (std::size_t t = 0; t < s; ++t) {
      const double forward = pi[s] * transition[s * states + t], backward = pi[t] * transition[t * states + s];
      EXPECT_NEAR(forward, backward, 32 * 2.3e-16 * forward) << "states " << s << " and " << t;  // a few exponentials and logarithms
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Moves, DetailedBalance, ::testing::ValuesIn(cases()), [](const auto& test) { return test.param.name; });

TEST(MoveMixture, GivesEveryMoveAnIntervalOfItsWeight) {
  const MoveMixture mixture({{.kind = MoveKind::exchange, .weight = 1}, {.kind = MoveKind::exchange, .shells = {1}, .d_max = 2, .weight = 3}},
                            square_lattice(4), Sector({.kind = SectorKind::spin_half, .sites = 16, .up = 8}));
  EXPECT_THAT(mixture.edges(), ::testing::ElementsAre(0.25, 1.0));
}

TEST(MoveMixture, IsFrozenWhereTheSectorHasOneState) {
  const auto frozen = [](int down, int up) {
    return MoveMixture({{.kind = MoveKind::hop}}, square_lattice(3),
                       Sector({.kind = SectorKind::spinful_fermions, .sites = 9, .up = up, .down = down}))
        .frozen();
  };
  EXPECT_TRUE(frozen(0, 0));
  EXPECT_TRUE(frozen(0, 9));
  EXPECT_FALSE(frozen(0, 8));
}

TEST(MoveMixture, RefusesMovesThatCannotSampleTheSector) {
  const Lattice lattice = square_lattice(4);
  const Sector fixed({.kind = SectorKind::spin_half, .sites = 16, .up = 8}), free({.kind = SectorKind::spin_half, .sites = 16});
  const Sector spinless({.kind = SectorKind::spinless_fermions, .sites = 16, .up = 3}),
      spinful({.kind = SectorKind::spinful_fermions, .sites = 16, .up = 3, .down = 3});
  EXPECT_THROW(MoveMixture({}, lattice, fixed), InputError);
  EXPECT_THROW(MoveMixture({{.kind = MoveKind::flip}}, lattice, fixed), InputError);
  EXPECT_THROW(MoveMixture({{.kind = MoveKind::flip}}, lattice, spinless), InputError);
  EXPECT_THROW(MoveMixture({{.kind = MoveKind::hop}}, lattice, fixed), InputError);
  EXPECT_THROW(MoveMixture({{.kind = MoveKind::exchange}}, lattice, spinful), InputError);
  EXPECT_THROW(MoveMixture({{.kind = MoveKind::exchange}}, lattice, free), InputError);
  EXPECT_NO_THROW(MoveMixture({{.kind = MoveKind::exchange}, {.kind = MoveKind::flip}}, lattice, free));
  EXPECT_THROW(MoveMixture({{.kind = MoveKind::exchange, .d_max = 0}}, lattice, fixed), InputError);
  EXPECT_THROW(MoveMixture({{.kind = MoveKind::exchange, .weight = 0}}, lattice, fixed), InputError);
  // Diagonal neighbours join sites of one sublattice only.
  EXPECT_THROW(MoveMixture({{.kind = MoveKind::exchange, .shells = {2}}}, lattice, fixed), InputError);
  EXPECT_NO_THROW(MoveMixture({{.kind = MoveKind::exchange, .shells = {2}}, {.kind = MoveKind::exchange}}, lattice, fixed));
}

TEST(RandomState, IsUniformOverTheSector) {
  for (const SectorOptions& options :
       {SectorOptions{.kind = SectorKind::spin_half, .sites = 8, .up = 4}, SectorOptions{.kind = SectorKind::spin_half, .sites = 6},
        SectorOptions{.kind = SectorKind::spinful_fermions, .sites = 4, .up = 2, .down = 1}}) {
    const Sector sector(options);
    const double expected = 500;
    std::vector<int> count(sector.dimension());
    for (std::uint32_t stream = 0; stream < expected * count.size(); ++stream) {
      Word row = 0;
      random_state(sector, {.seed = 6}, stream, 0, &row);
      ASSERT_TRUE(sector.contains(&row));
      ++count[sector.index(row)];
    }
    double chi_square = 0;
    for (int times : count) chi_square += (times - expected) * (times - expected) / expected;
    EXPECT_LT(std::abs(chi_square_z(chi_square, count.size() - 1.0)), 3.09) << sector.describe();
  }
}

}  // namespace
}  // namespace qs
