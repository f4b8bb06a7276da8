#include "engine/files/ed_csv.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <bit>
#include <cstdlib>

#include "engine/base/error.h"
#include "engine/files/files.h"
#include "tests/engine/files/scratch.h"
#include "tests/engine/files/small_csv.h"

namespace qs {
namespace {

using test::kSmallName;
using test::small_csv;

std::string reference_folder() {
  const char* folder = std::getenv("QSTAGE_SHARED");
  return std::string(folder == nullptr ? "../shared" : folder) + "/reference/qstage/ED_data";
}

struct Reference {
  const char* repulsion;
  double value, energy;
};
// Exact energies of the 12-site ring with 6 particles, printed with 8 digits in the files.
constexpr Reference kReferences[] = {{"0.0", 0, -7.21866803}, {"1.0", 1, -5.64826446}, {"2.0", 2, -4.38034751}, {"4.0", 4, -2.73471479}};

std::string reference_file(const Reference& reference) {
  return fmt::format("{}/gsWaveFn_Ns12_Np6_Vnn{}.csv", reference_folder(), reference.repulsion);
}

// <phi| H |phi> / <phi|phi> of H = -t sum (c+_i c_j + h.c.) + V sum n_i n_j + delta sum_odd n_i on a ring, written for this test
// alone from the matrix elements: a hop along the chain has no sign, the hop over the seam has (-1)^(n_p - 1).
double ring_energy(const EdState& state, double t, double repulsion, double delta) {
  const int sites = state.sites;
  const double seam = state.particles % 2 == 0 ? -1 : 1;
  std::complex<double> sum = 0;
  for (std::size_t k = 0; k < state.basis.size(); ++k) {
    const Word ket = state.basis[k];
    double diagonal = 0;
    for (int i = 0; i < sites; ++i) {
      const int j = (i + 1) % sites;
      const bool here = (ket >> i) & 1u, there = (ket >> j) & 1u;
      diagonal += repulsion * (here && there) + (i % 2 == 1 ? delta * here : 0);
      if (here == there) continue;
      const Word bra = ket ^ (Word{1} << i) ^ (Word{1} << j);
      const auto row = static_cast<std::size_t>(std::lower_bound(state.basis.begin(), state.basis.end(), bra) - state.basis.begin());
      sum += std::conj(state.amplitudes[row]) * (-t * (j == 0 ? seam : 1)) * state.amplitudes[k];
    }
    sum += diagonal * std::norm(state.amplitudes[k]);
  }
  return sum.real();
}

TEST(EdCsv, ReadsTheHandWrittenState) {
  const EdState state = parse_ed_csv(small_csv(), kSmallName);

  EXPECT_EQ(state.sites, 3);
  EXPECT_EQ(state.particles, 1);
  EXPECT_EQ(state.delta, 0.1);
  EXPECT_EQ(state.energy, -2.5);  // the minimum, not the first
  EXPECT_EQ(state.repulsion, 1.5);
  // Mask 1 has its bit at the end of three sites: token 2, and so our state 4.
  EXPECT_EQ(state.basis, (std::vector<Word>{1, 2, 4}));
  using C = std::complex<double>;
  EXPECT_EQ(state.amplitudes, (std::vector<C>{C(0, -0.48), C(0.6, 0), C(0.64, 0)}));
}

TEST(EdCsv, AcceptsEitherLineEndAndAMissingLastOne) {
  const EdState expected = parse_ed_csv(small_csv(), kSmallName);
  std::string windows;
  for (const char c : small_csv()) windows += c == '\n' ? "\r\n" : std::string(1, c);

  EXPECT_EQ(parse_ed_csv(windows, kSmallName).amplitudes, expected.amplitudes);
  EXPECT_EQ(parse_ed_csv(small_csv().substr(0, small_csv().size() - 1), kSmallName).basis, expected.basis);
}

TEST(EdCsv, PairsAmplitudesWithMasksWhateverTheirOrder) {
  const EdState expected = parse_ed_csv(small_csv(), kSmallName);

  const EdState permuted = parse_ed_csv(test::csv_with("0.1,[-2.5 1],(0.6+0j),-0.48j,(0.64+0j),2,4,1"), kSmallName);

  EXPECT_EQ(permuted.basis, expected.basis);
  EXPECT_EQ(permuted.amplitudes, expected.amplitudes);
}

TEST(EdCsv, ReadsEmptyAndFullSectors) {
  const EdState empty = parse_ed_csv(test::csv_with("0,[0],(1+0j),0"), "x_Ns5_Np0.csv");
  const EdState full = parse_ed_csv(test::csv_with("0,[ 2. ],(0-1j),31"), "x_Ns5_Np5_Vnn4.csv");

  EXPECT_EQ(empty.basis, (std::vector<Word>{0}));
  EXPECT_FALSE(empty.repulsion.has_value());
  EXPECT_EQ(full.basis, (std::vector<Word>{31}));
  EXPECT_EQ(full.energy, 2);
}

TEST(EdCsv, ReadsThePublishedStatesAsTheirHamiltoniansGroundStates) {
  if (!std::filesystem::exists(reference_folder())) GTEST_SKIP() << "reference data absent: " << reference_folder();
  for (const Reference& reference : kReferences) {
    const EdState state = read_ed_csv(reference_file(reference));

    EXPECT_EQ(state.basis.size(), 924u);
    EXPECT_TRUE(std::is_sorted(state.basis.begin(), state.basis.end()));
    EXPECT_EQ(state.delta, 0.1);
    EXPECT_EQ(state.repulsion, reference.value);
    EXPECT_EQ(state.energy, reference.energy);
    // Printed to 8 digits, half a unit of the last one, plus what the diagonalisation left. The pinned sublattice is the odd
    // one: read without reversing the bits it would be the even one, whose energy expectation is off by far more.
    EXPECT_NEAR(ring_energy(state, 1.0, reference.value, 0.1), reference.energy, 6e-9);
  }
}

TEST(EdCsv, WritesThePublishedFilesBackByteForByte) {
  if (!std::filesystem::exists(reference_folder())) GTEST_SKIP() << "reference data absent: " << reference_folder();
  for (const Reference& reference : kReferences) {
    const std::string published = read_text(reference_file(reference), 1 << 20);

    const std::string written = format_ed_csv(read_ed_csv(reference_file(reference)));

    // All but the eigenvalue cell, of which only the minimum is kept.
    const auto parts = [](const std::string& text) { return std::pair(text.substr(0, text.find('[')), text.substr(text.find(']'))); };
    EXPECT_EQ(parts(written).first, parts(published).first);
    EXPECT_TRUE(parts(written).second == parts(published).second) << reference.repulsion;
    EXPECT_NE(written.find(fmt::format("[{}]", reference.energy)), std::string::npos);
  }
}

TEST(EdCsv, ReturnsWhatItWroteBitForBit) {
  EdState state{.sites = 6, .particles = 2, .delta = -0.3, .energy = -1.0 / 3, .basis = {}, .amplitudes = {}, .repulsion = 2.5};
  double norm = 0;
  for (Word word = 0; word < 64; ++word) {
    if (std::popcount(word) != 2) continue;
    state.basis.push_back(word);
    state.amplitudes.emplace_back(1.0 / (1 + static_cast<double>(word)), word % 3 == 0 ? -0.0 : -1e-7 * static_cast<double>(word));
    norm += std::norm(state.amplitudes.back());
  }
  for (auto& amplitude : state.amplitudes) amplitude /= std::sqrt(norm);

  const EdState back = parse_ed_csv(format_ed_csv(state), ed_csv_name(6, 2, 2.5));

  EXPECT_EQ(back.basis, state.basis);
  EXPECT_EQ(back.amplitudes, state.amplitudes);
  EXPECT_EQ(back.energy, state.energy);
  EXPECT_EQ(back.delta, state.delta);
  EXPECT_EQ(back.repulsion, state.repulsion);
}

TEST(EdCsv, OrdersMasksAsItertoolsCombinations) {
  EdState state{.sites = 4, .particles = 2, .basis = {3, 5, 6, 9, 10, 12}, .amplitudes = {{1, 0}, 0, 0, 0, 0, 0}, .repulsion = {}};

  const std::string text = format_ed_csv(state);

  // itertools.combinations(range(4), 2): 01, 02, 03, 12, 13, 23; our state 3 (sites 0, 1) is mask 12 = bits 3, 2, the last.
  EXPECT_NE(text.find(",3,5,9,6,10,12\r\n"), std::string::npos) << text;
  EXPECT_NE(text.find("0j,0j,0j,0j,0j,(1+0j),3"), std::string::npos) << text;
}

TEST(EdCsv, NamesFilesAsPublished) {
  EXPECT_EQ(ed_csv_name(12, 6, 1), "gsWaveFn_Ns12_Np6_Vnn1.0.csv");
  EXPECT_EQ(ed_csv_name(16, 8, 2.25), "gsWaveFn_Ns16_Np8_Vnn2.25.csv");
}

}  // namespace
}  // namespace qs
