#include "engine/stages/renyi2.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>

#include "engine/base/error.h"
#include "engine/ed/purity.h"
#include "engine/statistics/jackknife.h"
#include "engine/wavefunctions/chunked.h"
#include "hamiltonians/bipartition.h"

namespace qs {
namespace {

using Complex = std::complex<double>;

constexpr std::int64_t most_blocks = 32;   // of the chains of either half, for the error
constexpr std::int64_t least_blocks = 16;  // with fewer the error is a guess
constexpr double largest_error = 0.25;     // of P, relative: beyond, -ln P is not linear in it

bool is_zero(Complex log_psi) { return log_psi.real() == -std::numeric_limits<double>::infinity(); }

// Sum over pairs of w w' f, real part, and of w w'.
using PairSums = std::vector<double>;              // [2]
using Table = std::vector<std::vector<PairSums>>;  // by the blocks of both chains

// Samples of all ranks in global order, and which of their chains are paired.
class ChainPairs {
 public:
  ChainPairs(const StageContext& context, const Renyi2Options& options, const SampleSet& samples)
      : context_(context),
        rows_(gather_rows(context.comm, samples.rows)),
        log_psi_(gather_rows(context.comm, samples.log_psi)),
        weight_(gather_rows(context.comm, samples.weight)),
        length_(samples.samples_per_chain),
        chains_(samples.total_rows / (samples.samples_per_chain * samples.problems)),
        partners_(options.pairings == 0 ? half() : std::min(half(), options.pairings)) {}

  std::int64_t half() const { return chains_ / 2; }  // an odd chain stands alone
  std::int64_t blocks() const { return std::min(half(), most_blocks); }
  std::int64_t block_of(std::int64_t chain) const { return chain * blocks() / half(); }
  double pairs() const { return static_cast<double>(half() * partners_ * length_); }

  // Of chain a of the first half with its partners, by the blocks of these: [blocks].
  std::vector<PairSums> sums_of(int problem, const Bipartition& parts, std::int64_t a) const {
    const std::vector<Complex> swapped = log_psi(*context_.psi, swapped_rows(problem, parts, a));
    std::vector<PairSums> sums(blocks(), PairSums(2, 0.0));
    std::size_t next = 0;
    for_pairs(problem, a, [&](std::int64_t block, std::int64_t i, std::int64_t j) {
      const double weight = weight_[i] * weight_[j];
      sums[block][0] += weight * ratio(problem, parts, i, j, swapped, next);
      sums[block][1] += weight;
    });
    return sums;
  }

 private:
  // visit(block of the partner, row, row of the partner). Rows without weight are left out: psi may be zero there.
  template <class Visit>
  void for_pairs(int problem, std::int64_t a, Visit visit) const {
    const std::int64_t first = problem * chains_;
    for (std::int64_t shift = 0; shift < partners_; ++shift) {
      const std::int64_t b = (a + shift) % half();
      for (std::int64_t k = 0; k < length_; ++k) {
        const std::int64_t i = (first + a) * length_ + k, j = (first + half() + b) * length_ + k;
        if (weight_[i] > 0 && weight_[j] > 0) visit(block_of(b), i, j);
      }
    }
  }

  // Both words of a pair after the swap, if the network must be asked: outside the sector psi is zero, whatever it would say, and equal parts leave
  // the pair as it is.
  bool is_to_evaluate(int problem, const Bipartition& parts, std::int64_t i, std::int64_t j, std::vector<Word>& n, std::vector<Word>& n_prime) const {
    n.assign(rows_.row(i), rows_.row(i) + rows_.words);
    n_prime.assign(rows_.row(j), rows_.row(j) + rows_.words);
    if (is_unchanged(parts, i, j)) return false;
    parts.swap(n.data(), n_prime.data());
    const Sector& sector = context_.family.problems[problem].sector;
    return sector.contains(n.data()) && sector.contains(n_prime.data());
  }

  bool is_unchanged(const Bipartition& parts, std::int64_t i, std::int64_t j) const {
    return parts.same_a(rows_.row(i), rows_.row(j)) || parts.same_b(rows_.row(i), rows_.row(j));
  }

