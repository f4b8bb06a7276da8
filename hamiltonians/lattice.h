// Lattices: sites, coordinates, bonds by shell. Site order s = (x * Ly + y) * n_b + b,
// last coordinate fastest. Shell k = k-th distance of the *infinite* lattice; equal pairs within a shell are merged.
#pragma once

#include <array>
#include <string>
#include <utility>
#include <vector>

namespace qs {

enum class LatticeKind { chain, square, triangular, honeycomb, kagome };
enum class Boundary { open, periodic, antiperiodic };  // antiperiodic: hopping across the seam times -1 (fermions only)

struct LatticeOptions {
  LatticeKind kind = LatticeKind::chain;
  std::vector<int> size;           // cells per axis: 1 entry for chain, 2 otherwise
  std::vector<Boundary> boundary;  // one per axis
};

struct Bond {
  int i = 0, j = 0;   // i < j
  int seam_sign = 1;  // -1 iff the bond crosses an odd number of antiperiodic seams
  bool operator==(const Bond&) const = default;
};

// A wave vector of the finite lattice: q = kx b_1 / Lx + ky b_2 / Ly.
struct Momentum {
  std::array<int, 2> k;     // ky = 0 on a chain
  std::array<double, 2> q;  // Cartesian, per unit of length
  std::string label;        // "1,0", on a chain "1"
};

class Lattice {
 public:
  // Throws InputError: size < 1, wrong number of axes, self bonds arise only in bonds().
  explicit Lattice(LatticeOptions options);

  const LatticeOptions& options() const { return options_; }
  int sites() const { return sites_; }
  int basis() const { return basis_; }  // sites per cell
  int axes() const { return static_cast<int>(options_.size.size()); }
  std::array<double, 2> position(int site) const;  // Cartesian, in lengths of the primitive vectors
  std::array<double, 2> primitive(int axis) const;
  std::array<double, 2> reciprocal(int axis) const;  // a_i . b_j = 2 pi delta_ij
  std::vector<Momentum> momenta() const;             // 0 <= k < L, the last component fastest
  std::array<int, 3> cell_of(int site) const;        // (x, y, b); y = 0 on a chain
  int site_at(int x, int y, int b) const;            // no wrapping

  // Bonds of shell k >= 1, sorted, i < j, merged. Throws InputError if a bond joins a site to itself ((2,0) on L = 2).
  std::vector<Bond> bonds(int shell) const;
  // Two-colouring of the graph of the given bonds by breadth-first search: 0/1 per site; empty if not bipartite.
  static std::vector<int> two_colouring(int sites, const std::vector<Bond>& bonds);
  // Hop distance (number of edges; -1 = unreachable) between all pairs over the union of the given shells: [N, N].
  std::vector<int> graph_distance(const std::vector<int>& shells) const;
  // Human warnings, e.g. a pair that sits in two shells.
  std::vector<std::string> warnings(int shells) const;
  std::string describe() const;  // "square 4x4, periodic"

 private:
  LatticeOptions options_;
  int sites_ = 0;
  int basis_ = 1;
};

}  // namespace qs
