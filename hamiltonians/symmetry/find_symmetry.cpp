#include "hamiltonians/symmetry/find_symmetry.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <map>
#include <numeric>

#include "hamiltonians/symmetry/conjugator.h"
#include "hamiltonians/symmetry/space_elements.h"
#include "hamiltonians/symmetry/term_invariance.h"
#include "hamiltonians/term_compile.h"

namespace qs {
namespace {

using Elements = std::vector<SymmetrySector::Element>;

// Every element times every power of a map that commutes with all of them and has the eigenvalue `value`.
Elements times_powers(const Elements& elements, const StateMap& map, std::complex<double> value, int order) {
  Elements all = elements;
  StateMap power = map;
  std::complex<double> character = value;
  for (int j = 1; j < order; ++j) {
    for (const auto& element : elements) all.push_back({power * element.map, character * element.character});
    if (j + 1 < order) power = map * power;
    character *= value;
  }
  return all;
}

int order_of(const std::vector<int>& image) {
  int order = 1;
  std::vector<char> seen(image.size());
  for (std::size_t first = 0; first < image.size(); ++first) {
    int length = 0;
    for (std::size_t m = first; !seen[m]; m = image[m], ++length) seen[m] = 1;
    if (length > 0) order = std::lcm(order, length);
  }
  return order;
}

void require_permutation(const std::vector<int>& sites, int count) {
  std::vector<int> sorted = sites;
  std::sort(sorted.begin(), sorted.end());
  std::vector<int> all(count);
  std::iota(all.begin(), all.end(), 0);
  if (sorted != all)
    throw SymmetryError("permutations", fmt::format("must list each site from 0 to {} once: site i moves to the i-th of them", count - 1));
}

void require_invariant(const TermInvariance& terms, const StateMap& map, const std::string& key, const std::string& what) {
  if (const auto broken = terms.broken(map))
    throw SymmetryError(key, fmt::format("is not there: {} is no symmetry, for {}; remove it", what, *broken));
}

void check_commute(const Elements& elements, const StateMap& map) {
  for (const auto& element : elements) {
    if ((map * element.map).image != (element.map * map).image)
      throw SymmetryError("permutations", "must commute with each other and with the other symmetries that are asked for; leave one out");
  }
}

void add_permutations(const SiteContext& context, const TermInvariance& terms, const SymmetryOptions& options, Elements& elements) {
  for (const PermutationOptions& given : options.permutations) {
    require_permutation(given.sites, context.lattice.sites());
    const StateMap map = context.on_states(given.sites, {});
    require_invariant(terms, map, "permutations", fmt::format("[{}]", fmt::join(given.sites, ", ")));
    check_commute(elements, map);
    const int order = order_of(given.sites);
    elements = times_powers(elements, map, unit_root(-given.power, order), order);
  }
}

StateMap spin_inversion(const SiteContext& context) {
  const int sites = context.lattice.sites();
  const bool spinful = context.kind == SectorKind::spinful_fermions;
  StateMap map = identity_map(spinful ? 2 * sites : sites, spinful ? Statistics::fermions : Statistics::bosons);
  if (!spinful) {
    map.bits = Bits::complemented;
    // The rotated basis: M(-sigma) M(sigma) = (-1)^(sites of B).
    const auto rotated = std::count(context.rotated.begin(), context.rotated.end(), 1);
    map.constant = rotated % 2 == 0 ? 1 : -1;
    return map;
  }
  for (int mode = 0; mode < 2 * sites; ++mode) map.image[mode] = (mode + sites) % (2 * sites);
  return map;
}

std::string without_spin_inversion(const SectorOptions& sector) {
  if (sector.kind == SectorKind::spinless_fermions) return "needs spins, and these fermions have none; remove it";
  const bool balanced = sector.kind == SectorKind::spin_half ? sector.up < 0 || 2 * sector.up == sector.sites : sector.up == sector.down;
  return balanced ? ""
                  : fmt::format("needs as many spins up as down, but the sector is {}; write total_sz: 0 or up = down, or remove it",
                                Sector(sector).describe());
}

// C c_i C^-1 = eta_i c+_i with eta = +-1 by sublattice; C|n> = prod over occupied i of eta_i (-1)^i |1 - n>.
StateMap particle_hole(const SiteContext& context) {
  const Lattice& lattice = context.lattice;
  const std::vector<int> colour = Lattice::two_colouring(lattice.sites(), lattice.bonds(1));
  if (colour.empty()) throw SymmetryError("particle_hole", fmt::format("needs two sublattices, and {} has none; remove it", lattice.describe()));
  const int modes = context.kind == SectorKind::spinful_fermions ? 2 * lattice.sites() : lattice.sites();
  StateMap map = identity_map(modes, Statistics::fermions);
  map.bits = Bits::complemented;
  for (int mode = 0; mode < modes; ++mode)
    if ((colour[mode % lattice.sites()] + mode) % 2 != 0) flip_bit(map.sign_modes.data(), mode);
  return map;
}

std::string without_particle_hole(const SectorOptions& sector) {
  if (sector.kind == SectorKind::spin_half) return "needs fermions; of spins it is called spin_inversion";
  const bool half = 2 * sector.up == sector.sites && (sector.kind == SectorKind::spinless_fermions || 2 * sector.down == sector.sites);
  return half && sector.sites % 2 == 0 ? "" : fmt::format("needs a half-filled lattice, but the sector is {}; remove it", Sector(sector).describe());
}

// A symmetry of order two that moves no site, and commutes with all that do.
struct Internal {
  const char *key, *letter, *what;                      // of the input; in the words of the sector; in errors
  int parity;                                           // asked for; 0: not
  std::string (*why_not)(const SectorOptions& sector);  // there is no such symmetry; "": there may be
  StateMap (*map)(const SiteContext& context);
};

void add_internal(const Internal& symmetry, const ProblemFamily& family, const SiteContext& context, const TermInvariance& terms, Elements& elements,
                  std::vector<std::string>& words) {
  if (symmetry.parity == 0) return;
  for (const Problem& problem : family.problems)
    if (const std::string text = symmetry.why_not(problem.sector.options()); !text.empty()) throw SymmetryError(symmetry.key, text);
  const StateMap map = symmetry.map(context);
  require_invariant(terms, map, symmetry.key, symmetry.what);
  elements = times_powers(elements, map, symmetry.parity, 2);
  words.push_back(fmt::format("{} = {:+}", symmetry.letter, symmetry.parity));
}

// Elements that are the same map are one element, and an irrep must give all of them one character.
Elements without_repetitions(const Elements& elements, int parity, const std::string& words) {
  Elements unique;
  std::map<std::pair<std::vector<int>, std::vector<Word>>, std::size_t> known[2];
  for (SymmetrySector::Element element : elements) {
    element.map = canonical(element.map, parity);
    const StateMap& map = element.map;
    const auto key = std::pair(map.image, map.sign_modes);
    const auto [found, fresh] = known[map.bits == Bits::kept ? 0 : 1].emplace(key, unique.size());
    if (fresh) {
      unique.push_back(std::move(element));
      continue;
    }
    const auto& other = unique[found->second];
    if (std::abs(other.map.constant * other.character - map.constant * element.character) > 1e-9)
      throw SymmetryError("point", fmt::format("has no states: on this lattice two elements of the group are the same permutation, but their "
                                               "characters differ ({}); choose another irrep",
                                               words));
  }
  return unique;
}

SymmetrySector find(const ProblemFamily& family, const SymmetryOptions& options, SignRule sign_rule, Rows rows) {
  const SiteContext context(family, sign_rule);
  const TermInvariance terms(family);
  SpaceSector space = space_sector(context, terms, options, rows);
  Elements elements = std::move(space.elements);
  std::vector<std::string> words;
  if (!space.words.empty()) words.push_back(space.words);
  add_permutations(context, terms, options, elements);
  for (const PermutationOptions& given : options.permutations) words.push_back(fmt::format("[{}]^{} ", fmt::join(given.sites, ", "), given.power));
  // Spins have no holes: not more than one of the two turns bits over.
  for (const Internal& symmetry :
       {Internal{"spin_inversion", "F", "turning all spins over", options.spin_inversion, without_spin_inversion, spin_inversion},
        Internal{"particle_hole", "C", "exchanging particles and holes", options.particle_hole, without_particle_hole, particle_hole}})
    add_internal(symmetry, family, context, terms, elements, words);
  std::string text = fmt::format("{}", fmt::join(words, ", "));
  elements = without_repetitions(elements, context.parity, text);
  const bool complex = std::any_of(elements.begin(), elements.end(), [](const auto& element) { return element.character.imag() != 0; });
  std::optional<StateMap> conjugator;
  if (complex && is_real(family.hamiltonian) && options.particle_hole == 0) conjugator = find_conjugator(context, terms, elements);
  return SymmetrySector(std::move(elements), space.dimension, std::move(text), std::move(conjugator));
}

}  // namespace

SymmetrySector find_symmetry(const ProblemFamily& family, const SymmetryOptions& options, SignRule sign_rule) {
  return find(family, options, sign_rule, Rows::all);
}

SymmetrySector find_one_row(const ProblemFamily& family, const SymmetryOptions& options, SignRule sign_rule) {
  return find(family, options, sign_rule, Rows::one);
}

PointIrreps point_irreps(const ProblemFamily& family, const SymmetryOptions& options, SignRule sign_rule) {
  const SiteContext context(family, sign_rule);
  const LittleGroup group = little_group(context, TermInvariance(family), options.momentum);
  PointIrreps irreps{group.words, {}};
  for (const Irrep& irrep : group.irreps) irreps.names.push_back(irrep.name);
  return irreps;
}

}  // namespace qs
