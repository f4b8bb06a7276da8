#include "engine/optimize/gram.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <optional>
#include <type_traits>
#include <utility>

#include "kernels/api/error.h"
#include "kernels/api/memory.h"
#include "kernels/api/parallel.h"
#include "kernels/api/rows.h"

namespace qs {
namespace {

// A tile (left <= right) of the Gram matrix, or of the metric in columns.
struct Tile {
  int left, right;
  int rank;  // that computes it
};

// Tiles of one wave in a fixed order, with their place in the buffer that every rank sends to the root.
class TileExchange {
 public:
  // `rows[p]`, `first[p]`: extent of panel p; order: of the whole matrix.
  TileExchange(Communicator& comm, std::vector<std::int64_t> first, std::vector<std::int64_t> rows, std::int64_t order)
      : comm_(comm), first_(std::move(first)), rows_(std::move(rows)), order_(order) {
    if (comm.is_root()) matrix_.resize(order * order);
  }

  // compute(tile, out): out [rows(left), rows(right)] is zero on entry. Collective.
  template <class Compute>
  void run(const std::vector<Tile>& tiles, const Compute& compute) {
    std::vector<std::size_t> counts(comm_.size(), 0);
    std::vector<Tile> mine;
    std::vector<std::int64_t> offset{0};
    for (const Tile& tile : tiles) {
      if (tile.rank != 0) counts[tile.rank] += size(tile) * sizeof(double);
      if (tile.rank != comm_.rank()) continue;
      mine.push_back(tile);
      offset.push_back(offset.back() + (comm_.is_root() ? 0 : size(tile)));
    }
    std::vector<double> sent(offset.back());
    on_all(comm_, [&] {
      parallel_for(static_cast<std::int64_t>(mine.size()), [&](std::int64_t t) {
        if (!comm_.is_root()) return compute(mine[t], sent.data() + offset[t]);
        std::vector<double> out(size(mine[t]));
        compute(mine[t], out.data());
        store(mine[t], out.data());
      });
    });
    collect(tiles, counts, sent);
  }

  std::vector<double> take() { return std::move(matrix_); }

 private:
  std::int64_t size(const Tile& tile) const { return rows_[tile.left] * rows_[tile.right]; }

  void store(const Tile& tile, const double* values) {
    const std::int64_t m = rows_[tile.left], n = rows_[tile.right];
    double* upper = matrix_.data() + first_[tile.left] * order_ + first_[tile.right];
    for (std::int64_t i = 0; i < m; ++i) std::copy(values + i * n, values + (i + 1) * n, upper + i * order_);
    if (tile.left == tile.right) {  // a product of float32 tiles is symmetric to rounding only
      for (std::int64_t i = 0; i < m; ++i) {
        for (std::int64_t j = 0; j < i; ++j) upper[i * order_ + j] = upper[j * order_ + i];
      }
      return;
    }
    double* lower = matrix_.data() + first_[tile.right] * order_ + first_[tile.left];
    for (std::int64_t j = 0; j < n; ++j) {
      for (std::int64_t i = 0; i < m; ++i) lower[j * order_ + i] = values[i * n + j];
    }
  }

  void collect(const std::vector<Tile>& tiles, const std::vector<std::size_t>& counts, const std::vector<double>& sent) {
    if (comm_.size() == 1) return;
    std::size_t bytes = 0;
    for (const std::size_t count : counts) bytes += count;
    std::vector<double> received(comm_.is_root() ? bytes / sizeof(double) : 0);
    comm_.gather_bytes(sent.data(), counts, received.data(), 0);
    if (!comm_.is_root()) return;
    const double* next = received.data();
    for (int rank = 1; rank < comm_.size(); ++rank) {
      for (const Tile& tile : tiles) {
        if (tile.rank != rank) continue;
        store(tile, next);
        next += size(tile);
      }
    }
  }

  Communicator& comm_;
  std::vector<std::int64_t> first_, rows_;
  std::int64_t order_;
  std::vector<double> matrix_;  // root only
};

// The rows of panels that this rank may read, where the device computes: its own in place, or, when their blocks belong to several ranks, assembled;
// and visitors. What travels between ranks passes through the host.
template <class Real>
class PanelStore {
 public:
  PanelStore(Communicator& comm, const std::vector<Panel>& panels, TangentRows<Real>& rows) : comm_(comm), panels_(panels), rows_(rows) {
    for (int p = 0; p < static_cast<int>(panels.size()); ++p) {
      if (!in_one_piece(panels[p])) assemble(p);
    }
  }