  ConfigurationBatch swapped_rows(int problem, const Bipartition& parts, std::int64_t a) const {
    ConfigurationBatch batch(rows_.modes, 0);
    std::vector<Word> n, n_prime;
    for_pairs(problem, a, [&](std::int64_t, std::int64_t i, std::int64_t j) {
      if (!is_to_evaluate(problem, parts, i, j, n, n_prime)) return;
      batch.push_back(n.data(), problem);
      batch.push_back(n_prime.data(), problem);
    });
    return batch;
  }

  // Re of f = epsilon psi(n'_A n_B) psi(n_A n'_B) / (psi(n) psi(n')), epsilon the product of the four signs of the words.
  double ratio(int problem, const Bipartition& parts, std::int64_t i, std::int64_t j, const std::vector<Complex>& swapped, std::size_t& next) const {
    if (is_unchanged(parts, i, j)) return 1;
    std::vector<Word> n, n_prime;
    if (!is_to_evaluate(problem, parts, i, j, n, n_prime)) return 0;
    const Complex first = swapped[next++], second = swapped[next++];
    if (is_zero(first) || is_zero(second)) return 0;
    const int sign = parts.sign(n.data()) * parts.sign(n_prime.data()) * parts.sign(rows_.row(i)) * parts.sign(rows_.row(j));
    const double value = sign * std::exp(first + second - log_psi_[i] - log_psi_[j]).real();
    if (!std::isfinite(value))
      throw NumericalError(
          fmt::format("a swap of samples {} and {} of problem {} is not a number (log psi of a swapped configuration is not finite)", i, j, problem));
    return value;
  }

