// One row of the tables of exact energies: a system and the lowest eigenvalue published or known in closed form for it.
#pragma once

#include <gtest/gtest.h>

#include <map>
#include <ostream>
#include <string>
#include <vector>

#include "engine/comm/communicator.h"
#include "engine/ed/lanczos.h"
#include "hamiltonians/registry.h"

namespace qs::test {

struct EdRecord {
  std::string model;
  std::string lattice;
  std::vector<int> size;
  int up = -1;    // spins up or particles; -1: not conserved
  int down = -1;  // spinful fermions
  std::map<std::string, double> couplings;
  double energy;         // total, in the model's convention
  double digits = 1e-9;  // half a unit of the last printed digit, at least 1e-9
  Boundary boundary = Boundary::periodic;
  Pinning pinning = Pinning::odd;
};

inline std::ostream& operator<<(std::ostream& out, const EdRecord& record) {
  out << record.model;
  for (const int length : record.size) out << " " << length;
  out << (record.boundary == Boundary::open ? " open" : "") << " filling " << record.up;
  if (record.down >= 0) out << "+" << record.down;
  for (const auto& [name, value] : record.couplings) out << " " << name << "=" << value;
  return out;
}

inline SystemOptions system_of(const EdRecord& record) {
  SystemOptions system;
  system.lattice = {record.lattice, record.size, std::vector<Boundary>(record.size.size(), record.boundary)};
  const SectorKind fermions = record.model == "hubbard" ? SectorKind::spinful_fermions : SectorKind::spinless_fermions;
  system.sector.kind = record.model == "hubbard" || record.model == "tv" ? fermions : SectorKind::spin_half;
  system.sector.up = record.up;
  system.sector.down = record.down;
  system.model = record.model;
  system.couplings = record.couplings;
  system.pinning = record.pinning;
  return system;
}

// E_0 to the printed digits, and a residual that proves the digits are this program's own.
inline void expect_record(const EdRecord& record) {
  const ProblemFamily family = build_family(system_of(record));
  const auto comm = self_communicator();

  const EdResult result = diagonalise(family, 0, {}, *comm);

  EXPECT_NEAR(result.energies[0], record.energy, record.digits) << record;
  EXPECT_LE(result.residuals[0], 1e-8) << record;
}

// Names like "heisenberg_12_J2_0x5" must be unique: the position in the table is.
class EdRecords : public ::testing::TestWithParam<EdRecord> {};

}  // namespace qs::test
