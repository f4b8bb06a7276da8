#include "hamiltonians/symmetry/state_map.h"

#include <algorithm>
#include <array>
#include <bit>
#include <numeric>
#include <utility>

#include "engine/base/error.h"

namespace qs {
namespace {

int parity(const Word* a, const Word* b, int words) {
  int ones = 0;
  for (int w = 0; w < words; ++w) ones += std::popcount(a[w] & b[w]);
  return ones & 1;
}

// The orbits of the modes, each in the order in which g runs through it.
std::vector<std::vector<int>> cycles_of(const std::vector<int>& image) {
  std::vector<std::vector<int>> cycles;
  std::vector<char> seen(image.size());
  for (int first = 0; first < static_cast<int>(image.size()); ++first) {
    if (seen[first]) continue;
    cycles.emplace_back();
    for (int m = first; !seen[m]; m = image[m]) {
      seen[m] = 1;
      cycles.back().push_back(m);
    }
  }
  return cycles;
}

double sign_at(const StateMap& map, int mode) { return test_bit(map.sign_modes.data(), mode) ? -1 : 1; }

// [z^n] of prod (1 + w z^c) over cycles whose first mode lies in [begin, end); n = -1: its value at z = 1.
double occupied_cycles(const StateMap& map, int begin, int end, int n) {
  std::vector<double> polynomial{1};
  for (const std::vector<int>& cycle : cycles_of(map.image)) {
    if (cycle.front() < begin || cycle.front() >= end) continue;
    double weight = map.statistics == Statistics::fermions && cycle.size() % 2 == 0 ? -1 : 1;
    for (const int m : cycle) weight *= sign_at(map, m);
    std::vector<double> longer = polynomial;
    longer.resize(polynomial.size() + cycle.size());
    for (std::size_t i = 0; i < polynomial.size(); ++i) longer[i + cycle.size()] += weight * polynomial[i];
    polynomial = std::move(longer);
  }
  if (n < 0) return std::accumulate(polynomial.begin(), polynomial.end(), 0.0);
  return n < static_cast<int>(polynomial.size()) ? polynomial[n] : 0;
}

// Spins turned over stay where they are iff they alternate along every cycle.
double alternating_cycles(const StateMap& map) {
  double product = 1;
  for (const std::vector<int>& cycle : cycles_of(map.image)) {
    if (cycle.size() % 2 != 0) return 0;
    std::array<double, 2> sign{1, 1};
    for (std::size_t i = 0; i < cycle.size(); ++i) sign[i % 2] *= sign_at(map, cycle[i]);
    product *= sign[0] + sign[1];
  }
  return product;
}

double trace_by_states(const StateMap& map, const Sector& sector) {
  const FastMap fast(map);
  double sum = 0;
  for (std::int64_t i = 0; i < sector.dimension(); ++i) {
    const Word state = sector.state(i);
    Word image = 0;
    const double sign = fast.apply(&state, &image);
    if (image == state) sum += sign;
  }
  return sum;
}

}  // namespace

StateMap identity_map(int modes, Statistics statistics) {
  StateMap map{.statistics = statistics, .image = std::vector<int>(modes), .sign_modes = std::vector<Word>(words_for(modes))};
  std::iota(map.image.begin(), map.image.end(), 0);
  return map;
}

StateMap operator*(const StateMap& a, const StateMap& b) {
  QS_ASSERT(b.bits == Bits::kept && a.modes() == b.modes());
  StateMap product = b;
  product.constant *= a.constant;
  product.bits = a.bits;
  for (int m = 0; m < b.modes(); ++m) {
    product.image[m] = a.image[b.image[m]];
    if (test_bit(a.sign_modes.data(), b.image[m])) flip_bit(product.sign_modes.data(), m);
  }
  return product;
}

// C c+_i C^-1 = (-1)^i c_i times the sign of the mode: the string of modes before i is turned over, too.
std::pair<double, Factors> image_of(const StateMap& map, const Factors& factors) {
  double sign = 1;
  Factors result;
  for (const auto& [factor, mode] : factors) {
    const int to = map.image[mode];
    const bool turned = map.bits == Bits::complemented;
    const bool odd_mode = turned && map.statistics == Statistics::fermions && to % 2 != 0;
    const double own = sign_at(map, mode) * (odd_mode ? -1 : 1);
    switch (factor) {
      case Factor::sz:
      case Factor::pauli_z:
        sign *= turned ? -1 : 1;
        result.emplace_back(factor, to);
        break;
      case Factor::sx:
      case Factor::pauli_x:
        sign *= own;
        result.emplace_back(factor, to);
        break;
      case Factor::number:
        if (turned) {
          result.emplace_back(Factor::annihilate, to);
          result.emplace_back(Factor::create, to);
        } else {
          result.emplace_back(factor, to);
        }
        break;
      case Factor::s_plus:
      case Factor::s_minus:
        sign *= own;
        result.emplace_back(turned == (factor == Factor::s_plus) ? Factor::s_minus : Factor::s_plus, to);
        break;
      case Factor::create:
      case Factor::annihilate:
        sign *= own;
        result.emplace_back(turned == (factor == Factor::create) ? Factor::annihilate : Factor::create, to);
        break;
    }
  }
  return {sign, std::move(result)};
}

double trace(const StateMap& map, const Sector& sector) {
  const SectorOptions& options = sector.options();
  const int sites = sector.sites();
  if (map.bits == Bits::complemented) {
    if (map.statistics == Statistics::fermions) return trace_by_states(map, sector);
    return options.up < 0 || 2 * options.up == sites ? map.constant * alternating_cycles(map) : 0;
  }
  if (options.kind != SectorKind::spinful_fermions) return map.constant * occupied_cycles(map, 0, sites, options.up);
  const bool exchanged = map.image[0] >= sites;  // up and down: every cycle takes as many of both
  if (exchanged) return options.up == options.down ? map.constant * occupied_cycles(map, 0, 2 * sites, 2 * options.up) : 0;
  return map.constant * occupied_cycles(map, 0, sites, options.down) * occupied_cycles(map, sites, 2 * sites, options.up);
}

FastMap::FastMap(const StateMap& map)
    : words_(words_for(map.modes())),
      bytes_((map.modes() + 7) / 8),
      statistics_(map.statistics),
      constant_(map.constant),
      image_(map.image),
      sign_modes_(map.sign_modes),
      turned_(words_),
      table_(std::size_t(bytes_) * 256 * words_),
      has_sign_modes_(std::any_of(sign_modes_.begin(), sign_modes_.end(), [](Word word) { return word != 0; })) {
  for (int m = 0; m < map.modes() && map.bits == Bits::complemented; ++m) flip_bit(turned_.data(), m);
  for (int byte = 0; byte < bytes_; ++byte) {
    for (int value = 0; value < 256; ++value) {
      Word* row = table_.data() + (std::size_t(byte) * 256 + value) * words_;
      for (int m = 8 * byte; m < std::min(8 * byte + 8, map.modes()); ++m) {
        if ((value >> (m - 8 * byte)) & 1) flip_bit(row, image_[m]);
      }
    }
  }
}

double FastMap::apply(const Word* in, Word* out) const {
  for (int w = 0; w < words_; ++w) out[w] = turned_[w];
  for (int byte = 0; byte < bytes_; ++byte) {
    const std::size_t value = (in[byte >> 3] >> (8 * (byte & 7))) & 0xFF;
    const Word* row = table_.data() + (std::size_t(byte) * 256 + value) * words_;
    for (int w = 0; w < words_; ++w) out[w] ^= row[w];
  }
  double sign = constant_;
  if (has_sign_modes_ && parity(in, sign_modes_.data(), words_)) sign = -sign;
  return statistics_ == Statistics::fermions ? sign * fermion_sign(in) : sign;
}

// (-1)^(pairs of occupied modes whose order the images reverse).
double FastMap::fermion_sign(const Word* in) const {
  std::array<Word, 16> small{};
  std::vector<Word> large(words_ > 16 ? words_ : 0);
  Word* seen = words_ > 16 ? large.data() : small.data();
  int inversions = 0;
  for (int w = 0; w < words_; ++w) {
    for (Word left = in[w]; left != 0; left &= left - 1) {
      const int to = image_[64 * w + std::countr_zero(left)];
      const int word = to >> 6;
      inversions += std::popcount(seen[word] & ~low_bits((to & 63) + 1));
      for (int above = word + 1; above < words_; ++above) inversions += std::popcount(seen[above]);
      flip_bit(seen, to);
    }
  }
  return inversions % 2 == 0 ? 1 : -1;
}

}  // namespace qs
