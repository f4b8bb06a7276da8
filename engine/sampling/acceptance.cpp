#include "engine/sampling/acceptance.h"

#include <algorithm>
#include <array>
#include <utility>

namespace qs {
namespace {

std::array<std::vector<std::int64_t>*, 8> counts_of(Acceptance& a) {
  return {&a.proposed, &a.accepted, &a.invalid, &a.still, &a.move_proposed, &a.move_accepted, &a.swap_proposed, &a.swap_accepted};
}

}  // namespace

AcceptanceCounter::AcceptanceCounter(int problems, std::vector<std::string> moves, int swaps) {
  mine_.moves = std::move(moves);
  for (auto* counts : {&mine_.proposed, &mine_.accepted, &mine_.invalid, &mine_.still}) counts->resize(problems);
  for (auto* counts : {&mine_.move_proposed, &mine_.move_accepted}) counts->resize(problems * mine_.moves.size());
  for (auto* counts : {&mine_.swap_proposed, &mine_.swap_accepted}) counts->resize(problems * static_cast<std::size_t>(swaps));
}

void AcceptanceCounter::reset() {
  for (auto* counts : counts_of(mine_)) std::fill(counts->begin(), counts->end(), 0);
}

Acceptance AcceptanceCounter::total(Communicator& comm) const {
  Acceptance sum = mine_;
  std::vector<std::int64_t> mine;
  for (const auto* counts : counts_of(sum)) mine.insert(mine.end(), counts->begin(), counts->end());
  const std::vector<std::int64_t> all = comm.all_gather<std::int64_t>(mine);
  std::size_t at = 0;
  for (auto* counts : counts_of(sum)) {
    for (std::int64_t& count : *counts) {
      count = 0;
      for (std::size_t i = at; i < all.size(); i += mine.size()) count += all[i];
      ++at;
    }
  }
  return sum;
}

std::vector<double> AcceptanceCounter::ratios(Communicator& comm) const { return acceptance_ratios(total(comm)); }

std::vector<double> acceptance_ratios(const Acceptance& acceptance) {
  std::vector<double> ratio(acceptance.proposed.size());
  for (std::size_t g = 0; g < ratio.size(); ++g) {
    if (acceptance.proposed[g] > 0) ratio[g] = static_cast<double>(acceptance.accepted[g]) / static_cast<double>(acceptance.proposed[g]);
  }
  return ratio;
}

}  // namespace qs