  const StageContext& context_;
  ConfigurationBatch rows_;
  std::vector<Complex> log_psi_;
  std::vector<double> weight_;
  std::int64_t length_, chains_, partners_;
};

// Chains of the first half are dealt out to the ranks, and added in their order.
Table table_of(Communicator& comm, const ChainPairs& pairs, int problem, const Bipartition& parts) {
  const Blocks shares = Blocks::of_grains(pairs.half(), 1, comm.size(), comm.rank());
  std::vector<double> mine;
  on_all(comm, [&] {
    for (std::int64_t a = shares.my_begin(); a < shares.my_end(); ++a) {
      for (const PairSums& sums : pairs.sums_of(problem, parts, a)) mine.insert(mine.end(), sums.begin(), sums.end());
    }
  });
  const std::vector<double> all = gather_rows(comm, mine);
  Table table(pairs.blocks(), std::vector<PairSums>(pairs.blocks(), PairSums(2, 0.0)));
  std::size_t at = 0;
  for (std::int64_t a = 0; a < pairs.half(); ++a) {
    for (PairSums& cell : table[pairs.block_of(a)]) {
      for (double& sum : cell) sum += all[at++];
    }
  }
  return table;
}

double mean_of(std::span<const double> sums) { return sums[0] / sums[1]; }

// Variance of P over chains of both halves: leaving out the rows of the table takes the fluctuations of one half, the columns those of the other, and
// both count those of the single cells (two-way clusters: Cameron, Gelbach, Miller, J. Bus. Econ. Stat. 29, 238 (2011)).
double variance_of(const Table& table) {
  BlockSums rows, columns(table.size(), PairSums(2, 0.0)), cells;
  for (const auto& row : table) {
    rows.push_back(total_of(row));
    for (std::size_t h = 0; h < row.size(); ++h) {
      for (int k = 0; k < 2; ++k) columns[h][k] += row[h][k];
      if (row[h][1] != 0) cells.push_back(row[h]);
    }
  }
  const double of_cells = jackknife_variance(cells, mean_of);
  return std::max(of_cells, jackknife_variance(rows, mean_of) + jackknife_variance(columns, mean_of) - of_cells);
}

std::string doubt_of(double p, double error, const ChainPairs& pairs) {
  if (!(p > 0)) return fmt::format("the mean {:.1e} of the swap is not positive (fluctuations exceed it)", p);
  if (pairs.blocks() < least_blocks) return fmt::format("{} pairs of independent chains < {}", pairs.blocks(), least_blocks);
  const double expected = std::sqrt(std::max(0.0, 1 - p * p) / pairs.pairs()) / p, found = error / p;
  if (!(std::max(expected, found) > largest_error)) return "";
  return fmt::format("e^S2/sqrt(pairs) {:.2f}, relative error {:.2f} > {}", 1 / (p * std::sqrt(pairs.pairs())), found, largest_error);
}

Judged by_swap(Communicator& comm, const ChainPairs& pairs, int problem, const Bipartition& parts) {
  const Table table = table_of(comm, pairs, problem, parts);
  BlockSums rows;
  for (const auto& row : table) rows.push_back(total_of(row));
  const double p = mean_of(total_of(rows)), error = std::sqrt(variance_of(table));
  Judged result;
  result.estimate.mean = p > 0 ? -std::log(p) : std::numeric_limits<double>::quiet_NaN();
  result.estimate.error = p > 0 ? error / p : std::numeric_limits<double>::quiet_NaN();
  result.estimate.samples = static_cast<std::int64_t>(pairs.pairs());
  result.diagnosis.doubt = doubt_of(p, error, pairs);
  return result;
}

Judged exactly(double value) {
  Judged result;
  result.estimate.mean = value;
  return result;
}

// psi of one problem of an exact sum, its largest amplitude 1.
std::vector<Complex> amplitudes(std::span<const Complex> log_psi) {
  double largest = -std::numeric_limits<double>::infinity();
  for (const Complex& value : log_psi) largest = std::max(largest, value.real());
  std::vector<Complex> psi;
  for (const Complex& value : log_psi) psi.push_back(is_zero(value) ? Complex(0) : std::exp(value - largest));
  return psi;
}

std::vector<Judged> by_enumeration(const StageContext& context, const std::vector<int>& region, const SampleSet& samples) {
  const std::vector<Complex> log_psi = gather_rows(context.comm, samples.log_psi);
  std::vector<Judged> values;
  std::size_t begin = 0;
  for (const Problem& problem : context.family.problems) {
    const auto psi = amplitudes(std::span(log_psi).subspan(begin, problem.sector.dimension()));
    values.push_back(exactly(-std::log(purity(problem.sector, Bipartition(problem.sector, region), psi))));
    begin += psi.size();
  }
  return values;
}

}  // namespace

ObservableValues measure_renyi2(const StageContext& context, const Renyi2Options& options, const SampleSet& samples) {
  ObservableValues result{.name = "renyi2", .doc = "second Renyi entropy -ln Tr rho_A^2 of the region", .units = "1", .labels = {}, .values = {}};
  std::optional<ChainPairs> pairs;
  if (samples.markov) pairs.emplace(context, options, samples);
  for (const std::vector<int>& region : options.regions) {
    result.labels.push_back(Bipartition(context.family.problems[0].sector, region).label());
    std::vector<Judged>& values = result.values.emplace_back();
    if (!pairs) values = by_enumeration(context, region, samples);
    for (int g = 0; pairs && g < context.family.size(); ++g)
      values.push_back(by_swap(context.comm, *pairs, g, Bipartition(context.family.problems[g].sector, region)));
  }
  return result;
}

std::vector<std::vector<double>> exact_renyi2(const ProblemFamily& family, const Renyi2Options& options, ExactStates& exact) {
  std::vector<std::vector<double>> values;
  for (int g = 0; g < family.size(); ++g) {
    const Sector& sector = family.problems[g].sector;
    const EdResult& level = exact.solve(family, g);
    auto& row = values.emplace_back();
    for (const std::vector<int>& region : options.regions) {
      const bool one = level.degeneracy == 1;
      row.push_back(one ? -std::log(purity(sector, Bipartition(sector, region), level.amplitudes(0))) : std::numeric_limits<double>::quiet_NaN());
    }
  }
  return values;
}

}  // namespace qs
