#include "engine/files/ed_csv.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <bit>
#include <charconv>
#include <cmath>
#include <filesystem>
#include <numeric>

#include "engine/base/error.h"
#include "engine/base/text.h"
#include "engine/files/ed_csv_cells.h"
#include "engine/files/files.h"

namespace qs {
namespace {

constexpr std::size_t kLineLimit = std::size_t{64} << 20;
constexpr std::size_t kSmallestPair = 5;  // "0j" and "1" with their commas: bounds the basis by the length of the line
constexpr double kNormTolerance = 1e-10;
constexpr std::size_t kEigenvalues = 4;
constexpr std::array<std::string_view, 7> kHeader = {
    "delta", "Eigenvalue_0", "Eigenvalue_1", "Eigenvalue_2", "Eigenvalue_3", "GroundStateWaveFunction_real", "bitmask"};

struct Sizes {
  int sites = 0, particles = 0;
  std::optional<double> repulsion;
};

// The number behind `mark` in the file name, which must end at '_', '.' or the end.
template <typename T>
std::optional<T> number_after(std::string_view stem, std::string_view mark) {
  const std::size_t found = stem.find(mark);
  if (found == std::string_view::npos) return std::nullopt;
  const char* first = stem.data() + found + mark.size();
  const char* last = stem.data() + stem.size();
  T value{};
  const auto parsed = std::from_chars(first, last, value);
  if (parsed.ec != std::errc() || (parsed.ptr != last && *parsed.ptr != '_')) return std::nullopt;
  return value;
}

Sizes sizes_from_name(const std::string& name) {
  const std::string stem = std::filesystem::path(name).stem().string();
  const auto sites = number_after<int>(stem, "_Ns");
  const auto particles = number_after<int>(stem, "_Np");
  if (!sites || !particles) {
    throw FileError(fmt::format(
        "{}:1:1: error: the file name does not give the sizes (the content has none); rename it like gsWaveFn_Ns12_Np6_Vnn1.0.csv", name));
  }
  if (*sites < 1 || *sites > 63 || *particles < 0 || *particles > *sites) {
    throw FileError(fmt::format("{}:1:1: error: {} particles on {} sites in the file name (1 to 63 sites, at most one particle per site)", name,
                                *particles, *sites));
  }
  return {*sites, *particles, number_after<double>(stem, "_Vnn")};
}

// C(n, k), or `cap` if it is not smaller. Every partial product is itself a binomial coefficient, so the division is exact.
std::size_t binomial_below(int n, int k, std::size_t cap) {
  k = std::min(k, n - k);
  std::uint64_t value = 1;
  for (int i = 1; i <= k; ++i) {
    value = value * static_cast<std::uint64_t>(n - k + i) / static_cast<std::uint64_t>(i);
    if (value >= cap) return cap;
  }
  return value;
}

// Token s of the file is bit L-1-s of its mask. Reversing the order of the modes multiplies every state of the sector by the same
// fermion sign, (-1)^(n_p (n_p - 1) / 2), so amplitudes are taken over as they are.
Word reverse_bits(Word mask, int sites) {
  Word reversed = 0;
  for (int s = 0; s < sites; ++s) reversed |= ((mask >> (sites - 1 - s)) & 1u) << s;
  return reversed;
}

struct Lines {
  std::string_view header, row;
};

std::string_view take_line(std::string_view& text) {
  const std::size_t end = std::min(text.find('\n'), text.size());
  std::string_view line = text.substr(0, end);
  text.remove_prefix(std::min(end + 1, text.size()));
  if (!line.empty() && line.back() == '\r') line.remove_suffix(1);
  return line;
}

Lines split_lines(std::string_view text, const std::string& name) {
  if (text.empty()) CsvLine(name, 1, text).fail(1, "the file is empty (a header and one row are expected)");
  Lines lines;
  lines.header = take_line(text);
  if (text.empty()) CsvLine(name, 2, text).fail(1, "the row with the state is missing (a header and one row are expected)");
  lines.row = take_line(text);
  if (!text.empty()) CsvLine(name, 3, text).fail(1, "more than one row (one file holds one state); split the file");
  for (const auto& [number, line] : {std::pair{1, lines.header}, std::pair{2, lines.row}}) {
    if (line.size() > kLineLimit) {
      CsvLine(name, static_cast<std::size_t>(number), line)
          .fail(kLineLimit + 1, fmt::format("the line has {} bytes (limit {})", line.size(), kLineLimit));
    }
  }
  return lines;
}

void check_header(CsvLine line) {
  for (const std::string_view expected : kHeader) {
    if (line.at_end()) line.fail(line.end_column(), fmt::format("the header ends before '{}' (7 names are expected)", expected));
    const Cell cell = line.next();
    if (cell.text != expected)
      line.fail(cell.column, fmt::format("header name {} found, '{}' expected (is this a Q-stage file?)", quote(cell.text), expected));
  }
  if (!line.at_end()) line.fail(line.next().column, "more names in the header than the 7 expected (is this a Q-stage file?)");
}

struct MaskCell {
  Word state = 0;  // our encoding
  std::size_t column = 0;
  std::size_t rank = 0;  // position in the file
};

std::vector<MaskCell> read_masks(CsvLine& line, std::size_t count, const Sizes& sizes) {
  std::vector<MaskCell> masks;
  masks.reserve(count);
  for (std::size_t i = 0; i < count; ++i) {
    const Cell cell = line.next();
    const std::uint64_t mask = line.mask(cell);
    if (mask >> sizes.sites != 0) line.fail(cell.column, fmt::format("bitmask {} has bits beyond the {} sites of the file name", mask, sizes.sites));
    if (std::popcount(mask) != sizes.particles) {
      line.fail(cell.column, fmt::format("bitmask {} has {} particles, the file name says {}", mask, std::popcount(mask), sizes.particles));
    }
    masks.push_back({reverse_bits(mask, sizes.sites), cell.column, i});
  }
  std::sort(masks.begin(), masks.end(), [](const MaskCell& a, const MaskCell& b) { return std::pair(a.state, a.rank) < std::pair(b.state, b.rank); });
  for (std::size_t i = 1; i < count; ++i) {
    if (masks[i].state == masks[i - 1].state) {
      line.fail(masks[i].column,
                fmt::format("bitmask {} appears twice (every state of the sector appears once)", reverse_bits(masks[i].state, sizes.sites)));
    }
  }
  return masks;
}

void check_norm(const CsvLine& line, const std::vector<std::complex<double>>& amplitudes, std::size_t column) {
  double norm = 0;
  for (const auto amplitude : amplitudes) norm += std::norm(amplitude);
  if (!(std::abs(norm - 1) <= kNormTolerance)) {
    line.fail(column, fmt::format("the squared norm of the state is {:.12g} (1 within {:g} is expected); the file is incomplete or of another format",
                                  norm, kNormTolerance));
  }
}

// Calls visit(mask) for all masks of `particles` bits in the order of itertools.combinations(range(sites), particles).
template <typename Visit>
void for_each_combination(int sites, int particles, Visit visit) {
  std::vector<int> bits(static_cast<std::size_t>(particles));
  std::iota(bits.begin(), bits.end(), 0);
  while (true) {
    Word mask = 0;
    for (const int bit : bits) mask |= Word{1} << bit;
    visit(mask);
    int i = particles - 1;
    while (i >= 0 && bits[static_cast<std::size_t>(i)] == sites - particles + i) --i;
    if (i < 0) return;
    std::iota(bits.begin() + i, bits.end(), bits[static_cast<std::size_t>(i)] + 1);
  }
}

// As Python prints a complex number; fmt's {} gives the digits of Python's repr.
std::string complex_text(std::complex<double> z) {
  if (z.real() == 0 && !std::signbit(z.real())) return fmt::format("{}j", z.imag());
  return fmt::format("({}{:+}j)", z.real(), z.imag());
}

}  // namespace

EdState parse_ed_csv(const std::string& text, const std::string& name) {
  const Sizes sizes = sizes_from_name(name);
  const Lines lines = split_lines(text, name);
  check_header(CsvLine(name, 1, lines.header));
  CsvLine line(name, 2, lines.row);
  const std::size_t basis_cap = lines.row.size() / kSmallestPair + 2;
  const std::size_t count = binomial_below(sizes.sites, sizes.particles, basis_cap);
  if (line.cell_count() != 2 + 2 * count) {
    const std::string wanted = count == basis_cap ? "more than the line could hold" : fmt::format("{}", 2 + 2 * count);
    line.fail(line.end_column(),
              fmt::format("the row has {} cells, {} are expected for {} particles on {} sites (delta, eigenvalues, amplitudes, bitmasks); the "
                          "file is incomplete or its name is wrong",
                          line.cell_count(), wanted, sizes.particles, sizes.sites));
  }

  EdState state{.sites = sizes.sites, .particles = sizes.particles, .basis = {}, .amplitudes = {}, .repulsion = sizes.repulsion};
  state.delta = line.number(line.next(), "delta");
  const Cell eigenvalue_cell = line.next();
  const std::vector<double> eigenvalues = line.bracketed_numbers(eigenvalue_cell);
  if (eigenvalues.empty() || eigenvalues.size() > kEigenvalues) {
    line.fail(eigenvalue_cell.column, fmt::format("{} eigenvalues found (1 to {} are expected)", eigenvalues.size(), kEigenvalues));
  }
  // Published cells are unsorted, so only the minimum means something.
  state.energy = *std::min_element(eigenvalues.begin(), eigenvalues.end());

  std::vector<std::complex<double>> in_file_order;
  in_file_order.reserve(count);
  std::size_t amplitude_column = 0;
  for (std::size_t i = 0; i < count; ++i) {
    const Cell cell = line.next();
    if (i == 0) amplitude_column = cell.column;
    in_file_order.push_back(line.complex_number(cell));
  }
  for (const MaskCell& mask : read_masks(line, count, sizes)) {
    state.basis.push_back(mask.state);
    state.amplitudes.push_back(in_file_order[mask.rank]);
  }
  check_norm(line, state.amplitudes, amplitude_column);
  return state;
}

EdState read_ed_csv(const std::string& path) { return parse_ed_csv(read_text(path, 2 * kLineLimit), path); }

std::string format_ed_csv(const EdState& state) {
  std::string amplitudes, masks;
  for_each_combination(state.sites, state.particles, [&](Word mask) {
    const Word own = reverse_bits(mask, state.sites);
    const auto found = std::lower_bound(state.basis.begin(), state.basis.end(), own);
    QS_ASSERT(found != state.basis.end() && *found == own);
    amplitudes += ',' + complex_text(state.amplitudes[static_cast<std::size_t>(found - state.basis.begin())]);
    masks += ',' + std::to_string(mask);
  });
  std::string text;
  for (const std::string_view column : kHeader) text.append(text.empty() ? "" : ",").append(column);
  return text + fmt::format("\r\n{},[{}]", state.delta, state.energy) + amplitudes + masks + "\r\n";
}

std::string ed_csv_name(int sites, int particles, double repulsion) {
  const std::string value = fmt::format("{}", repulsion);
  const bool whole = value.find_first_of(".en") == std::string::npos;  // Python writes 1.0 where fmt writes 1
  return fmt::format("gsWaveFn_Ns{}_Np{}_Vnn{}{}.csv", sites, particles, value, whole ? ".0" : "");
}

}  // namespace qs
