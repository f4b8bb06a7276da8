#include "hamiltonians/symmetry/term_invariance.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <set>

namespace qs {
namespace {

using Form = std::map<Monomial, std::complex<double>>;
constexpr double same = 1e-10;  // of coefficients, relative to the largest

double largest(const Form& form) {
  double most = 0;
  for (const auto& [monomial, value] : form) most = std::max(most, std::abs(value));
  return most;
}

std::string number_text(std::complex<double> value) {
  return value.imag() == 0 ? fmt::format("{:.6g}", value.real()) : fmt::format("({:.6g}{:+.6g}i)", value.real(), value.imag());
}

// "-0.5 S+_0 S-_1"; up and down behind the sites of fermions with spin.
std::string term_text(const Monomial& monomial, std::complex<double> value, SectorKind kind, int sites) {
  static const std::array<std::array<const char*, 3>, 2> letters = {{{"Z", "S+", "S-"}, {"n", "c+", "c"}}};
  std::string text = number_text(value);
  for (const auto& [mode, letter] : monomial) {
    const bool spinful = kind == SectorKind::spinful_fermions;
    text += fmt::format(" {}{}({})", letters[kind == SectorKind::spin_half ? 0 : 1][static_cast<int>(letter)],
                        spinful ? (mode >= sites ? "_up" : "_dn") : "", mode % sites);
  }
  return text;
}

// Whether image - form is a number that vanishes in the sector: a constant, and the same for every mode of a block whose particles are counted.
bool vanishes(const Form& difference, const Sector& sector, double scale) {
  std::complex<double> sum = 0;
  std::map<int, std::vector<std::complex<double>>> single;  // by block
  for (const auto& [monomial, value] : difference) {
    if (std::abs(value) <= same * scale) continue;
    if (monomial.empty()) {
      sum += value;
      continue;
    }
    if (monomial.size() != 1 || monomial[0].second != Letter::diagonal) return false;
    for (const Sector::Block& block : sector.blocks()) {
      const int mode = monomial[0].first;
      if (mode >= block.first_mode && mode < block.first_mode + block.modes) single[block.first_mode].push_back(value);
    }
  }
  for (const Sector::Block& block : sector.blocks()) {
    const auto found = single.find(block.first_mode);
    if (found == single.end()) continue;
    const auto& values = found->second;
    if (block.set_bits < 0 || static_cast<int>(values.size()) != block.modes) return false;
    for (const auto& value : values)
      if (std::abs(value - values[0]) > same * scale) return false;
    sum += values[0] * double(sector.fermionic() ? block.set_bits : 2 * block.set_bits - block.modes);
  }
  return std::abs(sum) <= same * scale * sector.modes();
}

}  // namespace

TermInvariance::TermInvariance(const ProblemFamily& family) : kind_(family.problems[0].sector.options().kind) {
  std::set<std::pair<std::vector<double>, std::string>> known;
  for (const Problem& problem : family.problems) {
    if (!known.emplace(problem.couplings, problem.sector.describe()).second) continue;
    NormalForm sum;
    for (const SymbolicTerm& term : family.hamiltonian.terms) sum.add(term.coefficient * problem.couplings[term.coupling], term.factors);
    problems_.push_back({sum.collected(), problem.sector});
  }
}

std::optional<std::string> TermInvariance::broken(const StateMap& map) const {
  for (const OneProblem& problem : problems_) {
    const int sites = problem.sector.sites();
    NormalForm moved;
    for (const auto& [monomial, value] : problem.form) {
      const auto [sign, factors] = image_of(map, factors_of(monomial, kind_));
      moved.add(sign * value, factors);
    }
    Form difference = moved.collected();
    for (const auto& [monomial, value] : problem.form) difference[monomial] -= value;
    const double scale = largest(problem.form);
    if (vanishes(difference, problem.sector, scale)) continue;
    // The largest term whose image is missing.
    const auto worst = std::max_element(difference.begin(), difference.end(),
                                        [](const auto& a, const auto& b) { return std::abs(a.second) < (1 - same) * std::abs(b.second); });
    const auto here = problem.form.find(worst->first);
    const std::complex<double> is = here == problem.form.end() ? 0.0 : here->second;
    return fmt::format("it would make the term {} of the Hamiltonian {}", term_text(worst->first, is, kind_, sites), number_text(is + worst->second));
  }
  return std::nullopt;
}

}  // namespace qs
