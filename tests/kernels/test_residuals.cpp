// The residual blocks of an encoder against their formulas in float64, on every device; and the teams of the CUDA kernels: barriers, tiles, what
// they do where a block does not fit.
#include <algorithm>
#include <bit>
#include <cmath>
#include <vector>

#include "kernels/dispatch/residuals.h"
#include "tests/kernels/network_devices.h"

namespace qs::test {
namespace {

using kernels::AttentionShape;
using kernels::AttentionWeights;
using kernels::MixingWeights;
using kernels::MixShape;
using kernels::MlpShape;
using kernels::MlpWeights;

// One token of one row: y = LN(x) and y = x W + b.
using Features = std::vector<double>;
Features normalised(const Features& x, const double* scale, const double* bias) {
  double mean = 0, square = 0;
  for (const double value : x) {
    mean += value / static_cast<double>(x.size());
    square += value * value / static_cast<double>(x.size());
  }
  Features y(x.size());
  for (std::size_t d = 0; d < x.size(); ++d) y[d] = (x[d] - mean) / std::sqrt(square - mean * mean + 1e-6) * scale[d] + bias[d];
  return y;
}
Features projected(const Features& x, const double* kernel, const double* bias, int out) {
  Features y(bias, bias + out);
  for (std::size_t i = 0; i < x.size(); ++i) {
    for (int o = 0; o < out; ++o) y[o] += x[i] * kernel[i * out + o];
  }
  return y;
}
Features token(const LaneArray<double>& x, int t, int b, int width, int rows) {
  Features values(width);
  for (int d = 0; d < width; ++d) values[d] = x[(std::int64_t{t} * width + d) * rows + b];
  return values;
}
void add_token(LaneArray<double>& x, int t, int b, int rows, const Features& values) {
  const int width = static_cast<int>(values.size());
  for (int d = 0; d < width; ++d) x[(std::int64_t{t} * width + d) * rows + b] += values[d];
}

// Weights of the size that makes outputs of size one.
template <class Real>
LaneArray<Real> kernel_array(int in, int out, unsigned seed) {
  auto values = random_array<Real>(std::int64_t{in} * out, seed);
  for (Real& value : values) value *= static_cast<Real>(std::sqrt(3.0 / in));
  return values;
}

template <class Real>
struct MlpCase {
  MlpShape s;
  LaneArray<Real> x, scale, bias, up, up_bias, down, down_bias;

  explicit MlpCase(MlpShape shape)
      : s(shape),
        x(random_array<Real>(std::int64_t{s.tokens} * s.width * s.rows, 1)),
        scale(random_array<Real>(s.width, 2)),
        bias(random_array<Real>(s.width, 3)),
        up(kernel_array<Real>(s.width, s.hidden, 4)),
        up_bias(random_array<Real>(s.hidden, 5)),
        down(kernel_array<Real>(s.hidden, s.width, 6)),
        down_bias(random_array<Real>(s.width, 7)) {}

  MlpWeights<Real> weights() const { return {{scale.data(), bias.data()}, {up.data(), up_bias.data()}, {down.data(), down_bias.data()}}; }
  LaneArray<double> expected() const {
    const auto x0 = widened(x), scale0 = widened(scale), bias0 = widened(bias);
    const auto up0 = widened(up), up_bias0 = widened(up_bias), down0 = widened(down), down_bias0 = widened(down_bias);
    auto result = x0;
    for (int t = 0; t < s.tokens; ++t) {
      for (int b = 0; b < s.rows; ++b) {
        const Features input = normalised(token(x0, t, b, s.width, s.rows), scale0.data(), bias0.data());
        Features hidden = projected(input, up0.data(), up_bias0.data(), s.hidden);
        for (double& h : hidden) h = h / 2 * (1 + std::tanh(std::sqrt(2 / M_PI) * (h + 0.044715 * h * h * h)));
        add_token(result, t, b, s.rows, projected(hidden, down0.data(), down_bias0.data(), s.width));
      }
    }
    return result;
  }
};

template <class Real>
struct MixingCase {
  MixShape s;
  LaneArray<Real> x, scale, bias, value, value_bias, alpha, out, out_bias;
  LaneArray<std::int32_t> index;

