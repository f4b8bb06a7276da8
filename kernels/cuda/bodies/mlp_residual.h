// x += down(gelu(up(layer_norm(x)))) in one kernel. A team takes one token of a few rows: the hidden features pass through its memory in parts, and
// the result grows in the accumulators of its warps.
#pragma once

#include "kernels/cuda/bodies/functions.h"
#include "kernels/cuda/bodies/team.h"

namespace qs::kernels::cuda {

// most_tiles: of the result, in the registers of the team. Few of them leave registers for more teams on a multiprocessor.
template <class Real, int most_tiles>
struct MlpOfTiles {
  MlpShape s;
  MlpWeights<Real> w;
  Real* x;

  using Value = Real;
  using Tile = TileShape<Real>;
  static constexpr int teams_at_once = most_tiles <= 16 ? 3 : 2;
  static constexpr int row_tiles = 4;
  static constexpr int rows = row_tiles * Tile::m;
  static constexpr int ld = rows + skew<Real>;
  static constexpr int part = 64;  // hidden features at a time

  QS_HOST_DEVICE int width() const { return padded_features(s.width); }
  QS_HOST_DEVICE int tiles(int features) const { return row_tiles * (features / Tile::n); }
  QS_HOST_DEVICE int row_blocks() const { return (s.rows + rows - 1) / rows; }
  QS_HOST_DEVICE std::int64_t weight_values() const {  // either part of the weights, which follow each other
    const int up = width() * (part + skew<Real>), down = part * (width() + skew<Real>);
    return up > down ? up : down;
  }

  std::int64_t teams() const { return std::int64_t{s.tokens} * row_blocks(); }
  std::int64_t memory_values() const { return (width() + part) * std::int64_t{ld} + weight_values() + 2 * rows; }
  bool fits_registers() const { return tiles(width()) <= most_tiles; }

  template <class Team>
  QS_TEAM void operator()(const Team& team) const {
    using Accumulator = typename Team::template Accumulator<Real>;
    constexpr int kept = (most_tiles + Team::warps - 1) / Team::warps;
    Real* memory = static_cast<Real*>(team.memory());
    const Stage<Real> stage{memory, 1, s.width, rows, ld};
    Real* hidden = memory + width() * ld;
    Real* weights = hidden + part * ld;
    Real* statistics = weights + weight_values();
    const StagePlace<Real> place{x, s.tokens, s.rows, static_cast<int>(team.index() / row_blocks()),
                                 static_cast<int>(team.index() % row_blocks()) * rows};

    team_load(team, place, stage);
    team.sync();
    team_layer_norm(team, stage, w.norm, statistics);

    Accumulator sum[kept];
    QS_UNROLL
    for (int j = 0; j < kept; ++j) sum[j].clear();
    for (int first = 0; first < s.hidden; first += part) {
      hidden_features(team, stage, first, weights, hidden);
      team_load(team, WeightPart<Real>{w.down.kernel, s.hidden, s.width, first, 0, part, width()}, weights, width() + skew<Real>);
      team.sync();
      QS_UNROLL
      for (int j = 0; j < kept; ++j) {
        const int tile = team.warp() + j * Team::warps;
        if (tile >= tiles(width())) break;
        add_tile_product<Real>(sum[j], hidden + tile % row_tiles * Tile::m, ld, weights + tile / row_tiles * Tile::n, width() + skew<Real>, part);
      }
      team.sync();
    }
    QS_UNROLL
    for (int j = 0; j < kept; ++j) {
      const int tile = team.warp() + j * Team::warps;
      if (tile >= tiles(width())) break;
      sum[j].store(stage.values + tile % row_tiles * Tile::m + tile / row_tiles * Tile::n * ld, ld);
    }
    team.sync();
    team_add(team, stage, w.down.bias, place);
  }

 private:
  // hidden = gelu(up(stage)) for `part` features from `first` on. The weights are free when it returns; the gelu still needs a barrier.
  template <class Team>
  QS_TEAM void hidden_features(const Team& team, const Stage<Real>& stage, int first, Real* weights, Real* hidden) const {
    team_load(team, WeightPart<Real>{w.up.kernel, s.width, s.hidden, 0, first, width(), part}, weights, part + skew<Real>);
    team.sync();
    for (int tile = team.warp(); tile < tiles(part); tile += Team::warps) {
      const int row = tile % row_tiles * Tile::m, feature = tile / row_tiles * Tile::n;
      store_tile_product<Team, Real>(stage.values + row, ld, weights + feature, part + skew<Real>, width(), hidden + row + feature * ld, ld);
    }
    team.sync();
    team_each(team, part * rows, [=, *this](int k) {
      const int o = k / rows;
      Real& value = hidden[o * ld + k % rows];
      value = gelu_value(value + (first + o < s.hidden ? w.up.bias[first + o] : Real(0)));
    });
  }
};

template <class Real>
using MlpResidual = MlpOfTiles<Real, most_team_tiles>;

}  // namespace qs::kernels::cuda
