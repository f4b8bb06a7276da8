// Inside engine/ed only: the search for the lowest levels, by Lanczos or densely, before energies are measured.
#pragma once

#include <Eigen/Core>
#include <algorithm>
#include <cstdint>
#include <functional>
#include <optional>
#include <vector>

#include "engine/ed/hermitian_operator.h"
#include "engine/ed/lanczos.h"

namespace qs {

template <class Scalar>
Scalar dot(const std::vector<Scalar>& a, const std::vector<Scalar>& b) {  // <a|b>
  using Map = Eigen::Map<const Eigen::Matrix<Scalar, Eigen::Dynamic, 1>>;
  return Map(a.data(), a.size()).dot(Map(b.data(), b.size()));
}

// Ascending energies, and what lies above them.
template <class Scalar>
struct Levels {
  std::vector<double> energies;
  std::vector<std::vector<Scalar>> states;
  std::optional<double> next = {};  // the lowest energy of the states left out
  double residual = 0, error = 0;   // what the solver promises of a state, and of an energy

  std::size_t size() const { return energies.size(); }
  void insert(double energy, std::vector<Scalar> state) {
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
std::int64_t lanczos_bytes(std::int64_t dimension, std::int64_t vectors, std::int64_t kept, std::int64_t amplitude_bytes);

// The `options.states` lowest states and all of the lowest level. NumericalError if Lanczos does not converge, MemoryError if the level does not fit.
template <class Scalar>
Levels<Scalar> lanczos_levels(const HermitianOperator<Scalar>& h, const EdOptions& options, std::int64_t vectors,
                              const std::function<void(std::int64_t)>& progress);
template <class Scalar>
Levels<Scalar> dense_levels(const HermitianOperator<Scalar>& h, int states);

}  // namespace qs
