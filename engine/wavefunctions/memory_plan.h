// Where the values of a chunk lie, planned as the layers of a network are built: so many values for each row, in either pass.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>

namespace qs {

// evaluate: only log psi is wanted, layers use one memory in turn. differentiate: every intermediate value is kept.
enum class Pass { evaluate, differentiate };

// kept: a place of its own. turn: overwritten by the layers whose turn comes later. none: not there in this pass.
enum class Region { none, kept, turn };

// A piece of a chunk's memory.
struct Slot {
  struct Place {
    Region region = Region::none;
    std::size_t offset = 0;  // values per row from the beginning of the region
  };
  std::array<Place, 2> places;  // by pass

  const Place& in(Pass pass) const { return places[static_cast<std::size_t>(pass)]; }
  // What comes after the first `values` of each row.
  Slot after(std::size_t values) const {
    Slot rest = *this;
    for (Place& place : rest.places) place.offset += values;
    return rest;
  }
};

class MemoryPlan {
 public:
  // What was taken of the region `turn` is free again.
  void next_turn() { turn_ = {}; }
  Slot take(std::size_t values, Region evaluating, Region differentiating) {
    return {{take(0, values, evaluating), take(1, values, differentiating)}};
  }

  // Values per row.
  std::size_t kept(Pass pass) const { return kept_[static_cast<std::size_t>(pass)]; }
  std::size_t all(Pass pass) const { return kept(pass) + longest_turn_[static_cast<std::size_t>(pass)]; }

 private:
  Slot::Place take(std::size_t pass, std::size_t values, Region region) {
    if (region == Region::none) return {};
    std::size_t& used = region == Region::kept ? kept_[pass] : turn_[pass];
    const Slot::Place place{region, used};
    used += values;
    longest_turn_[pass] = std::max(longest_turn_[pass], turn_[pass]);
    return place;
  }

  std::array<std::size_t, 2> kept_{}, turn_{}, longest_turn_{};  // by pass
};

}  // namespace qs
