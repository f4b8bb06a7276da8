// Chains with random rows, moves on random pairs and random log psi, on a device.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>
#include <vector>

#include "kernels/api/chains.h"
#include "kernels/api/memory.h"

namespace qs::test {

// Everything that propose and accept write.
struct ChainRecord {
  std::vector<std::uint64_t> rows, candidates, step;
  std::vector<std::int32_t> move, flips;
  std::vector<double> re, im, log_ratio;
  std::vector<std::int64_t> counts;
  bool operator==(const ChainRecord&) const = default;
};

class RandomChains {
 public:
  static constexpr std::int64_t count = 300;
  static constexpr int modes = 100, words = 2, problems = 3, moves = 3;
  static constexpr double infinity = std::numeric_limits<double>::infinity();

  explicit RandomChains(Device device)
      : candidate_rows_(device, count * words),
        log_ratio_(device, count),
        candidate_log_psi_(device, 2 * count),
        move_(device, count),
        flips_(device, count),
        counts_(device, count * (2 * moves + 1)) {
    // Pairs (i, j) with j - i below 3 and below 9 on all modes; the last move flips.
    std::vector<std::uint64_t> partners(2 * modes * words);
    for (int k = 0; k < 2; ++k) {
      for (int i = 0; i < modes; ++i) {
        for (int j = i + 1; j < std::min(modes, i + (k == 0 ? 3 : 9)); ++j) {
          partners[(k * modes + i) * words + j / 64] |= std::uint64_t{1} << (j % 64);
          partners[(k * modes + j) * words + i / 64] |= std::uint64_t{1} << (i % 64);
        }
      }
    }
    std::vector<double> log_count;
    for (int n = 0; n < 9 * modes; ++n) log_count.push_back(std::log(static_cast<double>(n)));
    std::vector<std::uint64_t> rows(count * words);
    std::vector<std::int32_t> problem(count);
    std::vector<double> re(count), im(count);
    for (std::int64_t c = 0; c < count; ++c) {
      const RandomWords draw = random_words({.seed = 3}, static_cast<std::uint32_t>(c), 0, 7);
      if (c > 0) {  // nothing moves the empty chain but a flip
        rows[c * words] = std::uint64_t{draw.word[0]} << 32 | draw.word[1];
        rows[c * words + 1] = draw.word[2];
      }
      problem[c] = static_cast<std::int32_t>(c % problems);
      re[c] = uniform01(draw.word[3], draw.word[0]);
      im[c] = 3 * re[c];
    }
    partners_ = buffer_of(device, partners);
    log_count_ = buffer_of(device, log_count);
    std::vector<kernels::MoveTable> tables;
    for (int g = 0; g < problems; ++g) {
      for (int k = 0; k < 2; ++k) {
        tables.push_back({kernels::MoveRule::swap, modes, words, partners_.data() + ((g + k) % 2) * modes * words, log_count_.data()});
      }
      tables.push_back({kernels::MoveRule::flip, modes, words, nullptr, nullptr});
    }
    tables_ = buffer_of(device, tables);
    edges_ = buffer_of(device, std::vector<double>{0.5, 0.75, 1});
    rows_ = buffer_of(device, rows);
    problem_ = buffer_of(device, problem);
    re_ = buffer_of(device, re);
    im_ = buffer_of(device, im);
    step_ = buffer_of(device, std::vector<std::uint64_t>(count, (std::uint64_t{1} << 32) - 2));  // the carry is passed on
  }

  // Log psi of the candidates: numbers of order one, some zeros and some that are none.
  std::vector<double> candidate_values(std::uint64_t trial) const {
    std::vector<double> values(2 * count);
    for (std::int64_t c = 0; c < count; ++c) {
      const RandomWords draw = random_words({.seed = 4}, static_cast<std::uint32_t>(c), trial, 0);
      values[c] = uniform01(draw.word[0], draw.word[1]);
      values[count + c] = uniform01(draw.word[2], draw.word[3]);
      if (draw.word[3] % 16 == 0) values[c] = -infinity;
      if (draw.word[3] % 16 == 1) values[c] = std::numeric_limits<double>::quiet_NaN();
      if (draw.word[3] % 16 == 2) values[count + c] = infinity;
    }
    return values;
  }

  // `proposals` of every chain.
  void advance(const kernels::ChainTable& table, double power, int proposals) {
    constexpr RandomKey key{.seed = 11, .stage = 5};
    for (int trial = 0; trial < proposals; ++trial) {
      table.propose(mixtures(), key, chains(), candidates());
      candidate_log_psi_.upload(candidate_values(static_cast<std::uint64_t>(trial)).data(), 2 * count);
      table.accept(moves, key, power, chains(), candidates());
    }
  }

  ChainRecord record() const {
    return {on_host(rows_), on_host(candidate_rows_), on_host(step_),  on_host(move_), on_host(flips_), on_host(re_),
            on_host(im_),   on_host(log_ratio_),      on_host(counts_)};
  }

 private:
  template <class T>
  static std::vector<T> on_host(const Buffer<T>& buffer) {
    std::vector<T> values(buffer.size());
    buffer.download(values.data(), values.size());
    return values;
  }
  kernels::MoveMixtures mixtures() const { return {moves, tables_.data(), edges_.data()}; }
  kernels::Chains chains() {
    return {.count = count,
            .words = words,
            .stream = 70,
            .rows = rows_.data(),
            .problem = problem_.data(),
            .re = re_.data(),
            .im = im_.data(),
            .step = step_.data(),
            .sweep = 6,
            .proposed = counts_.data(),
            .accepted = counts_.data() + count * moves,
            .invalid = counts_.data() + 2 * count * moves};
  }
  kernels::Candidates candidates() {
    return {.rows = candidate_rows_.data(),
            .re = candidate_log_psi_.data(),
            .im = candidate_log_psi_.data() + count,
            .move = move_.data(),
            .flips = flips_.data(),
            .log_ratio = log_ratio_.data()};
  }

  Buffer<std::uint64_t> partners_, rows_, candidate_rows_, step_;
  Buffer<double> log_count_, edges_, re_, im_, log_ratio_, candidate_log_psi_;
  Buffer<kernels::MoveTable> tables_;
  Buffer<std::int32_t> problem_, move_, flips_;
  Buffer<std::int64_t> counts_;
};

}  // namespace qs::test
