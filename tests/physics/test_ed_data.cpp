// The shipped files are what their README says: checksums hold, and an independent diagonalisation gives the same states.
#include <gtest/gtest.h>

#include <cmath>
#include <sstream>

#include "engine/ed/lanczos.h"
#include "engine/files/ed_csv.h"
#include "engine/files/files.h"
#include "hamiltonians/registry.h"

namespace {

using namespace qs;

const std::string folder = QSTAGE_ED_DATA;

TEST(EdData, HasTheChecksumsItLists) {
  std::istringstream lines(read_text(folder + "/SHA256SUMS", 1 << 16));
  int files = 0;
  for (std::string hash, name; lines >> hash >> name; ++files) EXPECT_EQ(sha256_hex(read_text(folder + "/" + name, 1 << 20)), hash) << name;
  EXPECT_EQ(files, 4);
}

TEST(EdData, HoldsTheGroundStatesOfThePinnedRing) {
  const auto comm = self_communicator();
  for (const auto& [v, name] : {std::pair{0.0, "0.0"}, {1.0, "1.0"}, {2.0, "2.0"}, {4.0, "4.0"}}) {
    SystemOptions system;
    system.lattice = {"chain", {12}, {Boundary::periodic}};
    system.sector = {SectorKind::spinless_fermions, 12, 6, -1};
    system.model = "tv";
    system.couplings = {{"V", v}, {"delta", 0.1}};
    const ProblemFamily family = build_family(system);

    const EdState file = read_ed_csv(folder + "/gsWaveFn_Ns12_Np6_Vnn" + name + ".csv");
    const EdResult exact = diagonalise(family, 0, {}, *comm);

    EXPECT_NEAR(file.energy, exact.energies[0], 1e-10);
    double overlap = 0;
    for (std::size_t i = 0; i < file.basis.size(); ++i)
      overlap += file.amplitudes[i].real() * exact.states[0][family.problems[0].sector.index(file.basis[i])];
    EXPECT_NEAR(std::abs(overlap), 1, 1e-10);
  }
}

}  // namespace
