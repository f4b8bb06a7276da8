#include "engine/wavefunctions/patches.h"

#include <functional>
#include <numeric>
#include <string>

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

}  // namespace qs
