#include "engine/sampling/acceptance.h"

#include <algorithm>
#include <utility>

namespace qs {
namespace {

void add_over_ranks(Communicator& comm, std::vector<std::int64_t>& counts) {
  const std::vector<std::int64_t> all = comm.all_gather<std::int64_t>(counts);
  const std::size_t width = counts.size();
  std::fill(counts.begin(), counts.end(), 0);
  for (std::size_t i = 0; i < all.size(); ++i) counts[i % width] += all[i];
}

}  // namespace

AcceptanceCounter::AcceptanceCounter(int problems, std::vector<std::string> moves) {
  mine_.moves = std::move(moves);
  for (auto* counts : {&mine_.proposed, &mine_.accepted, &mine_.invalid}) counts->resize(problems);
  for (auto* counts : {&mine_.move_proposed, &mine_.move_accepted}) counts->resize(problems * mine_.moves.size());
}

void AcceptanceCounter::reset() { *this = AcceptanceCounter(static_cast<int>(mine_.proposed.size()), std::move(mine_.moves)); }

Acceptance AcceptanceCounter::total(Communicator& comm) const {
  Acceptance sum = mine_;
  for (auto* counts : {&sum.proposed, &sum.accepted, &sum.invalid, &sum.move_proposed, &sum.move_accepted}) add_over_ranks(comm, *counts);
  return sum;
}

std::vector<double> AcceptanceCounter::ratios(Communicator& comm) const {
  const Acceptance sum = total(comm);
  std::vector<double> ratio(sum.proposed.size());
  for (std::size_t g = 0; g < ratio.size(); ++g) {
    if (sum.proposed[g] > 0) ratio[g] = static_cast<double>(sum.accepted[g]) / static_cast<double>(sum.proposed[g]);
  }
  return ratio;
}

}  // namespace qs
