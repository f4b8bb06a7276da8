// A random operator on 70 modes and random rows, on a device.
#pragma once

#include <cstdint>
#include <limits>
#include <utility>
#include <vector>

#include "engine/base/random.h"
#include "kernels/api/connected.h"
#include "kernels/api/memory.h"

namespace qs::test {

// Everything that the operations write.
struct ConnectedRecord {
  std::vector<std::int64_t> begin;
  std::vector<std::uint64_t> bits;
  std::vector<std::int32_t> problem, row;
  std::vector<double> element, imaginary;
  std::vector<double> re, im;  // the sums
};

enum class Elements { real, complex };

class RandomOperator {
 public:
  static constexpr std::int64_t rows = 50, groups = 90, exchanges = 60, terms_per_group = 3, terms = (groups - exchanges) * terms_per_group;
  static constexpr int modes = 70, words = 2, problems = 2, couplings = 3;

  explicit RandomOperator(Device device, Elements elements = Elements::real) {
    std::vector<std::uint64_t> flip(groups * words), exchange_string(exchanges * words), mask(terms * words), pattern(terms * words),
        string(terms * words);
    std::vector<std::int32_t> i(exchanges), j(exchanges), exchange_coupling(exchanges), term_coupling(terms);
    std::vector<double> exchange_value(exchanges), value(terms), imaginary(elements == Elements::complex ? terms : 0);
    std::vector<std::int64_t> begin{0};
    for (std::int64_t g = 0; g < exchanges; ++g) {
      const RandomWords draw = words_of(g, 0);
      i[g] = static_cast<std::int32_t>(draw.word[0] % modes);
      j[g] = static_cast<std::int32_t>((i[g] + 1 + draw.word[1] % (modes - 1)) % modes);
      for (const std::int32_t mode : {i[g], j[g]}) flip[g * words + mode / 64] |= std::uint64_t{1} << (mode % 64);
      exchange_coupling[g] = static_cast<std::int32_t>(draw.word[2] % couplings);
      exchange_value[g] = 0.5 + uniform01(draw.word[3], draw.word[0]);
      if (g % 2 == 0) exchange_string[g * words] = std::uint64_t{draw.word[2]} << 20;
    }
    for (std::int64_t g = exchanges; g < groups; ++g) {
      flip[g * words] = std::uint64_t{words_of(g, 0).word[0]} | 1;
      for (std::int64_t t = (g - exchanges) * terms_per_group; t < (g - exchanges + 1) * terms_per_group; ++t) {
        const RandomWords draw = words_of(t, 1);
        mask[t * words] = std::uint64_t{1} << (draw.word[0] % 64);
        mask[t * words + 1] = t % 3 == 0 ? 1 : 0;
        pattern[t * words] = draw.word[1] % 2 == 0 ? mask[t * words] : 0;
        string[t * words] = draw.word[2];
        term_coupling[t] = static_cast<std::int32_t>(t % couplings);
        value[t] = g % 4 == 0 && !imaginary.empty() ? 0 : uniform01(draw.word[3], draw.word[2]) - 0.5;
        if (!imaginary.empty()) imaginary[t] = uniform01(draw.word[0], draw.word[1]) - 0.5;
      }
      // Two terms that cancel in every row: no element, however it is rounded.
      if (g == groups - 1) {
        for (const std::int64_t t : {terms - 3, terms - 2, terms - 1})
          mask[t * words] = mask[t * words + 1] = pattern[t * words] = string[t * words] = 0;
        term_coupling[terms - 3] = term_coupling[terms - 2] = term_coupling[terms - 1] = 0;
        value[terms - 3] = 0.1;
        value[terms - 2] = -0.1;
        value[terms - 1] = 0;
        if (!imaginary.empty()) imaginary[terms - 3] = imaginary[terms - 2] = imaginary[terms - 1] = 0;
      }
      begin.push_back((g - exchanges + 1) * terms_per_group);
    }
    flip_ = buffer_of(device, flip);
    exchange_string_ = buffer_of(device, exchange_string);
    mask_ = buffer_of(device, mask);
    pattern_ = buffer_of(device, pattern);
    string_ = buffer_of(device, string);
    i_ = buffer_of(device, i);
    j_ = buffer_of(device, j);
    exchange_coupling_ = buffer_of(device, exchange_coupling);
    term_coupling_ = buffer_of(device, term_coupling);
    exchange_value_ = buffer_of(device, exchange_value);
    value_ = buffer_of(device, value);
    imaginary_ = buffer_of(device, imaginary);
    group_begin_ = buffer_of(device, begin);
    coupling_ = buffer_of(device, std::vector<double>{0.3, 1.7, -0.2, 0.7, 0, 1});
    fill_rows(device);
  }