  // General mixing, an index of its own for every pair of tokens.
  MixingCase(int tokens, int heads, int head_width, int rows)
      : s{tokens, heads, head_width, rows, tokens * tokens},
        x(random_array<Real>(std::int64_t{tokens} * width() * rows, 1)),
        scale(random_array<Real>(width(), 2)),
        bias(random_array<Real>(width(), 3)),
        value(kernel_array<Real>(width(), width(), 4)),
        value_bias(random_array<Real>(width(), 5)),
        alpha(random_array<Real>(std::int64_t{heads} * s.n_alpha, 6)),
        out(kernel_array<Real>(width(), width(), 7)),
        out_bias(random_array<Real>(width(), 8)),
        index(s.n_alpha) {
    for (int k = 0; k < s.n_alpha; ++k) index[k] = (7 * k + 3) % s.n_alpha;
  }

  int width() const { return s.heads * s.head_width; }
  MixingWeights<Real> weights() const {
    return {{scale.data(), bias.data()}, {value.data(), value_bias.data()}, alpha.data(), index.data(), {out.data(), out_bias.data()}};
  }
  LaneArray<double> expected() const {
    const auto x0 = widened(x), scale0 = widened(scale), bias0 = widened(bias);
    const auto value0 = widened(value), value_bias0 = widened(value_bias), out0 = widened(out), out_bias0 = widened(out_bias);
    auto result = x0;
    for (int b = 0; b < s.rows; ++b) {
      std::vector<Features> values;
      for (int t = 0; t < s.tokens; ++t) {
        const Features input = normalised(token(x0, t, b, width(), s.rows), scale0.data(), bias0.data());
        values.push_back(projected(input, value0.data(), value_bias0.data(), width()));
      }
      for (int p = 0; p < s.tokens; ++p) {
        Features mixed(width(), 0.0);
        for (int q = 0; q < s.tokens; ++q) {
          for (int d = 0; d < width(); ++d)
            mixed[d] += static_cast<double>(alpha[d / s.head_width * s.n_alpha + index[p * s.tokens + q]]) * values[q][d];
        }
        add_token(result, p, b, s.rows, projected(mixed, out0.data(), out_bias0.data(), width()));
      }
    }
    return result;
  }
};

template <class Real>
struct AttentionCase {
  struct Projection {
    LaneArray<Real> kernel, bias;
    Projection(int width, unsigned seed) : kernel(kernel_array<Real>(width, width, seed)), bias(random_array<Real>(width, seed + 1)) {}
    kernels::DenseWeights<Real> weights() const { return {kernel.data(), bias.data()}; }
    Features operator()(const Features& x) const { return projected(x, widened(kernel).data(), widened(bias).data(), static_cast<int>(x.size())); }
  };
  AttentionShape s;
  LaneArray<Real> x, scale, bias;
  Projection query, key, value, out;

  explicit AttentionCase(AttentionShape shape)
      : s(shape),
        x(random_array<Real>(std::int64_t{s.tokens} * width() * s.rows, 1)),
        scale(random_array<Real>(width(), 2)),
        bias(random_array<Real>(width(), 3)),
        query(width(), 4),
        key(width(), 6),
        value(width(), 8),
        out(width(), 10) {}

  int width() const { return s.heads * s.head_width; }
  AttentionWeights<Real> weights() const { return {{scale.data(), bias.data()}, query.weights(), key.weights(), value.weights(), out.weights()}; }
  LaneArray<double> expected() const {
    const auto x0 = widened(x), scale0 = widened(scale), bias0 = widened(bias);
    auto result = x0;
    for (int b = 0; b < s.rows; ++b) {
      std::vector<Features> q, k, v;
      for (int t = 0; t < s.tokens; ++t) {
        const Features input = normalised(token(x0, t, b, width(), s.rows), scale0.data(), bias0.data());
        q.push_back(query(input));
        k.push_back(key(input));
        v.push_back(value(input));
      }
      for (int i = 0; i < s.tokens; ++i) {
        Features mixed(width());
        for (int h = 0; h < s.heads; ++h) attend(q[i], k, v, h * s.head_width, mixed);
        add_token(result, i, b, s.rows, out(mixed));
      }
    }
    return result;
  }

