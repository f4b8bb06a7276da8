// Factored attention, x += out(mix_tokens(value(layer_norm(x)))), in one kernel. A team takes a few rows and keeps the values of all their tokens in
// its memory; tokens pass through a stage in groups, once on the way to the values and once on the way out.
#pragma once

#include "kernels/cuda/bodies/team.h"

namespace qs::kernels::cuda {

template <class Real>
struct MixingResidual {
  MixShape s;
  MixingWeights<Real> w;
  Real* x;

  using Value = Real;
  using Tile = TileShape<Real>;
  static constexpr int teams_at_once = 2;
  static constexpr int rows = Tile::m;
  static constexpr int group = stage_tokens<Real>;

  QS_HOST_DEVICE int width() const { return s.heads * s.head_width; }
  QS_HOST_DEVICE int padded() const { return padded_features(width()); }
  QS_HOST_DEVICE int ld_weights() const { return padded() + skew<Real>; }
  QS_HOST_DEVICE int tiles_per_token() const { return padded() / Tile::n; }
  QS_HOST_DEVICE int tiles() const { return group * tiles_per_token(); }

  std::int64_t teams() const { return (s.rows + rows - 1) / rows; }
  std::int64_t memory_values() const {
    const std::int64_t token = std::int64_t{padded()} * rows;
    return s.tokens * token + group * token + std::int64_t{padded()} * ld_weights() + std::int64_t{s.heads} * s.tokens * group + 2 * group * rows;
  }
  bool fits_registers() const { return tiles() <= most_team_tiles; }

  template <class Team>
  QS_TEAM void operator()(const Team& team) const {
    Real* values = static_cast<Real*>(team.memory());  // [T][padded][rows]
    const Stage<Real> stage{values + s.tokens * padded() * rows, group, width(), rows, rows};
    Real* weights = stage.values + group * padded() * rows;
    Real* mixing = weights + padded() * ld_weights();  // [H][T][group]: alpha of the group's tokens
    Real* statistics = mixing + s.heads * s.tokens * group;
    const int first_row = static_cast<int>(team.index()) * rows;

    team_load(team, whole_square(w.value.kernel, width()), weights, ld_weights());
    for (int first = 0; first < s.tokens; first += group) {
      team_load(team, StagePlace<Real>{x, s.tokens, s.rows, first, first_row}, stage);
      team.sync();
      team_layer_norm(team, stage, w.norm, statistics);
      project_values(team, stage, weights, first, values);
      team.sync();
    }
    team_load(team, whole_square(w.out.kernel, width()), weights, ld_weights());
    add_value_bias(team, values);
    for (int first = 0; first < s.tokens; first += group) {
      load_mixing(team, first, mixing);
      team.sync();
      mix(team, values, mixing, stage);
      team.sync();
      team_project_in_place(team, stage, weights, ld_weights());
      team.sync();
      team_add(team, stage, w.out.bias, StagePlace<Real>{x, s.tokens, s.rows, first, first_row});
    }
  }

 private:
  // values of the stage's tokens = stage W
  template <class Team>
  QS_TEAM void project_values(const Team& team, const Stage<Real>& stage, const Real* weights, int first, Real* values) const {
    for (int tile = team.warp(); tile < tiles(); tile += Team::warps) {
      const int t = tile / tiles_per_token(), feature = tile % tiles_per_token() * Tile::n;
      if (first + t >= s.tokens) break;
      store_tile_product<Team, Real>(stage.token(t), stage.ld, weights + feature, ld_weights(), padded(),
                                     values + ((first + t) * padded() + feature) * rows, rows);
    }
  }

  template <class Team>
  QS_TEAM void add_value_bias(const Team& team, Real* values) const {
    team_each(team, s.tokens * padded() * rows, [=, *this](int k) {
      const int d = k / rows % padded();
      if (d < width()) values[k] += w.value.bias[d];
    });
  }

  template <class Team>
  QS_TEAM void load_mixing(const Team& team, int first, Real* mixing) const {
    team_each(team, s.heads * s.tokens * group, [=, *this](int k) {
      const int p = first + k % group, q = k / group % s.tokens, h = k / group / s.tokens;
      mixing[k] = p < s.tokens ? w.alpha[h * s.n_alpha + w.index[p * s.tokens + q]] : Real(0);
    });
  }

  // stage[p] = sum_q alpha[h][p][q] values[q]: a thread takes one feature of one row for all tokens p, so that it reads each value once.
  template <class Team>
  QS_TEAM void mix(const Team& team, const Real* values, const Real* mixing, const Stage<Real>& stage) const {
    team_each(team, padded() * rows, [=, *this](int k) {
      const int d = k / rows;
      Real sum[group] = {};
      if (d < width()) {
        const Real* weight = mixing + d / s.head_width * s.tokens * group;
        for (int q = 0; q < s.tokens; ++q) {
          const Real value = values[q * padded() * rows + k];
          QS_UNROLL
          for (int p = 0; p < group; ++p) sum[p] += weight[q * group + p] * value;
        }
      }
      QS_UNROLL
      for (int p = 0; p < group; ++p) stage.token(p)[k] = sum[p];
    });
  }
};

}  // namespace qs::kernels::cuda
