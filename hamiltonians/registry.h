// The table of models (that of observables: observable.h). One row each; parser, help, validation and the contract tests read them.
#pragma once

#include <map>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <vector>

#include "engine/base/options.h"
#include "hamiltonians/lattice.h"
#include "hamiltonians/observable.h"
#include "hamiltonians/operator.h"
#include "hamiltonians/problem.h"
#include "hamiltonians/sector.h"
#include "hamiltonians/sign_rule.h"
#include "hamiltonians/starting_point.h"
#include "hamiltonians/terms_input.h"

namespace qs {

// Site energies eps of the t-V model. odd: +delta on one sublattice (odd sites of a chain, odd x + y of a square, B of a
// honeycomb), 0 on the other; staggered: +delta on the even sublattice, -delta on the odd one, delta (-1)^(x+y).
enum class Pinning { odd, staggered };
enum class SpinNumber { conserved, not_conserved };  // does the model keep Sz (models of spins only)?

enum class CouplingRole { physics, setup };  // setup: prepares the lattice, and networks do not read it unless they are told to

struct CouplingEntry {
  std::string name;
  double default_value;
  std::string doc;
  CouplingRole role = CouplingRole::physics;
};

struct SystemOptions;

struct ModelOptions {
  SignRule sign_rule = SignRule::none;
  Pinning pinning = Pinning::odd;
  std::set<std::string> active;               // couplings that differ from zero in at least one problem: only their terms are built
  SectorKind sector = SectorKind::spin_half;  // of the problems
  TermsInput terms;                           // what the user wrote himself
};

struct ModelEntry {
  std::string kind;
  std::string doc;
  std::string convention;            // "S.S", "Pauli", "t"
  std::optional<SectorKind> sector;  // the kind of degrees of freedom; none: any
  SpinNumber spin_number;
  std::vector<CouplingEntry> couplings;
  Options<ModelOptions> options;
  Operator (*build)(const Lattice&, const ModelOptions&);
  StartingPoint start = {};
  // What prepares the lattice beside couplings of that role: "pinning = odd"; may be left out.
  std::string (*setup)(const SystemOptions&) = nullptr;
  // Refuses what the sector does not allow; may be left out.
  void (*check)(const Lattice&, const SectorOptions&, const ModelOptions&) = nullptr;
};

std::span<const ModelEntry> models();                   // the usual one first
const ModelEntry& find_model(const std::string& kind);  // InputError listing the known kinds

// Everything the input says about a system, already typed. Lists in `varied` make the family.
struct SystemOptions {
  LatticeOptions lattice;
  SectorOptions sector;  // sites is filled from the lattice
  std::string model;
  std::map<std::string, double> couplings;  // missing names take their default
  SignRule sign_rule = SignRule::none;
  Pinning pinning = Pinning::odd;         // t-V only
  TermsInput terms = {};                  // kind terms only
  std::vector<std::string> varied;        // coupling names, or "particles"
  std::vector<std::vector<double>> rows;  // one row of values per problem; empty: a family of one
};
// Throws InputError with a message that names the key (system.sector.particles, ...) but no location; the input layer adds it.
ProblemFamily build_family(const SystemOptions& options);

// The couplings of the model: those of its entry, and those that the user names.
std::vector<CouplingEntry> couplings_of(const SystemOptions& options);
// Of a family that varies `disorder`: the couplings that hold the random numbers of each problem.
std::vector<std::string> disorder_couplings(const SystemOptions& options);

}  // namespace qs
