// Softmax attention, x += out(attention(query, key, value of layer_norm(x))), in one kernel. A team takes a few rows and goes through the heads, as
// many at a time as fill a tile of features: their queries, keys and values of all tokens lie in its memory, and a thread walks over the keys of one
// query with a running maximum (Milakov and Gimelshein, arXiv:1805.02867), so that no probability is stored. What the heads give waits in device
// memory for the last projection.
#pragma once

#include <cmath>

#include "kernels/cuda/bodies/team.h"

namespace qs::kernels::cuda {

template <class Real>
struct AttentionResidual {
  AttentionShape s;
  AttentionWeights<Real> w;
  Real* x;
  Real* mixed;  // [T][D][B]

  using Value = Real;
  using Tile = TileShape<Real>;
  static constexpr int teams_at_once = 2;
  static constexpr int rows = Tile::m;
  static constexpr int group = stage_tokens<Real>;
  static constexpr int most_head_width = 128 / static_cast<int>(sizeof(Real));  // a query and its result stay in registers
  static constexpr int projections = 3;                                         // queries, keys, values

  QS_HOST_DEVICE int width() const { return s.heads * s.head_width; }
  QS_HOST_DEVICE int padded() const { return padded_features(width()); }
  QS_HOST_DEVICE int heads_per_part() const { return s.head_width >= feature_multiple ? 1 : feature_multiple / s.head_width; }
  QS_HOST_DEVICE int part() const { return padded_features(heads_per_part() * s.head_width); }  // features of each projection at a time
  QS_HOST_DEVICE int ld_part() const { return part() + skew<Real>; }
  QS_HOST_DEVICE int ld_out() const { return padded() + skew<Real>; }
  QS_HOST_DEVICE int projected_values() const { return s.tokens * part() * rows; }
  QS_HOST_DEVICE int out_tiles() const { return group * (padded() / Tile::n); }
  QS_HOST_DEVICE std::int64_t part_values() const { return projections * (std::int64_t{projected_values()} + std::int64_t{padded()} * ld_part()); }
  QS_HOST_DEVICE std::int64_t out_values() const { return std::int64_t{padded()} * ld_out(); }

  std::int64_t teams() const { return (s.rows + rows - 1) / rows; }
  std::int64_t memory_values() const {
    const std::int64_t stage = std::int64_t{group} * padded() * rows;
    return stage + 2 * group * rows + (part_values() > out_values() ? part_values() : out_values());
  }
  bool fits_registers() const { return out_tiles() <= most_team_tiles && s.head_width <= most_head_width; }

  template <class Team>
  QS_TEAM void operator()(const Team& team) const {
    Real* memory = static_cast<Real*>(team.memory());
    const Stage<Real> stage{memory, group, width(), rows, rows};
    Real* projected = memory + group * padded() * rows;  // [3][T][part][rows]
    Real* weights = projected + projections * projected_values();
    Real* statistics = projected + (part_values() > out_values() ? part_values() : out_values());
    const int first_row = static_cast<int>(team.index()) * rows;

    for (int head = 0; head < s.heads; head += heads_per_part()) {
      load_part(team, head, weights);
      for (int first = 0; first < s.tokens; first += group) {
        team_load(team, StagePlace<Real>{x, s.tokens, s.rows, first, first_row}, stage);
        team.sync();
        team_layer_norm(team, stage, w.norm, statistics);
        project(team, stage, weights, first, projected);
        team.sync();
      }
      add_biases(team, head, projected);
      team.sync();
      attend(team, head, first_row, projected);
      team.sync();
    }
    Real* out_weights = projected;  // no longer needed
    team_load(team, whole_square(w.out.kernel, width()), out_weights, ld_out());
    for (int first = 0; first < s.tokens; first += group) {
      team_load(team, StagePlace<Real>{mixed, s.tokens, s.rows, first, first_row}, stage);
      team.sync();
      team_project_in_place(team, stage, out_weights, ld_out());
      team.sync();
      team_add(team, stage, w.out.bias, StagePlace<Real>{x, s.tokens, s.rows, first, first_row});
    }
  }

