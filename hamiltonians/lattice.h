// Lattices: sites, coordinates, bonds by shell or by name. A lattice is either cells that repeat on a finite torus, in one to three
// dimensions, or a graph of sites. Site order s = cell number * n_b + b; on an untilted torus the last coordinate of the cell is fastest.
// Shell k = k-th distance of the *infinite* lattice (graph: k-th list of bonds); equal pairs within a shell are merged.
#pragma once

#include <array>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "hamiltonians/site_graph.h"
#include "hamiltonians/torus.h"
#include "hamiltonians/unit_cell.h"

namespace qs {

enum class Boundary { open, periodic, antiperiodic };  // antiperiodic: hopping across the seam times -1 (fermions only)

struct LatticeOptions {
  std::string kind = "chain";           // a row of lattice_kinds() (lattice_kinds.h)
  std::vector<int> size = {};           // cells per axis
  std::vector<Boundary> boundary = {};  // one per axis (beside a torus: per periodicity vector); empty: the default of the kind
  std::vector<CellVector> torus = {};   // instead of size: periodicity vectors in units of the primitive vectors, one per axis
  UnitCell cell = {};                   // of kind cell
  SiteGraph graph = {};                 // of kind graph
};

struct Bond {
  int i = 0, j = 0;      // i < j
  int seam_sign = 1;     // -1 iff the bond crosses an odd number of antiperiodic seams
  CellVector winding{};  // how often each periodicity vector is crossed on the way from i to j; of merged images the one with the fewest crossings
  // Axes along which images with different windings are merged (periods of 2).
  std::array<bool, 3> merged{};
  bool operator==(const Bond&) const = default;
};

// A place in the infinite lattice: the site it stands for, and how often each periodicity vector was crossed on the way there.
struct Image {
  int site = 0;
  CellVector winding{};
  bool operator==(const Image&) const = default;
};

// A wave vector of the finite lattice: q = sum_a turns_a b_a.
struct Momentum {
  CellVector k;       // 0 <= k_a < of_a; 0 beyond the last axis
  CellVector of;      // untilted the size; 1 beyond the last axis
  Vector3 turns;      // k_a / of_a, and what the seams add: of the phase, from cell to cell along each axis
  Vector3 q;          // Cartesian, per unit of length
  std::string label;  // "1,0", on a chain "1"; on a tilted torus the number of the wave vector
};

class Lattice {
 public:
  // Throws InputError: what the kind does not take, size < 1, wrong number of axes; self bonds arise only in bonds().
  explicit Lattice(LatticeOptions options);

  const LatticeOptions& options() const { return options_; }  // boundaries filled in; either size or, if tilted, torus
  int sites() const { return sites_; }
  std::string describe() const;  // "square 4x4, periodic", "square [3 1; -1 3], periodic", "graph of 6 sites"

  // Cells. On a graph, everything that needs them throws an InputError.
  bool has_cells() const { return cell_.axes() > 0; }
  bool is_tilted() const { return !options_.torus.empty(); }
  int axes() const { return cell_.axes(); }                      // 0 on a graph
  int basis() const { return has_cells() ? cell_.sites() : 1; }  // sites per cell
  const UnitCell& cell() const { return cell_; }
  CellVector cell_vector(int site) const;  // of the cell that the site stands in
  int basis_site(int site) const;
  // The basis site `basis` of any cell of the infinite lattice; nothing beyond an open end.
  std::optional<Image> image_at(const CellVector& cell, int basis) const;
  // The same for the cell that lies `step` away from the one of `site`.
  std::optional<Image> image(int site, const CellVector& step, int basis) const;
  // image[site] of all sites moved by `step`; empty where a site would leave through an open end, and on a graph.
  std::vector<int> translation(const CellVector& step) const;

  // Coordinates, in the unit of the primitive vectors.
  bool has_positions() const { return has_cells() || !options_.graph.positions.empty(); }
  Vector3 position(int site) const;
  Vector3 fractional(int site) const;  // along the primitive vectors, basis offset included
  Vector3 primitive(int axis) const;
  Vector3 reciprocal(int axis) const;  // a_i . b_j = 2 pi delta_ij
  // One per cell; untilted: the last component fastest. Of waves that pick up `angles` (radians) along each periodicity vector.
  std::vector<Momentum> momenta(const std::array<double, 3>& angles = {}) const;

  // Bonds of shell k >= 1, sorted, i < j, merged. Throws InputError if a bond joins a site to itself ((2,0) on L = 2).
  std::vector<Bond> bonds(int shell) const;
  // The same for bonds that have a name ("leg" and "rung" of a ladder, the lists of a graph). Throws InputError listing the names.
  std::vector<Bond> bonds(const std::string& name) const;
  std::vector<std::string> bond_names() const;
  // Two-colouring of the graph of the given bonds by breadth-first search: 0/1 per site; empty if not bipartite.
  static std::vector<int> two_colouring(int sites, const std::vector<Bond>& bonds);
  // The two-colouring of shell 1 of the *infinite* lattice, 0 on the first site; empty if there is none. Rings of odd length have one.
  std::vector<int> sublattices() const;
  // Hop distance (number of edges; -1 = unreachable) between all pairs over the union of the given shells: [N, N].
  std::vector<int> graph_distance(const std::vector<int>& shells) const;
  // Human warnings, e.g. a pair that sits in two shells.
  std::vector<std::string> warnings(int shells) const;

 private:
  void take_torus();
  Vector3 added_turns(const std::array<double, 3>& angles) const;
  void require_cells(const char* what) const;

  LatticeOptions options_;
  UnitCell cell_;  // no primitive vectors: a graph
  std::vector<Vector3> reciprocal_;
  Torus torus_{{{1, 0, 0}}};
  int sites_ = 0;
};

}  // namespace qs
