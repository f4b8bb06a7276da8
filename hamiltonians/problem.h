// A Problem is lattice + sector + operator + coupling values; a family is the list of problems one network serves.
#pragma once

#include <array>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "hamiltonians/lattice.h"
#include "hamiltonians/operator.h"
#include "hamiltonians/sector.h"
#include "hamiltonians/term_table.h"

namespace qs {

class SymmetrySector;  // hamiltonians/symmetry

struct Problem {
  Sector sector;
  std::map<std::string, double> named;     // the model's couplings as the input names them, defaults filled in
  std::vector<double> couplings;           // values for Operator::couplings, same order (products such as J*Delta evaluated)
  std::string label;                       // "V = 2" or "particles = 5, V = 2": what varies in the family; "" for a family of one
  double infinite_temperature_energy = 0;  // E_inf of the V-score
};

// The numbers that a term with a random field has in front of its expression, its coupling not included.
struct RandomNumbers {
  int term = 0;                             // position in the list of terms
  std::string name, coupling;               // of the term
  std::vector<std::vector<int>> sites;      // [places][sites of a place]
  std::vector<std::vector<double>> values;  // [problems][places]
};

// The irrep of the symmetry group that is meant, of all problems alike; null: all states of their sectors.
struct FamilySymmetry {
  std::shared_ptr<const SymmetrySector> sector;   // on which psi is projected
  std::shared_ptr<const SymmetrySector> one_row;  // with each of its levels once, for exact states: the same if the irrep has one dimension
};

struct ProblemFamily {
  Lattice lattice;
  Operator hamiltonian;
  TermTable table;
  std::vector<Problem> problems;
  std::vector<std::string> varied;                 // names of the columns that vary, e.g. {"V"} or {"particles", "V"}
  std::vector<std::vector<double>> varied_values;  // [problems][varied]
  std::array<double, 3> twist = {};                // of the boundary (TermOptions::twist)
  std::vector<RandomNumbers> random = {};          // one per term with a random field
  FamilySymmetry symmetry = {};

  int size() const { return static_cast<int>(problems.size()); }
  int modes() const { return hamiltonian.modes; }
  // The different sectors of the problems, in words: "6 particles on 12 sites; 5 particles on 12 sites".
  std::string describe_sectors() const;
  // Value of a named coupling of problem g; "N" (or "particles") gives sector.particles(). InputError for an unknown name.
  double feature(int g, const std::string& name) const;
};

// E_inf = Tr O / dim, with the trace over the sector for fermions and, as the V-score (Wu et al., arXiv 2302.04919) defines it for
// spins, over the full spin space even if Sz is fixed: 0 for Heisenberg, XXZ and TFIM.
double infinite_temperature_energy(const Operator& op, const Sector& sector, const std::vector<double>& couplings);

}  // namespace qs