  // Before data() of the panels of my tiles.
  void stage(const std::vector<Tile>& tiles) {
    for (const Tile& tile : tiles) {
      if (tile.rank != comm_.rank()) continue;
      for (const int p : {tile.left, tile.right}) {
        const auto found = on_host_.find(p);
        if (found != on_host_.end()) staged_.try_emplace(p, rows_.device, found->second.get(), size(panels_[p]));
      }
    }
  }
  // On the device.
  const Real* data(int p) const {
    const auto found = staged_.find(p);
    return found != staged_.end() ? found->second.data() : in_place(panels_[p]);
  }
  void receive(int p) {
    const Panel& panel = panels_[p];
    if (panel.home == comm_.rank()) {
      std::vector<Real> copy;
      const auto found = on_host_.find(p);
      const Real* values = found != on_host_.end() ? found->second.get() : host_view(rows_.device, in_place(panel), size(panel), copy);
      comm_.broadcast_bytes(const_cast<Real*>(values), size(panel) * sizeof(Real), panel.home);  // the sender's buffer is only read
    } else {
      Real* values = new_on_host(p);
      visiting_.push_back(p);
      comm_.broadcast_bytes(values, size(panel) * sizeof(Real), panel.home);
    }
  }
  void dismiss() {
    for (const int p : visiting_) {
      staged_.erase(p);
      on_host_.erase(p);
    }
    visiting_.clear();
  }

 private:
  std::size_t size(const Panel& panel) const { return static_cast<std::size_t>(panel.rows * rows_.parameters); }
  bool in_one_piece(const Panel& panel) const { return rows_.layout.blocks.owner(panel.last_block - 1) == panel.home; }
  const Real* in_place(const Panel& panel) const { return rows_.row(panel.first_row - rows_.layout.my_begin()); }
  Real* new_on_host(int p) { return (on_host_[p] = std::make_unique_for_overwrite<Real[]>(size(panels_[p]))).get(); }

  // Each block goes from its owner to the panel's home.
  void assemble(int p) {
    const Panel& panel = panels_[p];
    const RowLayout& layout = rows_.layout;
    Real* whole = panel.home == comm_.rank() ? new_on_host(p) : nullptr;
    std::vector<Real> copy;
    for (int block = panel.first_block; block < panel.last_block; ++block) {
      const std::size_t count = static_cast<std::size_t>((layout.block_begin[block + 1] - layout.block_begin[block]) * rows_.parameters);
      const int owner = layout.blocks.owner(block);
      std::unique_ptr<Real[]> passing;
      Real* values = whole != nullptr ? whole + (layout.block_begin[block] - panel.first_row) * rows_.parameters : nullptr;
      if (owner == comm_.rank()) {
        const Real* mine = host_view(rows_.device, rows_.row(layout.block_begin[block] - layout.my_begin()), count, copy);
        if (whole != nullptr) std::copy(mine, mine + count, values);
        values = const_cast<Real*>(mine);  // the sender's buffer is only read
      } else if (whole == nullptr) {
        passing = std::make_unique_for_overwrite<Real[]>(count);
        values = passing.get();
      }
      comm_.broadcast_bytes(values, count * sizeof(Real), owner);
    }
  }