 private:
  QS_HOST_DEVICE const DenseWeights<Real>& projection(int which) const { return which == 0 ? w.query : which == 1 ? w.key : w.value; }

  // Columns of the heads from `head` on, of all three projections; columns of later heads may fill the padding and are not used.
  template <class Team>
  QS_TEAM void load_part(const Team& team, int head, Real* weights) const {
    for (int which = 0; which < projections; ++which) {
      const WeightPart<Real> columns{projection(which).kernel, width(), width(), 0, head * s.head_width, padded(), part()};
      team_load(team, columns, weights + which * padded() * ld_part(), ld_part());
    }
  }

  template <class Team>
  QS_TEAM void project(const Team& team, const Stage<Real>& stage, const Real* weights, int first, Real* projected) const {
    const int tiles = part() / Tile::n, all = projections * group * tiles;
    for (int k = team.warp(); k < all; k += Team::warps) {
      const int feature = k % tiles * Tile::n, t = k / tiles % group, which = k / tiles / group;
      if (first + t >= s.tokens) continue;
      store_tile_product<Team, Real>(stage.token(t), stage.ld, weights + which * padded() * ld_part() + feature, ld_part(), padded(),
                                     projected + which * projected_values() + ((first + t) * part() + feature) * rows, rows);
    }
  }

  template <class Team>
  QS_TEAM void add_biases(const Team& team, int head, Real* projected) const {
    team_each(team, projections * projected_values(), [=, *this](int k) {
      const int d = head * s.head_width + k / rows % part();
      if (d < width()) projected[k] += projection(k / projected_values()).bias[d];
    });
  }

  template <class Team>
  QS_TEAM void attend(const Team& team, int head, int first_row, const Real* projected) const {
    const int heads = s.heads - head < heads_per_part() ? s.heads - head : heads_per_part();
    team_each(team, heads * s.tokens * rows, [=, *this](int k) {
      const int r = k % rows, i = k / rows % s.tokens, h = k / rows / s.tokens;
      if (first_row + r < s.rows) attend_one(head + h, i, first_row + r, projected + h * s.head_width * rows + r);
    });
  }

  // Row b of one head and query i: y = sum_j exp(q_i k_j / sqrt(e) - m) v_j / sum_j exp(q_i k_j / sqrt(e) - m), m the maximum so far. `of_row`: where
  // the head's projections of this row begin.
  QS_TEAM void attend_one(int head, int i, int b, const Real* of_row) const {
    const int token = part() * rows;
    const Real* keys = of_row + projected_values();
    const Real* values = keys + projected_values();
    const Real scale = 1 / std::sqrt(static_cast<Real>(s.head_width));
    Real query[most_head_width], sum[most_head_width];
    QS_UNROLL
    for (int c = 0; c < most_head_width; ++c) {
      query[c] = c < s.head_width ? of_row[i * token + c * rows] * scale : Real(0);
      sum[c] = 0;
    }
    Real most = -HUGE_VAL, total = 0;
    for (int j = 0; j < s.tokens; ++j) {
      Real score = 0;
      QS_UNROLL
      for (int c = 0; c < most_head_width; ++c) {
        if (c < s.head_width) score += query[c] * keys[j * token + c * rows];
      }
      // One of the two factors exp(most - above), exp(score - above) is 1, and a score that is no finite number must stay one.
      const bool rises = score > most;
      const Real less = std::exp(-std::abs(score - most));
      const Real shrink = rises ? less : Real(1), weight = rises ? score - score + 1 : less;
      most = rises ? score : most;
      total = total * shrink + weight;
      QS_UNROLL
      for (int c = 0; c < most_head_width; ++c) {
        if (c < s.head_width) sum[c] = sum[c] * shrink + weight * values[j * token + c * rows];
      }
    }
    QS_UNROLL
    for (int c = 0; c < most_head_width; ++c) {
      if (c < s.head_width) mixed[at(i, head * s.head_width + c, b, width(), s.rows)] = sum[c] / total;
    }
  }
};

}  // namespace qs::kernels::cuda
