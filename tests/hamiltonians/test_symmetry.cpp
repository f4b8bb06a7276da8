// Symmetry groups: signs by hand, orders and dimensions by counting, characters by a second method.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <map>

#include "exact.h"
#include "hamiltonians/symmetry/find_symmetry.h"
#include "hamiltonians/symmetry/space_elements.h"

namespace qs {
namespace {

using test::periodic;
using test::spinful;
using test::spinless;
using test::spins;
using testing::ElementsAre;
using testing::HasSubstr;

StateMap ring_step(int sites, int spins) {
  StateMap map = identity_map(sites * spins, Statistics::fermions);
  for (int m = 0; m < sites * spins; ++m) map.image[m] = m - m % sites + (m + 1) % sites;
  return map;
}

double sign(const StateMap& map, Word state) {
  Word image = 0;
  return FastMap(map).apply(&state, &image);
}

TEST(StateMap, FermionSignsByHand) {
  const StateMap step = ring_step(4, 1);
  EXPECT_EQ(sign(step, 0b0011), 1);   // {0,1} -> (1,2)
  EXPECT_EQ(sign(step, 0b1001), -1);  // {0,3} -> (1,0)
  EXPECT_EQ(sign(step, 0b1010), -1);  // {1,3} -> (2,0)
  EXPECT_EQ(sign(step, 0b1100), -1);  // {2,3} -> (3,0)
  // down {0,3}, up {1,3}: modes 0, 3, 5, 7 -> 1, 0, 6, 4.
  EXPECT_EQ(sign(ring_step(4, 2), 0b10101001), 1);
}

TEST(StateMap, TwoWordsAgreeWithOne) {
  // The same permutation on modes 0..7 and on modes 60..67, which lie in two words.
  StateMap small = ring_step(8, 1), large = identity_map(70, Statistics::fermions);
  for (int m = 0; m < 8; ++m) large.image[60 + m] = 60 + small.image[m];
  for (Word state = 0; state < 256; ++state) {
    const std::array<Word, 2> wide{state << 60, state >> 4};
    Word image = 0;
    std::array<Word, 2> wide_image{};
    EXPECT_EQ(FastMap(small).apply(&state, &image), FastMap(large).apply(wide.data(), wide_image.data()));
    EXPECT_EQ(wide_image[0], image << 60);
    EXPECT_EQ(wide_image[1], image >> 4);
  }
}

TEST(StateMap, TraceCountsFixedStatesWithSigns) {
  const auto by_states = [](const StateMap& map, const Sector& sector) {
    double sum = 0;
    for (std::int64_t i = 0; i < sector.dimension(); ++i) {
      const Word state = sector.state(i);
      Word image = 0;
      const double s = FastMap(map).apply(&state, &image);
      if (image == state) sum += s;
    }
    return sum;
  };
  const StateMap step = ring_step(6, 1), both = ring_step(6, 2);
  for (const StateMap& map : {step, step * step, step * step * step})
    for (int n = 0; n <= 6; ++n) {
      const Sector sector({SectorKind::spinless_fermions, 6, n});
      EXPECT_EQ(trace(map, sector), by_states(map, sector)) << n;
    }
  const Sector sector({SectorKind::spinful_fermions, 6, 2, 3});
  EXPECT_EQ(trace(both * both * both, sector), by_states(both * both * both, sector));
}

SystemOptions heisenberg(const std::string& kind, std::vector<int> size, int sites, double j2 = 0) {
  return spins(periodic(kind, std::move(size)), "heisenberg", {{"J2", j2}}, sites / 2);
}

std::int64_t states(const ProblemFamily& family, const SymmetryOptions& options, SignRule rule = SignRule::none) {
  return find_symmetry(family, options, rule).states(family.problems[0].sector);
}

// Full sector, k = 0, order of the little group at k = 0 with F, A1 (or A) with F = 1 and -1.
struct Size {
  std::string lattice;
  std::vector<int> size;
  int sites;
  std::string trivial;
  std::int64_t full, zero, order, even, odd;
};

TEST(SymmetrySector, SizesWithoutEnumeration) {
  const std::vector<Size> table = {{"square", {4, 4}, 16, "A1", 12870, 822, 256, 107, 46},
                                   {"square", {4, 6}, 24, "A1", 2704156, 112800, 192, 15578, 14028},
                                   {"square", {5, 6}, 30, "A1", 155117520, 5170604, 240, 652071, 645513},
                                   {"square", {6, 6}, 36, "A1", 9075135300, 252091362, 576, 15804956, 15761166},
                                   {"triangular", {3, 4}, 12, "A", 924, 80, 48, 35, 15},
                                   {"triangular", {4, 4}, 16, "A1", 12870, 822, 384, 60, 36},
                                   {"triangular", {4, 6}, 24, "A", 2704156, 112800, 96, 29394, 27594},
                                   {"triangular", {6, 6}, 36, "A1", 9075135300, 252091362, 864, 10524036, 10505784},
                                   {"honeycomb", {2, 3}, 12, "A", 924, 160, 24, 64, 26},
                                   {"honeycomb", {3, 3}, 18, "A1", 48620, 5420, 216, 296, 208}};
  for (const Size& row : table) {
    SCOPED_TRACE(row.lattice + " " + std::to_string(row.sites));
    const ProblemFamily family = build_family(heisenberg(row.lattice, row.size, row.sites));
    EXPECT_EQ(states(family, {}), row.full);
    EXPECT_EQ(states(family, {.momentum = {0, 0}}), row.zero);
    const SymmetryOptions even{.momentum = {0, 0}, .point = row.trivial, .spin_inversion = 1}, odd{{0, 0}, row.trivial, -1};
    EXPECT_EQ(find_symmetry(family, even, SignRule::none).order(), row.order);
    EXPECT_EQ(states(family, even), row.even);
    EXPECT_EQ(states(family, odd), row.odd);
  }
}

TEST(SymmetrySector, SizesAtTheCornerOfTheZone) {
  const ProblemFamily family = build_family(heisenberg("square", {6, 6}, 36));
  EXPECT_EQ(states(family, {{3, 3}, "A1", 1}), 15770329);
  EXPECT_EQ(states(family, {{3, 3}, "A1", -1}), 15784983);
}

TEST(SymmetrySector, TriangularThreeByFour) {
  const ProblemFamily family = build_family(heisenberg("triangular", {3, 4}, 12));
  EXPECT_EQ(find_symmetry(family, {{0, 2}, "B", -1}, SignRule::none).order(), 48);  // 12 translations, C2, F
  EXPECT_EQ(states(family, {{0, 0}, "B", 1}), 9);
  EXPECT_EQ(states(family, {{0, 0}, "B", -1}), 21);
  EXPECT_EQ(states(family, {{0, 2}, "A", 1}), 13);
  EXPECT_EQ(states(family, {{0, 2}, "A", -1}), 27);
  EXPECT_EQ(states(family, {{0, 2}, "B", 1}), 29);
  EXPECT_EQ(states(family, {{0, 2}, "B", -1}), 11);
  EXPECT_EQ(states(family, {.momentum = {1, 0}, .spin_inversion = 1}), 42);
  EXPECT_EQ(states(family, {.momentum = {1, 3}, .spin_inversion = -1}), 40);
}

TEST(SymmetrySector, SquareFourByFour) {
  const ProblemFamily family = build_family(heisenberg("square", {4, 4}, 16, 0.5));
  const std::map<std::string, std::pair<int, int>> corner = {
      {"A1", {60, 72}}, {"A2", {40, 37}}, {"B1", {52, 61}}, {"B2", {52, 44}}, {"E", {226, 172}}};
  for (const auto& [name, expected] : corner) {
    EXPECT_EQ(states(family, {{2, 2}, name, 1}), expected.first) << name;
    EXPECT_EQ(states(family, {{2, 2}, name, -1}), expected.second) << name;
  }
  const std::map<std::string, std::pair<int, int>> edge = {{"A1", {131, 122}}, {"A2", {73, 92}}, {"B1", {132, 75}}, {"B2", {94, 97}}};
  for (const auto& [name, expected] : edge) {
    EXPECT_EQ(states(family, {{2, 0}, name, 1}), expected.first) << name;
    EXPECT_EQ(states(family, {{2, 0}, name, -1}), expected.second) << name;
  }
  EXPECT_EQ(states(family, {{1, 1}, "A'", 1}), 204);
  EXPECT_EQ(states(family, {{1, 0}, "A''", -1}), 178);
  EXPECT_EQ(states(family, {{2, 1}, "A'", -1}), 230);
}

// Every state lies in one irrep of one momentum. Orthogonality of the characters makes this hold for any group; a missing element breaks it.
TEST(SymmetrySector, DimensionsAddUpToTheSector) {
  std::vector<SystemOptions> systems = {heisenberg("triangular", {3, 4}, 12), heisenberg("square", {4, 4}, 16), heisenberg("honeycomb", {3, 3}, 18),
                                        heisenberg("kagome", {2, 2}, 12),     heisenberg("chain", {10}, 10),    heisenberg("square", {4, 2}, 8)};
  systems.push_back(heisenberg("square", {}, 10));
  systems.back().lattice.torus = {{3, 1}, {-1, 3}};
  systems.push_back(spinless(periodic("square", {4, 4}), {{"V", 1}}, 6));
  systems.push_back(spinful(periodic("square", {4, 2}), {{"U", 4}}, 3, 3));
  systems.push_back(spinless({"chain", {8}, {Boundary::antiperiodic}}, {{"V", 1}}, 3));
  systems.push_back(spinless({"chain", {8}, {Boundary::antiperiodic}}, {{"V", 1}}, 4));
  for (const SystemOptions& system : systems) {
    const ProblemFamily family = build_family(system);
    SCOPED_TRACE(family.lattice.describe());
    std::int64_t sum = 0;
    for (const Momentum& q : family.lattice.momenta()) {
      const std::vector<int> k(q.k.begin(), q.k.begin() + family.lattice.axes());
      for (const std::string& name : point_irreps(family, {.momentum = k}, SignRule::none).names) {
        try {
          sum += states(family, {.momentum = k, .point = name});
        } catch (const SymmetryError& error) {  // the same permutation twice, with different characters
          EXPECT_THAT(error.what(), HasSubstr("has no states"));
        }
      }
    }
    EXPECT_EQ(sum, family.problems[0].sector.dimension());
  }
}

GroupTable table_of(const std::vector<SiteMap>& maps) {
  std::map<std::vector<int>, int> number;
  for (const SiteMap& map : maps) number.emplace(map.image, static_cast<int>(number.size()));
  GroupTable table(maps.size());
  for (std::size_t a = 0; a < maps.size(); ++a) {
    for (const SiteMap& b : maps) {
      std::vector<int> product = b.image;
      for (int& site : product) site = maps[a].image[site];
      table[a].push_back(number.at(product));
    }
  }
  return table;
}

TEST(PointGroup, ClosedFormsAgreeWithClassMatrices) {
  struct Case {
    SystemOptions system;
    std::vector<int> momentum;
    std::string group;
  };
  const std::vector<Case> cases = {{heisenberg("square", {4, 4}, 16), {0, 0}, "C4v"},     {heisenberg("square", {6, 6}, 36), {3, 0}, "C2v"},
                                   {heisenberg("square", {6, 6}, 36), {1, 1}, "Cs"},      {heisenberg("triangular", {6, 6}, 36), {0, 0}, "C6v"},
                                   {heisenberg("triangular", {6, 6}, 36), {2, 4}, "C3v"}, {heisenberg("triangular", {3, 4}, 12), {0, 2}, "C2"},
                                   {heisenberg("honeycomb", {3, 3}, 18), {1, 2}, "C3v"},  {heisenberg("honeycomb", {3, 3}, 18), {0, 0}, "C6v"},
                                   {heisenberg("kagome", {3, 3}, 26), {0, 0}, "C6v"},     {heisenberg("chain", {8}, 8), {4}, "Cs"}};
  for (const Case& c : cases) {
    SCOPED_TRACE(c.group);
    const ProblemFamily family = build_family(c.system);
    const SiteContext context(family, SignRule::none);
    const LittleGroup group = little_group(context, TermInvariance(family), c.momentum);
    EXPECT_THAT(group.words, testing::StartsWith(c.group + " about"));
    const std::vector<Irrep> found = irreps_by_classes(table_of(group.maps));
    ASSERT_EQ(found.size(), group.irreps.size());
    for (const Irrep& closed : group.irreps) {
      const auto same = [&](const Irrep& irrep) {
        double worst = std::abs(irrep.dimension - closed.dimension);
        for (std::size_t g = 0; g < closed.character.size(); ++g) worst = std::max(worst, std::abs(irrep.character[g] - closed.character[g]));
        return worst < 1e-9;
      };
      EXPECT_EQ(std::count_if(found.begin(), found.end(), same), 1) << closed.name;
    }
  }
}

TEST(PointGroup, TheFullGroupOfTheSquareHasTwentyClasses) {
  const ProblemFamily family = build_family(heisenberg("square", {4, 4}, 16));
  const SymmetrySector all = find_symmetry(family, {{0, 0}, "A1"}, SignRule::none);
  ASSERT_EQ(all.order(), 128);
  std::vector<SiteMap> maps;
  for (const auto& element : all.elements()) maps.push_back({{}, {}, element.map.image, {}});
  const std::vector<Irrep> irreps = irreps_by_classes(table_of(maps));
  EXPECT_EQ(irreps.size(), 20u);
  EXPECT_EQ(irreps[0].name, "G1");
  for (const std::complex<double> character : irreps[0].character) EXPECT_EQ(character, 1.0);
}

TEST(PointGroup, RotationsWithoutMirrorsHaveAngularMomentum) {
  SystemOptions options = heisenberg("square", {}, 10);
  options.lattice.torus = {{3, 1}, {-1, 3}};
  const PointIrreps irreps = point_irreps(build_family(options), {.momentum = {0, 0}}, SignRule::none);
  EXPECT_EQ(irreps.group, "C4 about site 0");
  EXPECT_THAT(irreps.names, ElementsAre("A", "B", "E+", "E-"));
}

TEST(PointGroup, CentresThatAreNoSites) {
  EXPECT_EQ(point_irreps(build_family(heisenberg("honeycomb", {3, 3}, 18)), {.momentum = {0, 0}}, SignRule::none).group.substr(0, 19),
            "C6v about the point");
  const LatticeOptions open{"chain", {6}, {Boundary::open}};
  const PointIrreps irreps = point_irreps(build_family(spins(open, "heisenberg", {}, 3)), {}, SignRule::none);
  EXPECT_EQ(irreps.group, "Cs about the point [2.5]");
}

// Orthogonal dimers on a cell of four sites: p4g, whose glides no centre has.
SystemOptions orthogonal_dimers(std::vector<int> size) {
  SystemOptions options;
  options.lattice = {.kind = "cell", .size = std::move(size), .cell = {{{2, 0, 0}, {0, 2, 0}}, {{0, 0, 0}, {1, 0, 0}, {0, 1, 0}, {1, 1, 0}}, {}}};
  const int sites = Lattice(options.lattice).sites();
  options.sector = {SectorKind::spin_half, sites, sites / 2, -1};
  options.model = "terms";
  const auto dimer = [](std::array<int, 3> from, int a, std::array<int, 3> to, int b) { return CellPattern{{{from, a, 2}, {to, b, 2}}}; };
  options.terms.terms = {{"", "S.S", ShellBonds{1}, ConstantValue{0.7}, ""},
                         {"", "S.S", dimer({0, 0, 0}, 0, {0, 0, 0}, 3), ConstantValue{1}, ""},
                         {"", "S.S", dimer({0, 1, 0}, 1, {1, 0, 0}, 2), ConstantValue{1}, ""}};
  return options;
}

TEST(PointGroup, GlidesAtTheEdgeOfTheZone) {
  const ProblemFamily family = build_family(orthogonal_dimers({2, 2}));
  std::int64_t sum = 0;
  for (const Momentum& q : family.lattice.momenta()) {
    const std::vector<int> k{q.k[0], q.k[1]};
    const PointIrreps irreps = point_irreps(family, {.momentum = k}, SignRule::none);
    EXPECT_THAT(irreps.group, HasSubstr("glides")) << k[0] << k[1];
    for (const std::string& name : irreps.names) sum += states(family, {.momentum = k, .point = name});
  }
  EXPECT_EQ(sum, family.problems[0].sector.dimension());
  // The square lattice under it does not have one site per cell.
  EXPECT_THROW(find_symmetry(build_family(spins(periodic("square", {4, 4}), "shastry_sutherland", {}, 8)), {.momentum = {0, 0}}, SignRule::none),
               SymmetryError);
}

TEST(TermInvariance, ParticleHoleNeedsItsSigns) {
  for (const auto& size : {std::vector<int>{4, 4}, std::vector<int>{4, 2}, std::vector<int>{6}}) {
    const std::string kind = size.size() == 2 ? "square" : "chain";
    const int sites = size.size() == 2 ? size[0] * size[1] : size[0];
    const ProblemFamily family = build_family(spinless(periodic(kind, size), {{"V", 1.5}, {"delta", 0}}, sites / 2));
    const SymmetrySector sector = find_symmetry(family, {.particle_hole = 1}, SignRule::none);
    EXPECT_EQ(sector.order(), 2);
    StateMap without_signs = sector.elements()[1].map;
    std::fill(without_signs.sign_modes.begin(), without_signs.sign_modes.end(), Word{0});
    // Chains in natural order have all signs +.
    EXPECT_EQ(TermInvariance(family).broken(without_signs).has_value(), size.size() == 2);
    EXPECT_EQ(states(family, {.particle_hole = 1}) + states(family, {.particle_hole = -1}), family.problems[0].sector.dimension());
  }
}

// A group is a set that its products do not leave; signs and characters follow.
TEST(SymmetrySector, ElementsMultiplyAsTheirCharacters) {
  const std::vector<std::pair<SystemOptions, SymmetryOptions>> cases = {
      {spinless(periodic("square", {4, 4}), {{"V", 1}}, 6), {{1, 2}, "A'"}},
      {spinless({"chain", {8}, {Boundary::antiperiodic}}, {{"V", 1}}, 3), {.momentum = {1}}},
      {spinful(periodic("square", {4, 2}), {{"U", 4}}, 3, 3), {{2, 1}, "A1", -1}},
      {spinless(periodic("chain", {6}), {{"V", 1}}, 3), {.momentum = {3}, .particle_hole = -1}},
      {spinful(periodic("chain", {4}), {{"U", 4}}, 2, 2), {.momentum = {0}, .point = "A''", .spin_inversion = 1, .particle_hole = 1}}};
  for (const auto& [system, options] : cases) {
    const ProblemFamily family = build_family(system);
    const SymmetrySector group = find_symmetry(family, options, SignRule::none);
    const Sector& sector = family.problems[0].sector;
    SCOPED_TRACE(group.describe());
    for (std::int64_t a = 0; a < group.order(); ++a) {
      for (std::int64_t b = 0; b < group.order(); b += 3) {
        const Word state = sector.state((7 * a + 13 * b) % sector.dimension());
        Word middle = 0, end = 0, other = 0;
        const double sign_ab = group.apply(b, &state, &middle) * group.apply(a, &middle, &end);
        const std::complex<double> expected = sign_ab * std::conj(group.elements()[a].character * group.elements()[b].character);
        bool found = false;
        for (std::int64_t c = 0; c < group.order() && !found; ++c) {
          const double sign_c = group.apply(c, &state, &other);
          found = other == end && std::abs(sign_c * std::conj(group.elements()[c].character) - expected) < 1e-12;
        }
        EXPECT_TRUE(found || group.stabiliser(&state) == 0) << a << " " << b;
      }
    }
  }
}

TEST(SymmetrySector, RotatedBasisKeepsTheNamesOfTheState) {
  // Ring of ten: the ground state has k = pi and F = -1; sizes must not depend on the basis.
  SystemOptions plain = heisenberg("chain", {10}, 10), rotated = plain;
  rotated.sign_rule = SignRule::marshall;
  for (const SymmetryOptions& options :
       {SymmetryOptions{.momentum = {5}, .spin_inversion = -1}, SymmetryOptions{{0}, "A''", 1}, SymmetryOptions{{3}, "", 1}})
    EXPECT_EQ(states(build_family(plain), options), states(build_family(rotated), options, SignRule::marshall));
  const SymmetrySector ground = find_symmetry(build_family(rotated), {.momentum = {5}, .spin_inversion = -1}, SignRule::marshall);
  // Perron-Frobenius: all coefficients chi(h) s_h of the rotated ground state are one.
  const Word state = 0b0010110101;
  for (std::int64_t h = 0; h < ground.order(); ++h) {
    Word image = 0;
    EXPECT_NEAR(std::abs(ground.elements()[h].character * ground.apply(h, &state, &image) - 1.0), 0, 1e-15);
  }
}

std::string refusal(const SystemOptions& system, const SymmetryOptions& options) {
  try {
    find_symmetry(build_family(system), options, SignRule::none);
  } catch (const SymmetryError& error) {
    return error.key() + ": " + error.what();
  }
  return "accepted";
}

TEST(SymmetryError, SaysWhatIsThere) {
  const SystemOptions triangular = heisenberg("triangular", {3, 4}, 12);
  EXPECT_THAT(refusal(triangular, {{0, 2}, "B1"}),
              HasSubstr("point: symmetry.point 'B1' is no irrep of C2 about site 0, the little group of k = (0, 2); it has A, B"));
  EXPECT_THAT(refusal(triangular, {.momentum = {1}}), HasSubstr("has 1 entries"));
  SystemOptions open = triangular;
  open.lattice.boundary = {Boundary::open, Boundary::periodic};
  EXPECT_THAT(refusal(open, {.momentum = {1, 0}}), HasSubstr("axis 1, which is open"));
  EXPECT_THAT(refusal(spinless(periodic("chain", {6}), {{"V", 1}, {"delta", 0.1}}, 3), {.momentum = {0}}),
              HasSubstr("under the translation by [1] it would make the term"));
  EXPECT_THAT(refusal(spins(periodic("chain", {6}), "heisenberg", {}, 2), {.spin_inversion = 1}), HasSubstr("as many spins up as down"));
  EXPECT_THAT(refusal(spinless(periodic("chain", {5}), {{"delta", 0}}, 2), {.particle_hole = 1}), HasSubstr("half-filled"));
  SystemOptions tilted = heisenberg("square", {}, 10);
  tilted.lattice.torus = {{3, 1}, {-1, 3}};
  EXPECT_THAT(refusal(tilted, {.momentum = {1, 1}}), HasSubstr("is no wave vector"));
  SystemOptions graph = triangular;
  graph.lattice = {.kind = "graph", .graph = {.sites = 4, .bonds = {{"nn", {{0, 1}, {1, 2}, {2, 3}, {0, 3}}}}}};
  graph.sector.up = 2;
  EXPECT_THAT(refusal(graph, {.momentum = {0}}), HasSubstr("needs a lattice of cells"));
  EXPECT_EQ(refusal(graph, {.permutations = {{{1, 2, 3, 0}, 2}}}), "accepted");
  EXPECT_THAT(refusal(graph, {.permutations = {{{1, 0, 2, 3}, 1}}}), HasSubstr("[1, 0, 2, 3] is no symmetry"));
  EXPECT_THAT(refusal(graph, {.permutations = {{{1, 1, 2, 3}, 1}}}), HasSubstr("each site"));
}

TEST(SymmetrySector, PermutationsOfAGraphAreTranslationsOfItsRing) {
  SystemOptions graph = heisenberg("chain", {4}, 4);
  graph.lattice = {.kind = "graph", .graph = {.sites = 4, .bonds = {{"nn", {{0, 1}, {1, 2}, {2, 3}, {0, 3}}}}}};
  for (int n = 0; n < 4; ++n)
    EXPECT_EQ(states(build_family(graph), {.permutations = {{{1, 2, 3, 0}, n}}}),
              states(build_family(heisenberg("chain", {4}, 4)), {.momentum = {n}}));
}

}  // namespace
}  // namespace qs
