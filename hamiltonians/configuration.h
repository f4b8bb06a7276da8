// Packed basis states. Bit s of a row = mode s (spins: site s up; fermions: mode s occupied; spinful: mode = spin * N + site, spin 0 = down).
#pragma once

#include <bit>
#include <cstdint>
#include <span>
#include <vector>

namespace qs {

using Word = std::uint64_t;

constexpr int words_for(int modes) { return (modes + 63) / 64; }
inline bool test_bit(const Word* row, int mode) { return (row[mode >> 6] >> (mode & 63)) & 1u; }
inline Word low_bits(int count) { return count >= 64 ? ~Word{0} : (Word{1} << count) - 1; }
inline void flip_bit(Word* row, int mode) { row[mode >> 6] ^= Word{1} << (mode & 63); }

// B packed configurations, `words` words each, and the problem (index into ProblemFamily::problems) every row belongs to.
struct ConfigurationBatch {
  int modes = 0;
  int words = 0;
  std::vector<Word> bits;             // [B, words]
  std::vector<std::int32_t> problem;  // [B]

  ConfigurationBatch() = default;
  ConfigurationBatch(int modes_, std::int64_t rows) : modes(modes_), words(words_for(modes_)), bits(rows * words_for(modes_)), problem(rows) {}

  std::int64_t rows() const { return static_cast<std::int64_t>(problem.size()); }
  Word* row(std::int64_t i) { return bits.data() + i * words; }
  const Word* row(std::int64_t i) const { return bits.data() + i * words; }
  void resize(std::int64_t rows) {
    bits.resize(rows * words);
    problem.resize(rows);
  }
  void push_back(const Word* source, std::int32_t problem_id) {
    bits.insert(bits.end(), source, source + words);
    problem.push_back(problem_id);
  }
};

}  // namespace qs
