// What the fused kernels share. Their bodies are run by teams: threads that meet at barriers, own some memory in common, and multiply tiles by warps.
// A body is a struct whose operator()(team) does the work of one team; a Team offers
//   index(), thread(), threads           which team this is, which of its threads, how many there are
//   warp(), warps                        the same of the warps, to which tiles are dealt
//   memory()                             what the team shares: 64-byte aligned, of the size that is given where teams are started
//   sync()                               a barrier: what was written before it can be read after it
//   Accumulator<Real>                    a tile of a product in the registers of a warp: clear, add_product, store
// On the device a team is a thread block (team.cuh); the tests run teams on the host (tests/kernels/host_team.h).
#pragma once

#include <cstdint>

#include "kernels/api/network.h"
#include "kernels/cuda/bodies/layer_norm.h"
#include "kernels/cuda/bodies/tile_lanes.h"
#include "kernels/cuda/host_device.h"

namespace qs::kernels::cuda {

// Features are padded with zeros to a multiple of this, which either tile's n and k divide.
inline constexpr int feature_multiple = 16;
QS_HOST_DEVICE constexpr int padded_features(int width) { return (width + feature_multiple - 1) / feature_multiple * feature_multiple; }

// Skews the rows of a matrix in shared memory over its banks.
template <class Real>
inline constexpr int skew = 32 / static_cast<int>(sizeof(Real));

// A product has at most this many tiles: the accumulators of eight warps hold as many without spilling.
inline constexpr int most_team_tiles = 64;

// Tokens that pass together through a stage of one tile of rows.
template <class Real>
inline constexpr int stage_tokens = sizeof(Real) == sizeof(float) ? 8 : 4;

// body(k) for 0 <= k < n, dealt to the threads of the team.
template <class Team, class Body>
QS_TEAM void team_each(const Team& team, int n, const Body& body) {
  for (int k = team.thread(); k < n; k += Team::threads) body(k);
}

// Tokens [first_token, first_token + tokens) and rows [first_row, first_row + rows) of an activation [T][width][batch] in the team's memory:
// [tokens][padded][ld], zeros where the activation ends.
template <class Real>
struct Stage {
  Real* values;
  int tokens, width, rows, ld;

  QS_HOST_DEVICE int padded() const { return padded_features(width); }
  QS_HOST_DEVICE int size() const { return tokens * padded() * rows; }
  QS_HOST_DEVICE Real* token(int t) const { return values + t * padded() * ld; }
};

// Where element k of a stage lies in the activation, and whether it does.
template <class Real>
struct StageElement {
  int t, d, r;
  std::int64_t offset;
  bool inside;

  QS_HOST_DEVICE StageElement(const Stage<Real>& stage, int k, int first_token, int first_row, int all_tokens, int batch)
      : t(k / stage.rows / stage.padded()), d(k / stage.rows % stage.padded()), r(k % stage.rows) {
    inside = first_token + t < all_tokens && d < stage.width && first_row + r < batch;
    offset = at(first_token + t, d, first_row + r, stage.width, batch);
  }
};

// Which part of which activation a stage holds.
template <class Real>
struct StagePlace {
  Real* x;
  int all_tokens, batch, first_token, first_row;

