// ED ground states as published with Q-stage: a two-line CSV. Token s there is bit L-1-s of the mask (most significant bit first);
// we hand out our own encoding (bit s = site s), amplitudes by mask, sorted by packed state.
#pragma once

#include <complex>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "hamiltonians/configuration.h"

namespace qs {

struct EdState {
  int sites = 0, particles = 0;
  double delta = 0;                              // pinning, as written in the file
  double energy = 0;                             // minimum of the eigenvalue cell
  std::vector<Word> basis;                       // ascending
  std::vector<std::complex<double>> amplitudes;  // norm 1 within 1e-10; any global phase
  std::optional<double> repulsion;               // V, from the "_Vnn1.0" of the file name if it is there
};

// `text` is the file's content, `name` its path (sizes come from gsWaveFn_Ns12_Np6_Vnn1.0.csv). FileError "name:line:column: error: ..." on
// malformed data.
EdState parse_ed_csv(const std::string& text, const std::string& name);
EdState read_ed_csv(const std::string& path);
std::string format_ed_csv(const EdState& state);                      // the same format, itertools.combinations order
std::string ed_csv_name(int sites, int particles, double repulsion);  // gsWaveFn_Ns12_Np6_Vnn1.0.csv

}  // namespace qs
