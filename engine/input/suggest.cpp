#include <algorithm>
#include <cctype>
#include <tuple>

#include "engine/input/input.h"

namespace qs::input {
namespace {

// Optimal string alignment (Damerau-Levenshtein with adjacent transpositions), three rows.
int distance(const std::string& a, const std::string& b) {
  const std::size_t n = b.size();
  std::vector<int> before(n + 1), previous(n + 1), row(n + 1);
  for (std::size_t j = 0; j <= n; ++j) previous[j] = static_cast<int>(j);
  for (std::size_t i = 1; i <= a.size(); ++i) {
    row[0] = static_cast<int>(i);
    for (std::size_t j = 1; j <= n; ++j) {
      const int substitution = previous[j - 1] + (a[i - 1] == b[j - 1] ? 0 : 1);
      row[j] = std::min({substitution, previous[j] + 1, row[j - 1] + 1});
      if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1]) row[j] = std::min(row[j], before[j - 2] + 1);
    }
    std::swap(before, previous);
    std::swap(previous, row);
  }
  return previous[n];
}

std::string lower(std::string text) {
  for (char& c : text) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  return text;
}

}  // namespace

std::string suggest(const std::string& word, const std::vector<std::string>& known) {
  constexpr std::size_t longest = 64;  // nothing known is longer; keeps the cost of hostile input linear
  if (word.empty() || word.size() > longest) return "";
  std::string best;
  auto best_rank = std::make_tuple(1 << 20, 1 << 20, 1 << 20);
  for (const std::string& candidate : known) {
    const int edits = distance(word, candidate);
    const int letters = distance(lower(word), lower(candidate));
    if (std::min(edits, letters) > std::max<int>(2, static_cast<int>(word.size()) / 3)) continue;
    const std::size_t longer = std::max(word.size(), candidate.size());
    if (2 * static_cast<std::size_t>(letters) > longer) continue;  // more differs than agrees: 't' is no typo of 'U'
    const int length_gap = std::abs(static_cast<int>(word.size()) - static_cast<int>(candidate.size()));
    const auto rank = std::make_tuple(std::min(edits, letters), candidate[0] == word[0] ? 0 : 1, length_gap);
    if (rank < best_rank) {
      best_rank = rank;
      best = candidate;
    }
  }
  return best;
}

}  // namespace qs::input