  QS_HOST_DEVICE StageElement<Real> element(const Stage<Real>& stage, int k) const { return {stage, k, first_token, first_row, all_tokens, batch}; }
};

template <class Real, class Team>
QS_TEAM void team_load(const Team& team, const StagePlace<Real>& place, const Stage<Real>& stage) {
  team_each(team, stage.size(), [=](int k) {
    const StageElement<Real> e = place.element(stage, k);
    stage.token(e.t)[e.d * stage.ld + e.r] = e.inside ? place.x[e.offset] : Real(0);
  });
}

// x += stage + bias[d]
template <class Real, class Team>
QS_TEAM void team_add(const Team& team, const Stage<Real>& stage, const Real* bias, const StagePlace<Real>& place) {
  team_each(team, stage.size(), [=](int k) {
    const StageElement<Real> e = place.element(stage, k);
    if (e.inside) place.x[e.offset] += stage.token(e.t)[e.d * stage.ld + e.r] + bias[e.d];
  });
}

// The stage becomes its layer_norm (kernels/api/network.h); the padding stays zero. statistics: 2 * tokens * rows values. Ends with a barrier.
template <class Real, class Team>
QS_TEAM void team_layer_norm(const Team& team, const Stage<Real>& stage, LayerNormWeights<Real> norm, Real* statistics) {
  Real* means = statistics;
  Real* rstds = statistics + stage.tokens * stage.rows;
  team_each(team, stage.tokens * stage.rows, [=](int k) {
    const Real* x = stage.token(k / stage.rows) + k % stage.rows;
    Real sum = 0, squares = 0;
    for (int d = 0; d < stage.width; ++d) {
      sum += x[d * stage.ld];
      squares += x[d * stage.ld] * x[d * stage.ld];
    }
    means[k] = sum / stage.width;
    rstds[k] = reciprocal_deviation(means[k], squares / stage.width);
  });
  team.sync();
  team_each(team, stage.size(), [=](int k) {
    const int r = k % stage.rows, d = k / stage.rows % stage.padded(), t = k / stage.rows / stage.padded();
    if (d >= stage.width) return;
    Real& value = stage.token(t)[d * stage.ld + r];
    value = (value - means[t * stage.rows + r]) * rstds[t * stage.rows + r] * norm.scale[d] + norm.bias[d];
  });
  team.sync();
}

// Part of a weight matrix [in][out]: rows from first_row and columns from first_column on, zeros beyond its end.
template <class Real>
struct WeightPart {
  const Real* kernel;
  int in, out, first_row, first_column, rows, columns;
};
// Of a square matrix everything, padded.
template <class Real>
QS_HOST_DEVICE WeightPart<Real> whole_square(const Real* kernel, int width) {
  return {kernel, width, width, 0, 0, padded_features(width), padded_features(width)};
}
// target [rows][ld] = part
template <class Real, class Team>
QS_TEAM void team_load(const Team& team, const WeightPart<Real>& part, Real* target, int ld) {
  team_each(team, part.rows * part.columns, [=](int k) {
    const int row = k / part.columns, column = k % part.columns;
    const int i = part.first_row + row, o = part.first_column + column;
    target[row * ld + column] = i < part.in && o < part.out ? part.kernel[static_cast<std::int64_t>(i) * part.out + o] : Real(0);
  });
}

// c += A W over `features` features: A with rows innermost, one feature every lda values, W with one every ldw.
template <class Real, class Accumulator>
QS_TEAM void add_tile_product(Accumulator& c, const Real* a, int lda, const Real* w, int ldw, int features) {
  QS_UNROLL_BY_FOUR
  for (int i = 0; i < features; i += TileShape<Real>::k) c.add_product(a + i * lda, lda, w + i * ldw, ldw);
}

// One tile of A W, stored at c with rows innermost and one feature every ldc values.
template <class Team, class Real>
QS_TEAM void store_tile_product(const Real* a, int lda, const Real* w, int ldw, int features, Real* c, int ldc) {
  typename Team::template Accumulator<Real> product;
  product.clear();
  add_tile_product<Real>(product, a, lda, w, ldw, features);
  product.store(c, ldc);
}

// stage = stage W for its tokens of one tile of rows, W [padded][ldw]: every warp keeps its results until all have read what they overwrite.
template <class Real, class Team>
QS_TEAM void team_project_in_place(const Team& team, const Stage<Real>& stage, const Real* w, int ldw) {
  constexpr int kept = (most_team_tiles + Team::warps - 1) / Team::warps, n = TileShape<Real>::n;
  const int tiles_per_token = stage.padded() / n, tiles = stage.tokens * tiles_per_token;
  typename Team::template Accumulator<Real> product[kept];
  QS_UNROLL
  for (int j = 0; j < kept; ++j) {
    const int tile = team.warp() + j * Team::warps;
    if (tile >= tiles) break;
    product[j].clear();
    add_tile_product<Real>(product[j], stage.token(tile / tiles_per_token), stage.ld, w + tile % tiles_per_token * n, ldw, stage.padded());
  }
  team.sync();
  QS_UNROLL
  for (int j = 0; j < kept; ++j) {
    const int tile = team.warp() + j * Team::warps;
    if (tile >= tiles) break;
    product[j].store(stage.token(tile / tiles_per_token) + tile % tiles_per_token * n * stage.ld, stage.ld);
  }
}

}  // namespace qs::kernels::cuda
