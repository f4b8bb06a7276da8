// A symmetry as it acts on packed configurations: g|n> = sign(n) |g n>, where occupied modes move to their images, and all bits may then be turned
// over. The sign is the one that reorders fermions, times (-1) for every occupied mode of a set (hops across an antiperiodic seam, the sublattice
// rotation, particle-hole), times a constant.
#pragma once

#include <cstdint>
#include <vector>

#include "hamiltonians/configuration.h"
#include "hamiltonians/normal_form.h"

namespace qs {

enum class Statistics { bosons, fermions };
enum class Bits { kept, complemented };

struct StateMap {
  Statistics statistics = Statistics::bosons;
  std::vector<int> image;        // [modes]: g moves mode m to image[m]
  std::vector<Word> sign_modes;  // [words]: occupied modes that change the sign
  double constant = 1;           // +1 or -1
  Bits bits = Bits::kept;        // complemented: after the modes moved

  int modes() const { return static_cast<int>(image.size()); }
  bool operator==(const StateMap&) const = default;
};

StateMap identity_map(int modes, Statistics statistics);
// First b, then a. b keeps the bits.
StateMap operator*(const StateMap& a, const StateMap& b);

// g O g^-1 of a product of factors: coefficient and factors. A number operator whose bits are turned over becomes c c+.
std::pair<double, Factors> image_of(const StateMap& map, const Factors& factors);

// Tr g over the states of a sector, signs included. Counted by cycles, without enumerating states, unless fermions are turned into holes: then the
// sector must be enumerable.
double trace(const StateMap& map, const Sector& sector);

// The same map with tables of bytes, for many configurations.
class FastMap {
 public:
  explicit FastMap(const StateMap& map);
  // out[words] = g n; returns the sign. `in` and `out` do not overlap.
  double apply(const Word* in, Word* out) const;

 private:
  double fermion_sign(const Word* in) const;

  int words_, bytes_;
  Statistics statistics_;
  double constant_;
  std::vector<int> image_;
  std::vector<Word> sign_modes_, turned_;  // [words]: turned_ is what out is XORed with
  std::vector<Word> table_;                // [bytes][256][words]
  bool has_sign_modes_;
};

}  // namespace qs
