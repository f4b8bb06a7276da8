// What is measured: lists of labelled Hermitian operators, by name (the catalogue of observables/) or written out by the user.
#pragma once

#include <array>
#include <map>
#include <span>
#include <string>
#include <vector>

#include "hamiltonians/lattice.h"
#include "hamiltonians/operator.h"
#include "hamiltonians/sector.h"
#include "hamiltonians/sign_rule.h"
#include "hamiltonians/terms.h"

namespace qs {

struct NamedOperator {
  std::string label;  // "0-3" for a pair, "1,0" for a wave vector in units of 2 pi / L, "0" for a site
  Operator op;        // its couplings are "1", those of the Hamiltonian, and the labels of ObservableEntry::means
};

// What its operators run over: numbers with labels, all sites j, Lattice::momenta(), and those of waves that pick up the seam's angles.
enum class ObservableAxis { none, site, momentum, particle_momentum };
enum class ObservableUnit { number, energy };

// What the operators of an observable may depend on.
struct ObservableInput {
  const Lattice& lattice;
  const Sector& sector;
  // Of the Hamiltonian: exchange parts must be rotated with it, or they would be measured in the wrong basis.
  SignRule sign_rule = SignRule::none;
  const Operator* hamiltonian = nullptr;
  std::array<double, 3> twist = {};  // of the boundary (TermOptions::twist)
};
// What c (of spins S-) picks up along each periodicity vector, in radians: the twist, and pi more for fermions where the axis is antiperiodic.
std::array<double, 3> seam_angles(const Lattice& lattice, SectorKind kind, const std::array<double, 3>& twist);

// One row of the catalogue. It stands in the file that implements it.
struct ObservableEntry {
  std::string name;
  std::string doc;
  ObservableAxis axis = ObservableAxis::none;
  std::vector<SectorKind> sectors;
  std::vector<NamedOperator> (*build)(const ObservableInput&);  // InputError for a lattice or sector on which it has no meaning
  // Operators whose mean values are measured first, and are then couplings of the others. (A - <A>)(B - <B>) has the mean <A B> - <A><B>, and its
  // fluctuations are those of that difference to first order, so that the error of a connected correlation needs nothing else.
  std::vector<NamedOperator> (*means)(const ObservableInput&) = nullptr;
  ObservableUnit unit = ObservableUnit::number;
};

std::span<const ObservableEntry> observables();
const ObservableEntry& find_observable(const std::string& name);  // InputError listing the known names

// An observable that the user writes, by the same terms as a Hamiltonian of kind terms.
struct OwnObservable {
  std::string name;
  std::vector<TermSpec> terms;
  TermOptions options;  // bond sets, twist and sign rule of the Hamiltonian
};

// An observable of one system, ready to be measured.
struct Observable {
  std::string name, doc;
  ObservableUnit unit = ObservableUnit::number;
  std::vector<NamedOperator> means, operators;
};
Observable make_observable(const ObservableEntry& entry, const ObservableInput& input);
// Its only operator has the label of its name. TermError for terms that are not Hermitian, that leave the sector, or that name a coupling not in
// `couplings` (those of the problems).
Observable make_observable(const OwnObservable& own, const Lattice& lattice, const Sector& sector, const std::map<std::string, double>& couplings);

}  // namespace qs
