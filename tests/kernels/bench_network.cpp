// Speed of the network primitives on one core, beside the multiply-add peak measured on the same core a moment earlier.
// Counters: GFLOP/s (2 per multiply-add, the primitive's mathematical count) and the share of that peak. QSTAGE_ISA chooses the instruction set.
#include <benchmark/benchmark.h>

#include <cstdint>
#include <ctime>
#include <random>
#include <vector>

#include "kernels/api/network.h"
#include "kernels/api/peak.h"
#include "tests/kernels/lane_array.h"

namespace {

using qs::Device;
using qs::kernels::DenseShape;
using qs::kernels::Write;
using qs::test::LaneArray;
using qs::test::random_array;

// Operations per second of processor time over about 2 ms.
template <class Real>
double measure_peak() {
  qs::kernels::multiply_adds<Real>(20000);  // warm up: wide registers start at half speed
  const std::clock_t start = std::clock();
  const double flops = qs::kernels::multiply_adds<Real>(1000000);
  return flops * CLOCKS_PER_SEC / static_cast<double>(std::clock() - start);
}

// The peak moves with the load of the sibling hyper-thread and with the clock, so it is taken before and after each benchmark.
template <class Real>
class Report {
 public:
  explicit Report(double flops) : flops_(flops), before_(measure_peak<Real>()) {}
  void finish(benchmark::State& state) const {
    const double peak = (before_ + measure_peak<Real>()) / 2;
    const double total = flops_ * static_cast<double>(state.iterations());
    state.counters["GFLOP/s"] = benchmark::Counter(total * 1e-9, benchmark::Counter::kIsRate);
    state.counters["of_peak"] = benchmark::Counter(total / peak, benchmark::Counter::kIsRate);
    state.counters["peak"] = peak * 1e-9;
  }

