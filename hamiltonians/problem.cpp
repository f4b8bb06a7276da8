#include "hamiltonians/problem.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "engine/base/error.h"
#include "hamiltonians/term_compile.h"

namespace qs {

namespace {

int count_in(const std::vector<Word>& set, const Sector::Block& block) {
  int count = 0;
  for (int mode = block.first_mode; mode < block.first_mode + block.modes; ++mode) count += test_bit(set.data(), mode);
  return count;
}

// Probability that `ones` given modes are all occupied and `zeros` others all empty when k of n modes are occupied at random.
double probability(int n, int k, int ones, int zeros) {
  double p = 1;
  for (int i = 0; i < ones; ++i) p *= static_cast<double>(k - i) / (n - i);
  for (int i = 0; i < zeros; ++i) p *= static_cast<double>(n - k - i) / (n - ones - i);
  return p;
}

// < [bits & mask == pattern] (-1)^(bits & string) > over one block; string and mask are disjoint. With s string modes of which j
// are occupied: sum_j (-1)^j C(s, j) probability(ones + j, zeros + s - j).
double block_average(const Sector::Block& block, int ones, int zeros, int string, bool number_fixed) {
  if (!number_fixed) return string > 0 ? 0.0 : std::ldexp(1.0, -(ones + zeros));
  double average = 0;
  double choose = 1;
  for (int j = 0; j <= string; ++j) {
    average += (j & 1 ? -choose : choose) * probability(block.modes, block.set_bits, ones + j, zeros + string - j);
    choose = choose * (string - j) / (j + 1);
  }
  return average;
}

}  // namespace

double infinite_temperature_energy(const Operator& op, const Sector& sector, const std::vector<double>& couplings) {
  double total = 0;
  for (const CompiledTerm& term : compile_terms(op)) {
    bool diagonal = true;
    for (const Word word : term.flip) diagonal = diagonal && word == 0;
    if (!diagonal) continue;
    double average = 1;
    for (const Sector::Block& block : sector.blocks()) {
      const int ones = count_in(term.pattern, block);
      const int zeros = count_in(term.mask, block) - ones;
      average *= block_average(block, ones, zeros, count_in(term.string, block), sector.fermionic());
    }
    total += term.value.real() * couplings[term.coupling] * average;
  }
  return total;
}

std::string ProblemFamily::describe_sectors() const {
  std::vector<std::string> different;
  for (const Problem& problem : problems) {
    const std::string words = problem.sector.describe();
    if (std::find(different.begin(), different.end(), words) == different.end()) different.push_back(words);
  }
  return fmt::format("{}", fmt::join(different, "; "));
}

double ProblemFamily::feature(int g, const std::string& name) const {
  const Problem& problem = problems.at(g);
  if (name == "N" || name == "particles") return problem.sector.particles();
  const auto found = problem.named.find(name);
  if (found != problem.named.end()) return found->second;
  const auto column = std::find(varied.begin(), varied.end(), name);
  if (column != varied.end()) return varied_values.at(g).at(column - varied.begin());
  std::string known = "N";
  for (const auto& [coupling, value] : problem.named) known += ", " + coupling;
  throw InputError(fmt::format("'{}' is not a coupling of {} (known: {})", name, hamiltonian.name, known));
}

}  // namespace qs
