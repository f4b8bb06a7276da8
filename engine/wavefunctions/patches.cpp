#include "engine/wavefunctions/patches.h"

#include <algorithm>
#include <functional>
#include <numeric>
#include <string>
#include <utility>

#include "engine/base/error.h"

namespace qs {
namespace {

std::string list(const std::vector<int>& values) {
  std::string text = "[";
  for (std::size_t k = 0; k < values.size(); ++k) text += (k ? ", " : "") + std::to_string(values[k]);
  return text + "]";
}

int product(const std::vector<int>& values) { return std::accumulate(values.begin(), values.end(), 1, std::multiplies<>()); }

// Digits of a mixed-radix number, last axis fastest.
std::vector<int> digits(int value, const std::vector<int>& size) {
  std::vector<int> digit(size.size());
  for (std::size_t a = size.size(); a-- > 0; value /= size[a]) digit[a] = value % size[a];
  return digit;
}

int number(const std::vector<int>& digit, const std::vector<int>& size) {
  int value = 0;
  for (std::size_t a = 0; a < size.size(); ++a) value = value * size[a] + digit[a];
  return value;
}

// The cell that lies from `to` as `to` lies from `from`, seen from the origin: to - from on the periodic grid.
int displacement(int from, int to, const std::vector<int>& grid) {
  const std::vector<int> start = digits(from, grid);
  std::vector<int> step = digits(to, grid);
  for (std::size_t a = 0; a < step.size(); ++a) step[a] = (step[a] - start[a] + grid[a]) % grid[a];
  return number(step, grid);
}

void check_tiling(const std::vector<int>& patch, const std::vector<int>& lattice) {
  if (patch.size() != lattice.size()) {
    throw InputError("wavefunction.patch " + list(patch) + " has " + std::to_string(patch.size()) + " numbers, lattice " + list(lattice) + " has " +
                     std::to_string(lattice.size()) + " axes (one number of cells per axis)");
  }
  for (std::size_t a = 0; a < patch.size(); ++a) {
    if (patch[a] < 1 || lattice[a] % patch[a] != 0) {
      throw InputError("wavefunction.patch " + list(patch) + " does not divide lattice " + list(lattice) +
                       " (tokens must tile it); choose a divisor of the lattice along every axis");
    }
  }
}

void require_axes(const NetworkInput& input, const std::string& what) {
  if (!input.lattice_size.empty()) return;
  throw InputError(what +
                   " counts cells along the axes of the lattice (a tilted torus and a graph have none that close on themselves); use a "
                   "lattice with a size, or wavefunction.kind qstage with attention: softmax, or rbm");
}

bool is_torus(const NetworkInput& input) {
  return !input.translations.empty() &&
         std::none_of(input.translations.begin(), input.translations.end(), [](const auto& axis) { return axis.empty(); });
}

// Where a step along an axis takes a mode: both spins of a site move with it.
int moved(int mode, const std::vector<std::int32_t>& step) {
  const int sites = static_cast<int>(step.size());
  return mode / sites * sites + step[mode % sites];
}

}  // namespace

Patches make_patches(const NetworkInput& input, const std::vector<int>& patch) {
  require_axes(input, "wavefunction.patch");
  check_tiling(patch, input.lattice_size);
  QS_ASSERT(input.sites == product(input.lattice_size) * input.basis && input.modes % input.sites == 0);
  std::vector<int> grid(patch.size());
  for (std::size_t a = 0; a < patch.size(); ++a) grid[a] = input.lattice_size[a] / patch[a];
  const int cells = product(patch);
  const int spins = input.modes / input.sites;

  Patches result;
  result.tokens = product(grid);
  result.entries = spins * cells * input.basis;
  for (int p = 0; p < result.tokens; ++p) {
    const std::vector<int> corner = digits(p, grid);
    for (int k = 0; k < result.entries; ++k) {
      const int basis = k % input.basis;
      const int spin = k / (input.basis * cells);
      std::vector<int> cell = digits(k / input.basis % cells, patch);
      for (std::size_t a = 0; a < cell.size(); ++a) cell[a] += corner[a] * patch[a];
      result.modes.push_back(spin * input.sites + number(cell, input.lattice_size) * input.basis + basis);
    }
  }
  for (int p = 0; p < result.tokens; ++p) {
    for (int q = 0; q < result.tokens; ++q) result.displacement.push_back(displacement(p, q, grid));
  }
  return result;
}

ModeDisplacements mode_displacements(const NetworkInput& input) {
  if (input.lattice_size.empty() && is_torus(input)) return translation_classes(input);
  require_axes(input, "wavefunction.attention factored");
  const int sites = input.sites, basis = input.basis;
  const int spins = input.modes / sites;
  // Modes are numbered (spin, cell, site of the cell), the last fastest.
  const int species = spins * basis;
  const auto species_of = [&](int mode) { return mode / sites * basis + mode % basis; };
  const auto cell_of = [&](int mode) { return mode % sites / basis; };
  ModeDisplacements result{sites / basis * species * species, {}};
  for (int p = 0; p < input.modes; ++p) {
    for (int q = 0; q < input.modes; ++q) {
      const int step = displacement(cell_of(p), cell_of(q), input.lattice_size);
      result.index.push_back((step * species + species_of(p)) * species + species_of(q));
    }
  }
  return result;
}

ModeDisplacements translation_classes(const NetworkInput& input) {
  const int modes = input.modes;
  ModeDisplacements result{0, std::vector<std::int32_t>(static_cast<std::size_t>(modes) * modes, -1)};
  std::vector<std::pair<int, int>> reached;
  const auto reach = [&](int p, int q) {
    std::int32_t& number = result.index[static_cast<std::size_t>(p) * modes + q];
    if (number >= 0) return;
    number = result.count;
    reached.emplace_back(p, q);
  };
  for (int first = 0; first < modes * modes; ++first) {
    if (result.index[first] >= 0) continue;
    // Steps forward alone reach all: on a torus they come back.
    for (reach(first / modes, first % modes); !reached.empty();) {
      const auto [p, q] = reached.back();
      reached.pop_back();
      for (const auto& step : input.translations) {
        if (!step.empty()) reach(moved(p, step), moved(q, step));
      }
    }
    ++result.count;
  }
  return result;
}

// Steps are counted from -side / 2, of which the image is found by walking on: translations are permutations.
Neighbourhood neighbourhood(const NetworkInput& input, int side) {
  QS_ASSERT(is_torus(input) && side % 2 == 1);
  Neighbourhood result{input.sites / input.basis, 1, {}};
  std::vector<std::vector<int>> around(result.cells);
  for (int c = 0; c < result.cells; ++c) around[c] = {c};
  for (const auto& translation : input.translations) {
    std::vector<int> next(result.cells), previous(result.cells);
    for (int c = 0; c < result.cells; ++c) {
      next[c] = translation[c * input.basis] / input.basis;
      previous[next[c]] = c;
    }
    for (std::vector<int>& cells : around) {
      std::vector<int> wider;
      for (int cell : cells) {
        for (int k = 0; k < side / 2; ++k) cell = previous[cell];
        for (int k = 0; k < side; ++k, cell = next[cell]) wider.push_back(cell);
      }
      cells = std::move(wider);
    }
    result.offsets *= side;
  }
  for (const std::vector<int>& cells : around) result.index.insert(result.index.end(), cells.begin(), cells.end());
  return result;
}

void require_torus(const NetworkInput& input, const std::string& what) {
  if (is_torus(input)) return;
  throw InputError(what +
                   " treats all cells alike, as on a torus, but the lattice has ends or is a graph; use periodic boundaries, or wavefunction.kind "
                   "qstage with attention: softmax, rbm or jastrow");
}

}  // namespace qs