 private:
  double flops_, before_;
};

DenseShape shape_of(const benchmark::State& state) {
  return {static_cast<int>(state.range(0)), static_cast<int>(state.range(1)), static_cast<int>(state.range(2)), static_cast<int>(state.range(3))};
}
double flops_of(DenseShape s) { return 2.0 * s.tokens * s.in * s.out * s.rows; }

template <class Real>
void dense(benchmark::State& state) {
  const DenseShape s = shape_of(state);
  const auto x = random_array<Real>(s.tokens * s.in * s.rows, 1), w = random_array<Real>(s.in * s.out, 2), bias = random_array<Real>(s.out, 3);
  LaneArray<Real> y(s.tokens * s.out * s.rows);
  const Report<Real> report(flops_of(s));
  for (auto _ : state) qs::kernels::network<Real>(Device::cpu).dense(s, x.data(), w.data(), bias.data(), y.data(), Write::overwrite);
  report.finish(state);
}

template <class Real>
void weight_gradient_sum(benchmark::State& state) {
  const DenseShape s = shape_of(state);
  const auto x = random_array<Real>(s.tokens * s.in * s.rows, 1), dy = random_array<Real>(s.tokens * s.out * s.rows, 2);
  std::vector<Real> dw(s.in * s.out), db(s.out);
  const Report<Real> report(flops_of(s));
  for (auto _ : state)
    qs::kernels::network<Real>(Device::cpu).dense_weight_gradient(s, x.data(), dy.data(), {dw.data(), 0, s.rows}, {db.data(), 0, s.rows});
  report.finish(state);
}

template <class Real>
void weight_gradient_rows(benchmark::State& state) {
  const DenseShape s = shape_of(state);
  const auto x = random_array<Real>(s.tokens * s.in * s.rows, 1), dy = random_array<Real>(s.tokens * s.out * s.rows, 2);
  const std::int64_t stride = s.in * s.out + s.out;
  std::vector<Real> rows(stride * s.rows);
  const Report<Real> report(flops_of(s));
  for (auto _ : state) {
    qs::kernels::network<Real>(Device::cpu)
        .dense_weight_gradient(s, x.data(), dy.data(), {rows.data() + s.out, stride, s.rows}, {rows.data(), stride, s.rows});
  }
  report.finish(state);
}

template <class Real>
void mix_tokens(benchmark::State& state) {
  const int T = 25, heads = 10, e = 6, rows = static_cast<int>(state.range(0));
  const auto v = random_array<Real>(T * heads * e * rows, 1), alpha = random_array<Real>(heads * T, 2);
  LaneArray<Real> y(T * heads * e * rows);
  std::vector<std::int32_t> index(T * T);
  for (int p = 0; p < T; ++p) {
    for (int q = 0; q < T; ++q) index[p * T + q] = (q - p + T) % T;
  }
  const Report<Real> report(2.0 * T * T * heads * e * rows);
  for (auto _ : state) qs::kernels::network<Real>(Device::cpu).mix_tokens({T, heads, e, rows, T}, v.data(), alpha.data(), index.data(), y.data());
  report.finish(state);
}

template <class Real>
void attention(benchmark::State& state) {
  const int T = 16, heads = 10, e = 8, rows = static_cast<int>(state.range(0));
  const auto q = random_array<Real>(T * heads * e * rows, 1), k = random_array<Real>(T * heads * e * rows, 2);
  LaneArray<Real> p(heads * T * T * rows), y(T * heads * e * rows);
  const Report<Real> report(4.0 * T * T * heads * e * rows);
  for (auto _ : state) qs::kernels::network<Real>(Device::cpu).attention({T, heads, e, rows}, q.data(), k.data(), k.data(), p.data(), y.data());
  report.finish(state);
}

template <class Real>
void layer_norm(benchmark::State& state) {
  const int T = 25, width = 60, rows = static_cast<int>(state.range(0));
  const auto x = random_array<Real>(T * width * rows, 1), scale = random_array<Real>(width, 2);
  LaneArray<Real> y(T * width * rows), normalised(T * width * rows), rstd(T * rows);
  for (auto _ : state) {
    qs::kernels::network<Real>(Device::cpu)
        .layer_norm(T, width, rows, x.data(), scale.data(), scale.data(), y.data(), normalised.data(), rstd.data());
  }
  state.SetItemsProcessed(state.iterations() * T * width * rows);
}

template <class Real>
void gelu(benchmark::State& state) {
  const std::int64_t n = 25 * 240 * state.range(0);
  const auto x = random_array<Real>(n, 1);
  LaneArray<Real> y(n);
  for (auto _ : state) qs::kernels::network<Real>(Device::cpu).gelu(n, x.data(), y.data());
  state.SetItemsProcessed(state.iterations() * n);
}

template <class Real>
void log_cosh(benchmark::State& state) {
  const int width = 60, rows = static_cast<int>(state.range(0));
  const auto re = random_array<Real>(width * rows, 1), im = random_array<Real>(width * rows, 2);
  LaneArray<double> re_out(rows), im_out(rows);
  for (auto _ : state) {
    qs::kernels::network<Real>(Device::cpu).log_cosh_sum(width, rows, re.data(), im.data(), re_out.data(), im_out.data(), Write::overwrite);
  }
  state.SetItemsProcessed(state.iterations() * width * rows);
}

// The products of the reference ViT (25 tokens), of small ViTs and of the Q-stage network (12 to 16 tokens), and its heads (one token).
void shapes(benchmark::internal::Benchmark* b) {
  b->ArgNames({"T", "in", "out", "B"});
  for (const int rows : {16, 64}) {
    for (const std::vector<std::int64_t>& s : {std::vector<std::int64_t>{25, 60, 240},
                                               {25, 240, 60},
                                               {25, 60, 60},
                                               {9, 32, 128},
                                               {12, 80, 80},
                                               {16, 80, 80},
                                               {1, 1360, 240},
                                               {1, 60, 60}}) {
      b->Args({s[0], s[1], s[2], rows});
    }
  }
}
void batches(benchmark::internal::Benchmark* b) { b->ArgName("B")->Arg(16)->Arg(64); }

BENCHMARK(dense<float>)->Apply(shapes);
BENCHMARK(dense<double>)->Apply(shapes);
BENCHMARK(weight_gradient_sum<float>)->Apply(shapes);
BENCHMARK(weight_gradient_sum<double>)->Apply(shapes);
BENCHMARK(weight_gradient_rows<float>)->Apply(shapes);
BENCHMARK(weight_gradient_rows<double>)->Apply(shapes);
BENCHMARK(mix_tokens<float>)->Apply(batches);
BENCHMARK(mix_tokens<double>)->Apply(batches);
BENCHMARK(attention<float>)->Apply(batches);
BENCHMARK(attention<double>)->Apply(batches);
BENCHMARK(layer_norm<float>)->Apply(batches);
BENCHMARK(layer_norm<double>)->Apply(batches);
BENCHMARK(gelu<float>)->Apply(batches);
BENCHMARK(gelu<double>)->Apply(batches);
BENCHMARK(log_cosh<float>)->Apply(batches);
BENCHMARK(log_cosh<double>)->Apply(batches);

}  // namespace

int main(int argc, char** argv) {
  benchmark::AddCustomContext("instruction_set", qs::cpu_instruction_set());
  benchmark::Initialize(&argc, argv);
  if (benchmark::ReportUnrecognizedArguments(argc, argv)) return 1;
  benchmark::RunSpecifiedBenchmarks();
  return 0;
}
