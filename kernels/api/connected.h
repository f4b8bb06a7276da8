// Connected configurations where the device computes: of every row sigma of a block, all sigma' = sigma ^ flip with <sigma|O|sigma'> != 0, in the
// order of the operator's groups. Count, fill, (by a network) log psi of sigma', sum. Pointers lead into the memory of the device
// (kernels/api/memory.h).
#pragma once

#include <cstdint>

#include "engine/base/host_device.h"
#include "kernels/api/device.h"
#include "kernels/api/moves.h"
#include "kernels/api/rounding.h"

namespace qs::kernels {

// The off-diagonal part of an operator. Group g flips flip[g]. The first `exchanges` groups have one element, value coupling [bit i != bit j]
// (-1)^popcount(sigma & string); the element of another one is the sum of value coupling (-1)^popcount(sigma & string) over its terms with
// (sigma & mask) == pattern.
struct OperatorTable {
  int words;
  int couplings;  // of a problem
  std::int64_t groups, exchanges;
  const double* coupling;     // [problems][couplings]
  const std::uint64_t* flip;  // [groups][words]
  const std::int32_t *exchange_i, *exchange_j, *exchange_coupling;
  const double* exchange_value;
  const std::uint64_t* exchange_string;  // [exchanges][words]
  const std::int64_t* group_begin;       // [groups - exchanges + 1]: first term
  const double* value;
  const double* imaginary;  // of value; nullptr if the operator is real
  const std::int32_t* term_coupling;
  const std::uint64_t *mask, *pattern, *string;  // [terms][words]
};

// Rows with log psi = re + i im; a row with psi = 0 (re = -infinity) has no connected ones, for its ratios have no value.
struct RowBlock {
  std::int64_t count;
  const std::uint64_t* bits;    // [count][words]
  const std::int32_t* problem;  // [count]
  const double *re, *im;        // [count]
};

struct ConnectedRows {
  std::uint64_t* bits;    // [.][words]
  std::int32_t* problem;  // of the row it is connected to
  std::int32_t* row;      // which row of the block that is
  double* element;        // <sigma|O|sigma'>, its real part
  double* imaginary;      // its imaginary part; nullptr if the operator is real
  double *re, *im;        // log psi of it
};

struct ConnectedTable {
  // begin[i]: how many connected rows the rows before i have; begin[count]: all.
  void (*count)(OperatorTable op, RowBlock rows, std::int64_t* begin);
  // Those of row i at begin[i], ...: bits, problem, row, element.
  void (*fill)(OperatorTable op, RowBlock rows, const std::int64_t* begin, ConnectedRows out);
  // re[i] + i im[i] += sum of element psi(sigma') / psi(sigma), one after the other; psi(sigma') = 0 adds nothing. Overwrites connected.re and im.
  // total = begin[count].
  void (*add)(RowBlock rows, const std::int64_t* begin, std::int64_t total, ConnectedRows connected, double* re, double* im);
};

const ConnectedTable& connected(Device device);

QS_HOST_DEVICE inline bool odd_overlap(const std::uint64_t* row, const std::uint64_t* string, int words) {
  std::uint64_t folded = 0;  // parity(a) xor parity(b) = parity(a xor b)
  for (int w = 0; w < words; ++w) folded ^= row[w] & string[w];
  return count_bits(folded) & 1;
}

QS_HOST_DEVICE inline bool matches(const std::uint64_t* row, const std::uint64_t* mask, const std::uint64_t* pattern, int words) {
  std::uint64_t difference = 0;
  for (int w = 0; w < words; ++w) difference |= (row[w] & mask[w]) ^ pattern[w];
  return difference == 0;
}

// The sum over the terms of a group that has more than one, with `value` as their values.
QS_HOST_DEVICE inline double sum_of_terms(const OperatorTable& op, const double* value, const double* coupling, const std::uint64_t* row,
                                          std::int64_t group) {
  double element = 0;
  const std::int64_t* begin = op.group_begin + (group - op.exchanges);
  for (std::int64_t t = begin[0]; t < begin[1]; ++t) {
    if (!matches(row, op.mask + t * op.words, op.pattern + t * op.words, op.words)) continue;
    const double term = rounded_product(value[t], coupling[op.term_coupling[t]]);
    element += odd_overlap(row, op.string + t * op.words, op.words) ? -term : term;
  }
  return element;
}

// <sigma|O|sigma ^ flip[group]> with the couplings of sigma's problem, its real part.
QS_HOST_DEVICE inline double matrix_element(const OperatorTable& op, const double* coupling, const std::uint64_t* row, std::int64_t group) {
  if (group < op.exchanges) {
    const std::int32_t i = op.exchange_i[group], j = op.exchange_j[group];
    if ((((row[i / 64] >> (i % 64)) ^ (row[j / 64] >> (j % 64))) & 1) == 0) return 0;
    const double element = op.exchange_value[group] * coupling[op.exchange_coupling[group]];
    return odd_overlap(row, op.exchange_string + group * op.words, op.words) ? -element : element;
  }
  return sum_of_terms(op, op.value, coupling, row, group);
}

// Its imaginary part, 0 if the operator is real.
QS_HOST_DEVICE inline double imaginary_element(const OperatorTable& op, const double* coupling, const std::uint64_t* row, std::int64_t group) {
  return op.imaginary == nullptr || group < op.exchanges ? 0.0 : sum_of_terms(op, op.imaginary, coupling, row, group);
}

}  // namespace qs::kernels
