// Where terms act, and the numbers in front of them.
#include <gtest/gtest.h>

#include <cmath>
#include <functional>
#include <set>

#include "engine/base/error.h"
#include "exact.h"
#include "hamiltonians/terms.h"

namespace qs {
namespace {

using test::periodic;

Lattice chain(int sites, Boundary boundary) { return Lattice({"chain", {sites}, {boundary}}); }
std::vector<std::vector<int>> sites_of(const std::vector<Placement>& places) {
  std::vector<std::vector<int>> result;
  for (const Placement& place : places) result.push_back(place.sites);
  return result;
}
using Lists = std::vector<std::vector<int>>;

TEST(Placements, SitesAreListedInOrder) {
  EXPECT_EQ(sites_of(placements(chain(3, Boundary::open), AllSites{}, {})), (Lists{{0}, {1}, {2}}));
  EXPECT_EQ(sites_of(placements(chain(3, Boundary::open), SiteList{{2, 0}}, {})), (Lists{{2}, {0}}));
}

TEST(Placements, BondsPointToTheRightAcrossTheSeam) {
  const std::vector<Placement> ring = placements(chain(4, Boundary::periodic), ShellBonds{1}, {});
  EXPECT_EQ(sites_of(ring), (Lists{{0, 1}, {3, 0}, {1, 2}, {2, 3}}));  // in the order of Lattice::bonds: 0-1, 0-3, 1-2, 2-3
  EXPECT_EQ(ring[1].windings, (std::vector<CellVector>{{0, 0, 0}, {1, 0, 0}}));
  EXPECT_EQ(ring[0].windings[1], CellVector{});
  EXPECT_EQ(sites_of(placements(chain(4, Boundary::open), ShellBonds{2}, {})), (Lists{{0, 2}, {1, 3}}));
}

TEST(Placements, ShellsAreTheBondsOfTheLattice) {
  for (const char* const kind : {"square", "triangular", "honeycomb", "kagome"}) {
    for (const Boundary boundary : {Boundary::periodic, Boundary::antiperiodic}) {
      const Lattice lattice({kind, {5, 4}, {boundary, Boundary::open}});
      for (int shell = 1; shell <= 2; ++shell) {
        const auto bonds = lattice.bonds(shell);
        const auto places = placements(lattice, ShellBonds{shell}, {});
        ASSERT_EQ(bonds.size(), places.size());
        for (std::size_t b = 0; b < bonds.size(); ++b) {
          EXPECT_EQ(std::minmax(places[b].sites[0], places[b].sites[1]), std::minmax(bonds[b].i, bonds[b].j));
          const bool across = boundary == Boundary::antiperiodic && places[b].windings[1][0] % 2 != 0;
          EXPECT_EQ(across ? -1 : 1, bonds[b].seam_sign);
          EXPECT_EQ(places[b].windings[1][1], 0);
        }
      }
    }
  }
}

TEST(Placements, PeriodsOfTwoMergeBonds) {
  const std::vector<Placement> pair = placements(chain(2, Boundary::periodic), ShellBonds{1}, {});
  ASSERT_EQ(pair.size(), 1u);
  EXPECT_TRUE(pair[0].merged[0]);
  EXPECT_EQ(pair[0].windings[1], CellVector{});
}

TEST(Placements, PatternsWrapAndDropOutAtOpenEnds) {
  const CellPattern three{{{{0, 0, 0}, 0}, {{1, 0, 0}, 0}, {{2, 0, 0}, 0}}};
  EXPECT_EQ(sites_of(placements(chain(5, Boundary::open), three, {})), (Lists{{0, 1, 2}, {1, 2, 3}, {2, 3, 4}}));
  const std::vector<Placement> ring = placements(chain(4, Boundary::periodic), three, {});
  EXPECT_EQ(sites_of(ring), (Lists{{0, 1, 2}, {1, 2, 3}, {2, 3, 0}, {3, 0, 1}}));
  EXPECT_EQ(ring[3].windings, (std::vector<CellVector>{{0, 0, 0}, {1, 0, 0}, {1, 0, 0}}));
}

TEST(Placements, PatternsReachBackwardsAndOtherBasisSites) {
  const Lattice lattice({"honeycomb", {2, 3}, {Boundary::open, Boundary::periodic}});
  const CellPattern bond{{{{0, 0, 0}, 0}, {{-1, 0, 0}, 1}}};  // A of a cell, B of the cell to the left
  const std::vector<Placement> places = placements(lattice, bond, {});
  EXPECT_EQ(sites_of(places), (Lists{{6, 1}, {8, 3}, {10, 5}}));
  const CellPattern below{{{{0, 0, 0}, 0}, {{0, -1, 0}, 1}}};
  EXPECT_EQ(placements(lattice, below, {})[0].windings[1], (CellVector{0, -1, 0}));
}

TEST(Placements, TuplesTakeTheNearestImages) {
  const std::vector<Placement> places = placements(chain(6, Boundary::periodic), ExplicitTuples{{{0, 5}, {5, 0}, {0, 3}}}, {});
  EXPECT_EQ(places[0].windings[1], (CellVector{-1, 0, 0}));
  EXPECT_EQ(places[1].windings[1], (CellVector{1, 0, 0}));
  EXPECT_EQ(places[2].windings[1], CellVector{});
  EXPECT_EQ(sites_of(placements(chain(6, Boundary::open), NamedTuples{"legs"}, {{"legs", {{0, 2}, {1, 3}}}})), (Lists{{0, 2}, {1, 3}}));
}

std::string message_of(const std::function<void()>& action) {
  try {
    action();
  } catch (const InputError& error) {
    return error.what();
  }
  return "nothing was thrown";
}

TEST(Placements, RefuseWhatDoesNotExist) {
  const Lattice ring = chain(3, Boundary::periodic);
  const auto message = [&](const Where& where) {
    return message_of([&] {
      sites_per_placement(where, {{"legs", {{0, 1}}}});
      placements(ring, where, {{"legs", {{0, 1}}}});
    });
  };
  const CellPattern far{{{{0, 0, 0}, 0}, {{3, 0, 0}, 0}}}, basis{{{{0, 0, 0}, 1}}}, second_axis{{{{0, 1, 0}, 0}}};
  EXPECT_EQ(message(SiteList{{3}}), "site 3 does not exist (sites are 0 to 2)");
  EXPECT_EQ(message(ExplicitTuples{{{0, 0}}}), "tuple [0, 0] holds site 0 twice");
  EXPECT_EQ(message(ExplicitTuples{{{0, 1}, {0, 1, 2}}}), "tuples of 2 and of 3 sites stand in one term: use one term for each length");
  EXPECT_EQ(message(ExplicitTuples{{}}), "there are no sites to act on: give at least one tuple of sites");
  EXPECT_EQ(message(NamedTuples{"rungs"}), "bonds 'rungs' are not known (known: legs)");
  EXPECT_EQ(message(ShellBonds{0}), "shell 0 does not exist (shell 1 are the nearest neighbours)");
  EXPECT_EQ(message(far), "the lattice is too small: the pattern [0, 0] holds site 0 twice");
  EXPECT_EQ(message(basis), "basis site 1 does not exist (chain 3, periodic has 1 per cell, counted from 0)");
  EXPECT_EQ(message(second_axis), "an offset along axis 2 (chain 3, periodic has 1)");
  EXPECT_EQ(message(CellPattern{}), "the pattern of the unit cell is empty: give at least one site");
}

TermSpec field(Distribution distribution, double width, std::optional<std::uint64_t> seed, const std::string& coupling = "") {
  return {"field", "Sz", AllSites{}, RandomField{distribution, width, seed}, coupling};
}

TEST(Coefficients, ListsFollowThePlaces) {
  const Lattice lattice = chain(3, Boundary::open);
  const TermSpec listed{"", "Sz", AllSites{}, ValueList{{0.5, 0, -1}}, "h"};
  const Operator op = build_terms(lattice, SectorKind::spin_half, {listed}, {});
  ASSERT_EQ(op.terms.size(), 2u);  // the zero makes no term
  EXPECT_EQ(op.terms[1].factors[0].second, 2);
  const TermSpec wrong{"fields", "Sz", AllSites{}, ValueList{{0.5}}, "h"};
  EXPECT_EQ(message_of([&] {
              build_terms(lattice, SectorKind::spin_half, {listed, wrong}, {});
            }),
            "term 'fields': 1 values for 3 places to act on: give one value for each, in their order");
}

TEST(Disorder, IsAFunctionOfSeedNameAndPlace) {
  const RandomField uniform{Distribution::uniform, 1, {}};
  // From a second implementation of Philox4x32-10 (in Python, checked against the known answer of Random123 for a zero key).
  EXPECT_EQ(random_field_value(uniform, 7, "h", 3), 0.5630288801503291);
  EXPECT_EQ(random_field_value(uniform, (std::uint64_t{1} << 40) + 1, "field", 0), -0.12241974034897662);
  std::set<double> values;
  for (std::uint64_t seed = 0; seed < 10; ++seed) {
    for (const char* name : {"h", "g"}) {
      for (std::uint32_t p = 0; p < 10; ++p) values.insert(random_field_value(uniform, seed, name, p));
    }
  }
  EXPECT_EQ(values.size(), 200u);
}

TEST(Disorder, HasTheMomentsOfItsDistribution) {
  constexpr int draws = 40000;
  struct Moments {
    Distribution distribution;
    double second, fourth;
  };
  for (const Moments& m :
       {Moments{Distribution::uniform, 4.0 / 3, 16.0 / 5}, Moments{Distribution::normal, 4, 48}, Moments{Distribution::binary, 4, 16}}) {
    double first = 0, second = 0, largest = 0;
    for (int p = 0; p < draws; ++p) {
      const double x = random_field_value({m.distribution, 2, {}}, 11, "h", static_cast<std::uint32_t>(p));
      largest = std::max(largest, std::abs(x));
      first += x;
      second += x * x;
    }
    first /= draws;
    second /= draws;
    EXPECT_EQ(largest > 2, m.distribution == Distribution::normal);
    EXPECT_LT(std::abs(first), 4 * std::sqrt(m.second / draws));
    EXPECT_LE(std::abs(second - m.second), 4 * std::sqrt((m.fourth - m.second * m.second) / draws));
  }
}

TEST(Disorder, SeedsOfAFamilyAreCouplings) {
  const Lattice lattice = chain(4, Boundary::periodic);
  const TermSpec fixed = field(Distribution::uniform, 0.5, 3, "h"), varying = field(Distribution::uniform, 0.5, {}, "h");
  const Operator one = build_terms(lattice, SectorKind::spin_half, {fixed}, {}), family = build_terms(lattice, SectorKind::spin_half, {varying}, {});
  EXPECT_EQ(one.couplings, std::vector<std::string>{"h"});
  EXPECT_EQ(family.couplings, (std::vector<std::string>{"h*field@0", "h*field@1", "h*field@2", "h*field@3"}));

  std::map<std::string, double> named = disorder_values(varying, placements(lattice, AllSites{}, {}), 3);
  named["h"] = 2;
  const std::vector<double> values = family.coupling_values(named);
  for (int site = 0; site < 4; ++site) EXPECT_EQ(values[site] * family.terms[site].coefficient, 2.0 * one.terms[site].coefficient);
  EXPECT_TRUE(disorder_values(fixed, placements(lattice, AllSites{}, {}), 3).empty());
}

TEST(Coefficients, QuarterTurnsAreExact) {
  const double pi = std::acos(-1.0);
  EXPECT_EQ(phase_factor(pi), std::complex<double>(-1, 0));
  EXPECT_EQ(phase_factor(-pi / 2), std::complex<double>(0, -1));
  EXPECT_EQ(phase_factor(-6 * pi), std::complex<double>(1, 0));
  EXPECT_NEAR(std::arg(phase_factor(0.3)), 0.3, 1e-15);
}

}  // namespace
}  // namespace qs
