#include "engine/sampling/lockstep.h"

#include "engine/wavefunctions/chunked.h"

namespace qs {
namespace {

std::size_t counters(std::int64_t chains, int moves) { return static_cast<std::size_t>(chains) * (2 * moves + 1); }

template <class T>
std::vector<T> on_host(const Buffer<T>& buffer, std::size_t count) {
  std::vector<T> values(count);
  buffer.download(values.data(), count);
  return values;
}

}  // namespace

Lockstep::Lockstep(const Wavefunction& psi, const ChainRule& rule, const ChainRange& range, const ConfigurationBatch& chains,
                   const std::vector<std::complex<double>>& log_psi)
    : psi_(psi),
      rule_(rule),
      range_(range),
      words_(chains.words),
      rows_(psi.device(), range.count * words_),
      candidate_rows_(psi.device(), range.count * words_),
      problem_(psi.device(), range.count),
      move_(psi.device(), range.count),
      flips_(psi.device(), range.count),
      re_(psi.device(), range.count),
      im_(psi.device(), range.count),
      log_ratio_(psi.device(), range.count),
      candidate_log_psi_(psi.device(), 2 * rows_of_whole_chunks(range.count, psi.chunk_rows())),
      step_(buffer_of(psi.device(), std::vector<std::uint64_t>(range.count, rule.proposals_done))),
      counts_(psi.device(), counters(range.count, rule.mixtures.moves)),
      proposal_(psi.device(), [this] { propose_and_decide(); }) {
  problem_.upload(chains.problem.data() + range.first, range.count);
  write(chains, log_psi);
}

void Lockstep::write(const ConfigurationBatch& chains, const std::vector<std::complex<double>>& log_psi) {
  std::vector<double> re, im;
  for (std::int64_t c = range_.first; c < range_.first + range_.count; ++c) {
    re.push_back(log_psi[c].real());
    im.push_back(log_psi[c].imag());
  }
  rows_.upload(chains.row(range_.first), range_.count * words_);
  re_.upload(re.data(), range_.count);
  im_.upload(im.data(), range_.count);
}

std::size_t Lockstep::bytes(std::int64_t chains, int words, int moves, int chunk_rows) {
  const std::int64_t padded = rows_of_whole_chunks(chains, chunk_rows);
  const std::size_t per_chain = 2 * words * sizeof(Word) + 3 * sizeof(std::int32_t) + 3 * sizeof(double) + sizeof(std::uint64_t);
  return chains * per_chain + 2 * padded * sizeof(double) + counters(chains, moves) * sizeof(std::int64_t);
}

kernels::Chains Lockstep::chains() {
  const std::int64_t per_move = range_.count * rule_.mixtures.moves;
  return {.count = range_.count,
          .words = words_,
          .stream = range_.stream,
          .rows = rows_.data(),
          .problem = problem_.data(),
          .re = re_.data(),
          .im = im_.data(),
          .step = step_.data(),
          .sweep = rule_.sweep,
          .proposed = counts_.data(),
          .accepted = counts_.data() + per_move,
          .invalid = counts_.data() + 2 * per_move};
}

kernels::Candidates Lockstep::candidates() {
  return {.rows = candidate_rows_.data(),
          .re = candidate_log_psi_.data(),
          .im = candidate_log_psi_.data() + candidate_log_psi_.size() / 2,
          .move = move_.data(),
          .flips = flips_.data(),
          .log_ratio = log_ratio_.data()};
}

void Lockstep::propose_and_decide() {
  const kernels::Chains chains = this->chains();
  const kernels::Candidates candidates = this->candidates();
  kernels::chains(psi_.device()).propose(rule_.mixtures, rule_.key, chains, candidates);
  if (range_.kind == ChainRange::Kind::moving) {
    log_psi_on_device(psi_, {candidates.rows, words_, chains.problem}, chains.count, {candidates.re, candidates.im});
  }
  kernels::chains(psi_.device()).accept(rule_.mixtures.moves, rule_.key, rule_.power, chains, candidates);
}

void Lockstep::advance(std::int64_t proposals) {
  for (std::int64_t i = 0; i < proposals; ++i) proposal_.run();
}

void Lockstep::read(ConfigurationBatch& chains, std::vector<std::complex<double>>& log_psi) const {
  rows_.download(chains.row(range_.first), range_.count * words_);
  const std::vector<double> re = on_host(re_, range_.count), im = on_host(im_, range_.count);
  for (std::int64_t c = 0; c < range_.count; ++c) log_psi[range_.first + c] = {re[c], im[c]};
}

void Lockstep::add_counts(AcceptanceCounter& counter) const {
  const int moves = rule_.mixtures.moves;
  const std::int64_t per_move = range_.count * moves;
  const std::vector<std::int64_t> counts = on_host(counts_, counts_.size());
  const std::vector<std::int32_t> problem = on_host(problem_, range_.count);
  for (std::int64_t c = 0; c < range_.count; ++c) {
    std::int64_t proposed = 0, accepted = 0;
    for (int k = 0; k < moves; ++k) {
      const std::int64_t of_move = counts[c * moves + k], taken = counts[per_move + c * moves + k];
      counter.add(problem[c], k, of_move, taken);
      proposed += of_move;
      accepted += taken;
    }
    if (range_.kind == ChainRange::Kind::moving && proposed > 0 && accepted == 0) counter.add_still(problem[c]);
    counter.add_invalid(problem[c], counts[2 * per_move + c]);
  }
}

}  // namespace qs
