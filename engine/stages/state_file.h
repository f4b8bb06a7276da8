// Exact states in one HDF5 file, the same for every sector and for any number of problems: an ed stage writes it (`export_hdf5`), and
// pretraining reads it (`targets: {files: [...]}`). The README of this folder shows the layout.
#pragma once

#include <complex>
#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "engine/ed/lanczos.h"
#include "engine/hdf5/data_tree.h"
#include "hamiltonians/configuration.h"
#include "hamiltonians/problem.h"

namespace qs {

// What tells such a file from others: root attributes. Who made it, and for which system (weights_origin.h), is added by the caller.
void store_state_layout(DataTree& tree);
// Adds the lowest `levels` states of problem g, 1 <= levels <= exact.kept_states().
void store_states(DataTree& tree, const ProblemFamily& family, int g, const EdResult& exact, std::int64_t levels);
// Bytes of the arrays that store_states adds for the whole family, `levels` of each problem.
std::int64_t state_file_bytes(const ProblemFamily& family, int levels);

// The ground state of one problem as a file gives it; nothing is known yet of the sector and the Hamiltonian it belongs to.
struct StoredState {
  std::string label;                             // "V = 2"; text of a file: escape it before it is shown
  std::string sector;                            // in words, likewise
  std::map<std::string, double> couplings;       // by name; perhaps none
  double energy = 0;                             // total
  std::int64_t degeneracy = 1;                   // states of its level
  std::vector<Word> basis;                       // [dimension], in any order
  std::vector<std::complex<double>> amplitudes;  // [dimension], norm 1 within 1e-10
};
// The ground states of such a tree, which may come from anywhere. FileError quoting `name` and saying what to do if it has another layout, or
// arrays that are missing, contradict each other or are no state.
std::vector<StoredState> take_states(DataTree tree, const std::string& name);

}  // namespace qs