 private:
  void attend(const Features& q, const std::vector<Features>& k, const std::vector<Features>& v, int first, Features& mixed) const {
    double total = 0;
    Features probability;
    for (int j = 0; j < s.tokens; ++j) {
      double score = 0;
      for (int d = first; d < first + s.head_width; ++d) score += q[d] * k[j][d];
      probability.push_back(std::exp(score / std::sqrt(s.head_width)));
      total += probability.back();
    }
    for (int j = 0; j < s.tokens; ++j) {
      for (int d = first; d < first + s.head_width; ++d) mixed[d] += probability[j] / total * v[j][d];
    }
  }
};

double largest(const LaneArray<double>& values) {
  double result = 0;
  for (const double value : values) result = std::max(result, std::abs(value));
  return result;
}

template <class Implementation>
class Residuals : public NetworkTest<Implementation> {
 protected:
  using Number = typename Implementation::Real;
  void run(MlpShape s, const MlpWeights<Number>& weights, LaneArray<Number>& x) const {
    LaneArray<Number> scratch(kernels::mlp_residual_scratch(s), std::numeric_limits<Number>::quiet_NaN());
    if (this->device().mlp_residual != nullptr) {
      this->device().mlp_residual(s, weights, x.data(), scratch.data());
    } else {
      kernels::compose_mlp_residual(this->device(), s, weights, x.data(), scratch.data());
    }
    EXPECT_TRUE(scratch.guards_intact());
  }
  void run(MixShape s, const MixingWeights<Number>& weights, LaneArray<Number>& x) const {
    LaneArray<Number> scratch(kernels::mixing_residual_scratch(s), std::numeric_limits<Number>::quiet_NaN());
    if (this->device().mixing_residual != nullptr) {
      this->device().mixing_residual(s, weights, x.data(), scratch.data());
    } else {
      kernels::compose_mixing_residual(this->device(), s, weights, x.data(), scratch.data());
    }
    EXPECT_TRUE(scratch.guards_intact());
  }
  void run(AttentionShape s, const AttentionWeights<Number>& weights, LaneArray<Number>& x) const {
    LaneArray<Number> scratch(kernels::attention_residual_scratch(s), std::numeric_limits<Number>::quiet_NaN());
    if (this->device().attention_residual != nullptr) {
      this->device().attention_residual(s, weights, x.data(), scratch.data());
    } else {
      kernels::compose_attention_residual(this->device(), s, weights, x.data(), scratch.data());
    }
    EXPECT_TRUE(scratch.guards_intact());
  }
  // Roundings of sums of `terms` terms, whose sizes are at most that of the largest result, magnified where LN divides by a small deviation.
  template <class Case>
  void expect_formula(const Case& problem, int terms) const {
    auto x = problem.x;
    run(problem.s, problem.weights(), x);
    const auto want = problem.expected();
    const double bound = 4 * std::sqrt(terms) * this->eps * largest(want);
    expect_within(
        x, want, [&](std::int64_t) { return bound; }, "x");
  }
};
TYPED_TEST_SUITE(Residuals, AllImplementations, ImplementationName);

// Widths that are no multiple of a tile, several parts of the hidden features, rows that do not fill a team; 144 float64 and 272 float32 features are
// beyond the registers of a team.
TYPED_TEST(Residuals, MlpFollowsItsFormula) {
  for (const MlpShape& s : {MlpShape{3, 60, 240, 32}, MlpShape{2, 12, 20, 80}, MlpShape{1, 80, 320, 48}, MlpShape{2, 7, 65, 16},
                            MlpShape{1, 144, 70, 16}, MlpShape{1, 272, 16, 16}})
    this->expect_formula(MlpCase<typename TypeParam::Real>(s), s.width + s.hidden);
}

// Token numbers that do not fill a stage, widths that are no multiple of a tile; the last two are beyond the memory and the registers of a team.
TYPED_TEST(Residuals, MixingFollowsItsFormula) {
  using Real = typename TypeParam::Real;
  for (const MixingCase<Real>& problem : {MixingCase<Real>(25, 10, 6, 16), MixingCase<Real>(9, 4, 20, 48), MixingCase<Real>(3, 1, 7, 16),
                                          MixingCase<Real>(36, 12, 8, 16), MixingCase<Real>(2, 4, 34, 32)})
    this->expect_formula(problem, 2 * problem.width() + problem.s.tokens);
}

// Head widths that share a tile of features, fill one and take two; a number of heads that leaves a part half empty. In float64 heads wider than 16
// are composed, and so is the last case.
TYPED_TEST(Residuals, AttentionFollowsItsFormula) {
  for (const AttentionShape& s : {AttentionShape{16, 8, 10, 16}, AttentionShape{5, 3, 6, 48}, AttentionShape{9, 2, 16, 16},
                                  AttentionShape{4, 2, 20, 32}, AttentionShape{12, 20, 4, 16}, AttentionShape{2, 4, 36, 16}})
    this->expect_formula(AttentionCase<typename TypeParam::Real>(s), 4 * s.heads * s.head_width);
}

// A configuration gives the same bits wherever it stands in a batch.
TYPED_TEST(Residuals, RowsDoNotSeeEachOther) {
  using Real = typename TypeParam::Real;
  const MlpCase<Real> mlp({2, 60, 240, 96});
  const MixingCase<Real> mixing(5, 10, 6, 96);
  const AttentionCase<Real> attention({5, 3, 10, 96});
  const auto reversed = [](const LaneArray<Real>& x) {
    auto result = x;
    for (std::int64_t first = 0; first < x.size(); first += 96) std::reverse(result.begin() + first, result.begin() + first + 96);
    return result;
  };
  auto x = mlp.x, backwards = reversed(mlp.x);
  this->run(mlp.s, mlp.weights(), x);
  this->run(mlp.s, mlp.weights(), backwards);
  EXPECT_TRUE(same_bits(reversed(x), backwards));

  x = mixing.x, backwards = reversed(mixing.x);
  this->run(mixing.s, mixing.weights(), x);
  this->run(mixing.s, mixing.weights(), backwards);
  EXPECT_TRUE(same_bits(reversed(x), backwards));

  x = attention.x, backwards = reversed(attention.x);
  this->run(attention.s, attention.weights(), x);
  this->run(attention.s, attention.weights(), backwards);
  EXPECT_TRUE(same_bits(reversed(x), backwards));
}

// Threads that leave each barrier at different times write the same bits as one thread alone: no barrier is missing.
template <class Body, class Case>
void expect_enough_barriers(const Case& problem) {
  auto alone = problem.x, together = problem.x;
  run_host_teams<1>(Body{problem.s, problem.weights(), alone.data()});
  run_host_teams<3>(Body{problem.s, problem.weights(), together.data()});
  EXPECT_TRUE(same_bits(alone, together));
}

template <class Real>
void expect_enough_barriers(const AttentionCase<Real>& problem) {
  auto alone = problem.x, together = problem.x;
  LaneArray<Real> mixed(alone.size());
  run_host_teams<1>(kernels::cuda::AttentionResidual<Real>{problem.s, problem.weights(), alone.data(), mixed.data()});
  run_host_teams<3>(kernels::cuda::AttentionResidual<Real>{problem.s, problem.weights(), together.data(), mixed.data()});
  EXPECT_TRUE(same_bits(alone, together));
}

TEST(Teams, MeetWhereTheyMust) {
  for (int round = 0; round < 3; ++round) {
    expect_enough_barriers<kernels::cuda::MlpResidual<float>>(MlpCase<float>({2, 20, 150, 32}));
    expect_enough_barriers<kernels::cuda::MlpResidual<double>>(MlpCase<double>({2, 20, 150, 32}));
    expect_enough_barriers<kernels::cuda::MlpOfTiles<float, 16>>(MlpCase<float>({2, 60, 150, 32}));
    expect_enough_barriers<kernels::cuda::MlpOfTiles<double, 32>>(MlpCase<double>({2, 60, 150, 32}));
    expect_enough_barriers<kernels::cuda::MixingResidual<float>>(MixingCase<float>(18, 5, 4, 16));
    expect_enough_barriers<kernels::cuda::MixingResidual<double>>(MixingCase<double>(10, 5, 4, 16));
    expect_enough_barriers(AttentionCase<float>({18, 5, 6, 16}));
    expect_enough_barriers(AttentionCase<double>({10, 5, 6, 16}));
  }
}

template <class Body>
std::int64_t team_bytes(const Body& body) {
  return body.fits_registers() ? body.memory_values() * std::int64_t{sizeof(typename Body::Value)} : INT64_MAX;
}

// The networks that the kernels are for: on an A100 (163 KiB for a block) the 10x10 ViT and Q-stage of 16 sites; on an H100 the ViT of 434,760
// parameters and Q-stage of 36 sites in float32.
TEST(Teams, HoldTheNetworksTheyAreFor) {
  using namespace kernels::cuda;
  constexpr std::int64_t a100 = 163 * 1024, h100 = host_team_memory;
  EXPECT_LE(team_bytes(MixingResidual<float>{{25, 10, 6, 2048, 25}, {}, nullptr}), a100);
  EXPECT_LE(team_bytes(MixingResidual<double>{{25, 10, 6, 2048, 25}, {}, nullptr}), a100);
  EXPECT_LE(team_bytes(MixingResidual<float>{{25, 12, 6, 2048, 25}, {}, nullptr}), h100);
  EXPECT_LE(team_bytes(MixingResidual<double>{{25, 12, 6, 2048, 25}, {}, nullptr}), h100);
  EXPECT_LE(team_bytes(AttentionResidual<float>{{16, 8, 10, 2048}, {}, nullptr, nullptr}), a100);
  EXPECT_LE(team_bytes(AttentionResidual<double>{{16, 8, 10, 2048}, {}, nullptr, nullptr}), a100);
  EXPECT_LE(team_bytes(AttentionResidual<float>{{36, 8, 10, 2048}, {}, nullptr, nullptr}), h100);
}

// What team.cuh states of float32 products on TF32 cores.
TEST(Teams, SplitProductsKeepTheirStatedError) {
  const auto a = random_array<float>(100000, 1), b = random_array<float>(100000, 2);
  double worst = 0;
  for (std::int64_t k = 0; k < a.size(); ++k) {
    LaneArray<float> column(16 * 8), row(8 * 16), c(16 * 16);
    HostTile<float> tile;
    column[0] = a[k];
    row[0] = b[k];
    tile.clear();
    tile.add_product(column.data(), 16, row.data(), 16);
    tile.store(c.data(), 16);
    const double exact = static_cast<double>(a[k]) * static_cast<double>(b[k]);
    worst = std::max(worst, std::abs(static_cast<double>(c[0]) - exact) / std::abs(exact));
  }
  EXPECT_LE(worst, std::ldexp(1, -21));
}

// Whatever its bits become in the upper part: nothing that is no number may turn into one.
TEST(Teams, KeepWhatIsNoNumber) {
  const std::uint32_t all_bits = 0x7fffffff;  // the NaN that a GPU makes
  for (const float x : {std::bit_cast<float>(all_bits), -std::bit_cast<float>(all_bits), std::nanf(""), HUGE_VALF, -HUGE_VALF}) {
    for (const int at : {0, 5, 77}) {
      LaneArray<float> column(16 * 8), row(8 * 16), c(16 * 16);
      HostTile<float> tile;
      for (float& value : row) value = 1;
      column[at] = x;
      tile.clear();
      tile.add_product(column.data(), 16, row.data(), 16);
      tile.store(c.data(), 16);
      for (int n = 0; n < 16; ++n) EXPECT_FALSE(std::isfinite(c[n * 16 + at % 16])) << x << " " << at;
    }
  }
}

// A score that overflows leaves no number behind, as the composed attention does.
TEST(Teams, KeepScoresThatAreNoNumbers) {
  AttentionCase<float> problem({2, 1, 16, 16});
  for (float& value : problem.query.bias) value = 1e30f;
  for (float& value : problem.key.bias) value = 1e30f;
  LaneArray<float> mixed(problem.x.size());
  run_host_teams<1>(kernels::cuda::AttentionResidual<float>{problem.s, problem.weights(), problem.x.data(), mixed.data()});
  EXPECT_FALSE(std::isfinite(problem.x[0]));
}

}  // namespace
}  // namespace qs::test