  // Log psi of the connected rows is `log_psi(k)`, re and im.
  template <class LogPsi>
  ConnectedRecord run(Device device, const kernels::ConnectedTable& table, const LogPsi& log_psi) {
    Buffer<std::int64_t> begin(device, rows + 1);
    table.count(op(), block(), begin.data());
    ConnectedRecord record;
    record.begin = on_host(begin);
    const auto total = static_cast<std::size_t>(record.begin[rows]);
    Buffer<std::uint64_t> bits(device, total * words);
    Buffer<std::int32_t> problem(device, total), row(device, total);
    Buffer<double> element(device, total), re(device, total), im(device, total), sum_re(device, rows), sum_im(device, rows);
    Buffer<double> imaginary(device, imaginary_.size() > 0 ? total : 0);
    const kernels::ConnectedRows connected{bits.data(), problem.data(), row.data(), element.data(), imaginary.data(), re.data(), im.data()};
    table.fill(op(), block(), begin.data(), connected);
    std::vector<double> host_re(total), host_im(total);
    for (std::size_t k = 0; k < total; ++k) {
      host_re[k] = log_psi(k).first;
      host_im[k] = log_psi(k).second;
    }
    re.upload(host_re.data(), total);
    im.upload(host_im.data(), total);
    const std::vector<double> diagonal(rows, 1.5);
    sum_re.upload(diagonal.data(), rows);
    table.add(block(), begin.data(), record.begin[rows], connected, sum_re.data(), sum_im.data());
    record.bits = on_host(bits);
    record.problem = on_host(problem);
    record.row = on_host(row);
    record.element = on_host(element);
    record.imaginary = on_host(imaginary);
    record.re = on_host(sum_re);
    record.im = on_host(sum_im);
    return record;
  }

  kernels::OperatorTable op() const {
    return {.words = words,
            .couplings = couplings,
            .groups = groups,
            .exchanges = exchanges,
            .coupling = coupling_.data(),
            .flip = flip_.data(),
            .exchange_i = i_.data(),
            .exchange_j = j_.data(),
            .exchange_coupling = exchange_coupling_.data(),
            .exchange_value = exchange_value_.data(),
            .exchange_string = exchange_string_.data(),
            .group_begin = group_begin_.data(),
            .value = value_.data(),
            .imaginary = imaginary_.data(),
            .term_coupling = term_coupling_.data(),
            .mask = mask_.data(),
            .pattern = pattern_.data(),
            .string = string_.data()};
  }
  kernels::RowBlock block() const { return {rows, rows_.data(), problem_.data(), re_.data(), im_.data()}; }

  static RandomWords words_of(std::int64_t step, std::uint32_t stream) {
    return random_words({.seed = 17}, stream, static_cast<std::uint64_t>(step), 0);
  }

 private:
  void fill_rows(Device device) {
    std::vector<std::uint64_t> bits(rows * words);
    std::vector<std::int32_t> problem(rows);
    std::vector<double> re(rows), im(rows);
    for (std::int64_t r = 0; r < rows; ++r) {
      const RandomWords draw = words_of(r, 2);
      bits[r * words] = std::uint64_t{draw.word[0]} << 32 | draw.word[1];
      bits[r * words + 1] = draw.word[2] % 64;
      problem[r] = static_cast<std::int32_t>(r % problems);
      re[r] = r == 7 ? -std::numeric_limits<double>::infinity() : uniform01(draw.word[3], draw.word[0]);
      im[r] = uniform01(draw.word[1], draw.word[3]);
    }
    rows_ = buffer_of(device, bits);
    problem_ = buffer_of(device, problem);
    re_ = buffer_of(device, re);
    im_ = buffer_of(device, im);
  }
  template <class T>
  static std::vector<T> on_host(const Buffer<T>& buffer) {
    std::vector<T> values(buffer.size());
    buffer.download(values.data(), values.size());
    return values;
  }

  Buffer<std::uint64_t> flip_, exchange_string_, mask_, pattern_, string_, rows_;
  Buffer<std::int32_t> i_, j_, exchange_coupling_, term_coupling_, problem_;
  Buffer<double> exchange_value_, value_, imaginary_, coupling_, re_, im_;
  Buffer<std::int64_t> group_begin_;
};

// Numbers of order one; every 16th is a zero of psi.
inline std::pair<double, double> random_log_psi(std::size_t k) {
  const RandomWords draw = RandomOperator::words_of(static_cast<std::int64_t>(k), 3);
  return {k % 16 == 0 ? -std::numeric_limits<double>::infinity() : uniform01(draw.word[0], draw.word[1]), 6 * uniform01(draw.word[2], draw.word[3])};
}

}  // namespace qs::test
