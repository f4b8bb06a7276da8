#include "engine/sampling/walkers.h"

#include <fmt/format.h>

#include <algorithm>

#include "engine/base/error.h"
#include "engine/sampling/random_state.h"
#include "engine/wavefunctions/chunked.h"
#include "engine/wavefunctions/log_psi.h"

namespace qs {
namespace {

// Steps with the top bit set belong to the random start; attempt in the low bits.
constexpr std::uint64_t start_step = std::uint64_t{1} << 63;
constexpr int start_attempts = 1000;

std::string hexadecimal(const Word* row, int words) {
  std::string text = "0x";
  for (int w = words - 1; w >= 0; --w) text += fmt::format("{:016x}", row[w]);
  return text;
}

}  // namespace

Walkers::Walkers(const MetropolisOptions& options, const Problems& problems, Communicator& comm, RandomKey key)
    : problems_(problems),
      comm_(comm),
      key_(key),
      blocks_(options.chains * problems.size(), comm.size(), comm.rank()),
      chains_per_problem_(options.chains),
      replicas_(static_cast<std::int64_t>(options.tempering.size())),
      rows_(problems.modes(), blocks_.my_items() * replicas_),
      log_psi_(rows_.rows()) {
  for (std::int64_t walker = 0; walker < rows_.rows(); ++walker) {
    rows_.problem[walker] = problem_of(walker);
    draw(walker, 0);
  }
}

void Walkers::draw(std::int64_t walker, int attempt) {
  random_state(problems_[problem_of(walker)].sector, key_, stream(walker), start_step + attempt, rows_.row(walker));
}

void Walkers::start(const Wavefunction& psi) {
  for (std::int64_t walker = 0; walker < rows_.rows(); ++walker) draw(walker, 0);
  qs::log_psi(psi, rows_, log_psi_);
  for (int attempt = 1;; ++attempt) {
    std::vector<std::int64_t> zeros;
    for (std::int64_t walker = 0; walker < rows_.rows(); ++walker) {
      if (is_zero(log_psi_[walker])) zeros.push_back(walker);
    }
    if (zeros.empty()) return;
    if (attempt == start_attempts) {
      throw NumericalError(fmt::format("psi is zero on {} random states in a row (rank {}, chain {}, problem {}); start from other parameters",
                                       attempt, comm_.rank(), global_chain(zeros[0]), rows_.problem[zeros[0]]));
    }
    ConfigurationBatch again(rows_.modes, 0);
    for (const std::int64_t walker : zeros) {
      draw(walker, attempt);
      again.push_back(rows_.row(walker), rows_.problem[walker]);
    }
    const std::vector<std::complex<double>> values = qs::log_psi(psi, again);
    for (std::size_t i = 0; i < zeros.size(); ++i) log_psi_[zeros[i]] = values[i];
  }
}

void Walkers::refresh(const Wavefunction& psi) {
  qs::log_psi(psi, rows_, log_psi_);
  for (std::int64_t walker = 0; walker < rows_.rows(); ++walker) {
    if (!is_usable(log_psi_[walker])) refuse(log_psi_[walker], walker, rows_.row(walker));
  }
}

void Walkers::refuse(std::complex<double> log_psi, std::int64_t walker, const Word* row) const {
  throw NumericalError(
      fmt::format("log psi of a current state is {} + {}i (rank {}, chain {}, problem {}, configuration {}); the parameters have left "
                  "the range where the wavefunction can be evaluated: lower the learning rate or raise the shift",
                  log_psi.real(), log_psi.imag(), comm_.rank(), global_chain(walker), problem_of(walker), hexadecimal(row, rows_.words)));
}

ConfigurationBatch Walkers::ordered() const {
  ConfigurationBatch ordered(rows_.modes, 0);
  for (std::int64_t c = 0; c < chains(); ++c) {
    for (std::int64_t walker = c; walker < rows_.rows(); walker += chains()) ordered.push_back(rows_.row(walker), rows_.problem[walker]);
  }
  return ordered;
}

void Walkers::take(const ConfigurationBatch& ordered, std::int64_t first) {
  for (std::int64_t c = 0; c < chains(); ++c) {
    for (std::int64_t walker = c; walker < rows_.rows(); walker += chains(), ++first)
      std::copy(ordered.row(first), ordered.row(first) + rows_.words, rows_.row(walker));
  }
}

void Walkers::take_of_all(const ConfigurationBatch& ordered) {
  const std::int64_t all = blocks_.items() * replicas_;
  if (ordered.modes != rows_.modes || ordered.rows() != all) {
    throw CheckpointError(
        fmt::format("stored chains do not fit: {} chains of {} modes, the sampler has {} of {}; resume with the sampler of the stored run",
                    ordered.rows(), ordered.modes, all, rows_.modes));
  }
  for (std::int64_t row = 0; row < ordered.rows(); ++row) {
    const auto problem = static_cast<std::int32_t>(row / (chains_per_problem_ * replicas_));
    if (ordered.problem[row] != problem || !problems_[problem].sector.contains(ordered.row(row))) {
      throw CheckpointError(fmt::format("stored chain {} is not a state of problem {} ({}); the checkpoint belongs to another system", row, problem,
                                        problems_[problem].sector.describe()));
    }
  }
  take(ordered, blocks_.my_begin() * replicas_);
}

}  // namespace qs
