// Inside engine/ed only: the search for the lowest levels, by Lanczos or densely, before energies are measured.
#pragma once

#include <algorithm>
#include <cstdint>
#include <functional>
#include <optional>
#include <vector>

#include "engine/ed/lanczos.h"
#include "engine/ed/sector_operator.h"

namespace qs {

// Ascending energies, and what lies above them.
struct Levels {
  std::vector<double> energies;
  std::vector<std::vector<double>> states;
  std::optional<double> next = {};  // the lowest energy of the states left out
  double residual = 0, error = 0;   // what the solver promises of a state, and of an energy

  std::size_t size() const { return energies.size(); }
  void insert(double energy, std::vector<double> state) {
    const auto place = std::upper_bound(energies.begin(), energies.end(), energy) - energies.begin();
    energies.insert(energies.begin() + place, energy);
    states.insert(states.begin() + place, std::move(state));
  }
  void drop_highest() {
    energies.pop_back();
    states.pop_back();
  }
};

// Energies up to this belong to the level of `lowest`, when energies may be off by `error`.
double top_of_level(double lowest, double error);

// Bytes of a search with so many Krylov vectors that keeps so many states.
std::int64_t lanczos_bytes(std::int64_t dimension, std::int64_t vectors, std::int64_t kept);

// The `options.states` lowest states and all of the lowest level. NumericalError if Lanczos does not converge, MemoryError if the level does not fit.
Levels lanczos_levels(const SectorOperator& h, const EdOptions& options, std::int64_t vectors, const std::function<void(std::int64_t)>& progress);
Levels dense_levels(const SectorOperator& h, int states);

}  // namespace qs