  Communicator& comm_;
  const std::vector<Panel>& panels_;
  TangentRows<Real>& rows_;
  std::map<int, std::unique_ptr<Real[]>> on_host_;  // assembled panels and visitors
  std::map<int, Staged<const Real>> staged_;        // those of them that are multiplied
  std::vector<int> visiting_;
};

// Who visits whom: of a pair of panels with an even sum the first travels, else the second, which divides the work evenly. `visitor` with every panel
// it is multiplied with, at the home of that panel.
std::vector<Tile> tiles_of_visitor(const std::vector<Panel>& panels, int visitor) {
  std::vector<Tile> tiles{{visitor, visitor, panels[visitor].home}};
  for (int host = 0; host < static_cast<int>(panels.size()); ++host) {
    const int left = std::min(visitor, host), right = std::max(visitor, host);
    if (left == right) continue;
    const int traveller = (left + right) % 2 == 0 ? left : right;
    if (traveller == visitor) tiles.push_back({left, right, panels[host].home});
  }
  return tiles;
}

}  // namespace

std::vector<Panel> make_panels(const RowLayout& layout) {
  const int blocks = layout.blocks.count();
  int together = 1;  // blocks of a panel: the power of two that first reaches panel_rows
  while (together < blocks && layout.total() * together < panel_rows * blocks) together *= 2;
  std::vector<Panel> panels;
  for (int first = 0; first < blocks; first += together) {
    const int last = std::min(first + together, blocks);
    const std::int64_t rows = layout.block_begin[last] - layout.block_begin[first];
    if (rows > 0) panels.push_back({first, last, layout.block_begin[first], rows, layout.blocks.owner(first)});
  }
  return panels;
}

template <class Real>
kernels::Arithmetic gram_arithmetic(Communicator& comm, const TangentRows<Real>& rows, double shift) {
  if constexpr (std::is_same_v<Real, double>) return kernels::Arithmetic::own;
  const RowLayout& layout = rows.layout;
  std::vector<double> trace(1);
  const auto partial = [&](int block, std::span<double> out) {
    const kernels::RowView<const Real> a = rows.block(block);
    Staged<double> sum(rows.device, out.data(), 1);
    kernels::sum_of_squares(rows.device, a.count * a.columns, a.base, sum.data());
    sum.write_back();
  };
  tree_sum(comm, layout.blocks, 1, partial, trace);
  const double unit = std::ldexp(1.0, -24);
  return shift < unit * trace[0] ? kernels::Arithmetic::wide : kernels::Arithmetic::own;
}

template <class Real>
std::vector<double> gram_matrix(kernels::Arithmetic arithmetic, Communicator& comm, TangentRows<Real>& rows) {
  const std::vector<Panel> panels = make_panels(rows.layout);
  std::vector<std::int64_t> first, count;
  for (const Panel& panel : panels) {
    first.push_back(panel.first_row);
    count.push_back(panel.rows);
  }
  TileExchange exchange(comm, first, count, rows.layout.total());
  PanelStore<Real> store(comm, panels, rows);
  const std::int64_t k = rows.parameters;
  const auto compute = [&](const Tile& tile, double* result) {
    const std::int64_t m = count[tile.left], n = count[tile.right];
    const Real* left = store.data(tile.left);
    Staged<double> out(rows.device, result, static_cast<std::size_t>(m * n));
    if (tile.left == tile.right) {
      kernels::gram(rows.device, arithmetic, m, k, left, k, out.data(), m);
    } else {
      kernels::gram_block(rows.device, arithmetic, m, n, k, left, k, store.data(tile.right), k, out.data(), n);
    }
    out.write_back();
  };
  int next = 0;
  while (next < static_cast<int>(panels.size())) {  // a wave: as many visitors as the memory for them allows
    std::vector<Tile> wave;
    std::int64_t bytes = 0;
    do {
      const std::vector<Tile> tiles = tiles_of_visitor(panels, next);
      wave.insert(wave.end(), tiles.begin(), tiles.end());
      if (comm.size() > 1) {
        store.receive(next);
        bytes += panels[next].rows * k * static_cast<std::int64_t>(sizeof(Real));
      }
      ++next;
    } while (next < static_cast<int>(panels.size()) && bytes + panels[next].rows * k * static_cast<std::int64_t>(sizeof(Real)) <= visitor_bytes);
    on_all(comm, [&] { store.stage(wave); });
    exchange.run(wave, compute);
    store.dismiss();
  }
  return exchange.take();
}

template <class Real>
std::vector<double> metric_matrix(kernels::Arithmetic arithmetic, Communicator& comm, const TangentRows<Real>& rows) {
  const std::int64_t p = rows.parameters, total = rows.layout.total();
  std::unique_ptr<Real[]> gathered;
  std::optional<Staged<const Real>> staged;
  const Real* x = rows.values.data();
  if (comm.size() > 1) {
    std::vector<std::size_t> counts;
    for (int rank = 0; rank < comm.size(); ++rank) {
      const int begin = rows.layout.blocks.first_block(rank), end = rows.layout.blocks.first_block(rank + 1);
      counts.push_back((rows.layout.block_begin[end] - rows.layout.block_begin[begin]) * p * sizeof(Real));
    }
    std::vector<Real> copy;
    const Real* mine = nullptr;
    on_all(comm, [&] {
      gathered = std::make_unique_for_overwrite<Real[]>(total * p);
      mine = host_view(rows.device, x, static_cast<std::size_t>(rows.layout.my_rows() * p), copy);
    });
    comm.all_gather_bytes(mine, counts, gathered.get());
    on_all(comm, [&] { staged.emplace(rows.device, gathered.get(), static_cast<std::size_t>(total * p)); });
    x = staged->data();
  }
  std::vector<std::int64_t> first, count;
  for (std::int64_t begin = 0; begin < p; begin += metric_columns) {
    first.push_back(begin);
    count.push_back(std::min(metric_columns, p - begin));
  }
  std::vector<Tile> tiles;
  for (int left = 0; left < static_cast<int>(first.size()); ++left) {
    for (int right = left; right < static_cast<int>(first.size()); ++right)
      tiles.push_back({left, right, static_cast<int>(tiles.size()) % comm.size()});
  }
  TileExchange exchange(comm, first, count, p);
  exchange.run(tiles, [&](const Tile& tile, double* result) {
    const std::int64_t m = count[tile.left], n = count[tile.right];
    Staged<double> out(rows.device, result, static_cast<std::size_t>(m * n));
    kernels::column_gram_block(rows.device, arithmetic, m, n, total, x + first[tile.left], p, x + first[tile.right], p, out.data(), n);
    out.write_back();
  });
  return exchange.take();
}

template kernels::Arithmetic gram_arithmetic(Communicator&, const TangentRows<float>&, double);
template kernels::Arithmetic gram_arithmetic(Communicator&, const TangentRows<double>&, double);
template std::vector<double> gram_matrix(kernels::Arithmetic, Communicator&, TangentRows<float>&);
template std::vector<double> gram_matrix(kernels::Arithmetic, Communicator&, TangentRows<double>&);
template std::vector<double> metric_matrix(kernels::Arithmetic, Communicator&, const TangentRows<float>&);
template std::vector<double> metric_matrix(kernels::Arithmetic, Communicator&, const TangentRows<double>&);

}  // namespace qs
