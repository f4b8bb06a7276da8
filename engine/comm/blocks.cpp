#include "engine/comm/blocks.h"

#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <memory>

#include "engine/base/error.h"
#include "engine/base/parallel.h"
#include "kernels/api/memory.h"
#include "kernels/api/network.h"

namespace qs {
namespace {

// A complete node of the tree: blocks [start, start + size), size a power of two that divides start.
struct Node {
  int start, size;
  bool operator==(const Node&) const = default;
};

bool are_siblings(const Node& left, const Node& right) {
  return left.size == right.size && left.start + left.size == right.start && left.start % (2 * left.size) == 0;
}

// The nodes that blocks [first, last) join to, in order. Known to every rank for every rank, so only values travel.
std::vector<Node> nodes_of(int first, int last) {
  std::vector<Node> nodes;
  for (int block = first; block < last; ++block) {
    nodes.push_back({block, 1});
    while (nodes.size() >= 2 && are_siblings(nodes[nodes.size() - 2], nodes.back())) {
      nodes.pop_back();
      nodes.back().size *= 2;
    }
  }
  return nodes;
}

using Partial = std::function<void(int block, std::int64_t first, std::span<double> out)>;

// Sum over the blocks of a node, of values [first, first + out.size()); `scratch` has room for that many once for every level of the node.
void sum_node(const Node& node, const Partial& partial, std::int64_t first, std::span<double> out, double* scratch) {
  if (node.size == 1) {
    partial(node.start, first, out);
    return;
  }
  const int half = node.size / 2;
  const std::span<double> right(scratch, out.size());
  sum_node({node.start, half}, partial, first, out, scratch);
  sum_node({node.start + half, half}, partial, first, right, scratch + right.size());
  for (std::size_t k = 0; k < out.size(); ++k) out[k] += right[k];
}

// My blocks joined as far as the tree allows: [nodes][width].
std::vector<std::vector<double>> join_mine(const Blocks& blocks, std::int64_t width, std::int64_t segment, const Partial& partial) {
  const std::vector<Node> nodes = nodes_of(blocks.first(), blocks.last());
  std::vector<std::vector<double>> values(nodes.size(), std::vector<double>(width));
  std::size_t levels = 0;
  for (const Node& node : nodes) levels = std::max<std::size_t>(levels, std::bit_width(static_cast<unsigned>(node.size)) - 1);
  const auto join = [&](std::int64_t first) {
    const std::int64_t size = std::min(segment, width - first);
    const auto scratch = std::make_unique_for_overwrite<double[]>(levels * static_cast<std::size_t>(size));
    for (std::size_t n = 0; n < nodes.size(); ++n) sum_node(nodes[n], partial, first, std::span(values[n]).subspan(first, size), scratch.get());
  };
  if (segment >= width) {
    join(0);  // whose partials may use the threads
  } else {
    parallel_for((width + segment - 1) / segment, [&](std::int64_t i) { join(i * segment); });
  }
  return values;
}

// As sum_node, on the device; `out` has room for `stride` values once and once more for every level of the node.
void sum_node_on(Device device, const Node& node, const std::function<void(int, double*)>& partial, std::int64_t width, std::int64_t stride,
                 double* out) {
  if (node.size == 1) {
    kernels::clear(device, out, static_cast<std::size_t>(width) * sizeof(double));
    partial(node.start, out);
    return;
  }
  const int half = node.size / 2;
  sum_node_on(device, {node.start, half}, partial, width, stride, out);
  sum_node_on(device, {node.start + half, half}, partial, width, stride, out + stride);
  kernels::network<double>(device).add(width, out + stride, out);
}

std::vector<std::vector<double>> join_mine_on(Device device, const Blocks& blocks, std::int64_t width,
                                              const std::function<void(int, double*)>& partial) {
  const std::vector<Node> nodes = nodes_of(blocks.first(), blocks.last());
  std::vector<std::vector<double>> values(nodes.size(), std::vector<double>(width));
  if (nodes.empty()) return values;
  const std::int64_t aligned = lane_multiple<double>(), stride = (width + aligned - 1) / aligned * aligned;
  Buffer<double> memory(device, static_cast<std::size_t>((blocks.depth() + 1) * stride), kernels::Contents::anything);
  for (std::size_t n = 0; n < nodes.size(); ++n) {
    sum_node_on(device, nodes[n], partial, width, stride, memory.data());
    memory.download(values[n].data(), static_cast<std::size_t>(width));
  }
  return values;
}

// Sums columns of gathered nodes up the tree; nodes beyond the last block are absent, their sibling passes unchanged.
class TreeTop {
 public:
  TreeTop(const std::vector<Node>& nodes, int count, const double* values, std::int64_t width)
      : nodes_(nodes), count_(count), values_(values), width_(width) {}

  void sum(double* out) {
    int size = 1;
    while (size < count_) size *= 2;
    next_ = 0;
    sum({0, size}, out);
  }

 private:
  void sum(Node node, double* out) {
    if (nodes_[next_] == node) {
      const double* value = values_ + static_cast<std::int64_t>(next_++) * width_;
      std::copy(value, value + width_, out);
      return;
    }
    const int half = node.size / 2;
    sum({node.start, half}, out);
    if (node.start + half >= count_) return;
    std::vector<double> right(width_);
    sum({node.start + half, half}, right.data());
    for (std::int64_t k = 0; k < width_; ++k) out[k] += right[k];
  }

  const std::vector<Node>& nodes_;
  int count_;
  const double* values_;
  std::int64_t width_;
  std::size_t next_ = 0;
};

// Long values: rank r sums columns [begin(r), end(r)), so every value travels twice, however many ranks there are.
std::int64_t slice_begin(std::int64_t width, int ranks, int rank) { return width * rank / ranks; }
// Short values: one collective, every rank sums all columns.
constexpr std::int64_t short_width = 2048;

// The nodes of all ranks in block order, and how many each rank brings.
struct Frontier {
  Frontier(const Blocks& blocks, int ranks) : count(ranks) {
    for (int r = 0; r < ranks; ++r) {
      const std::vector<Node> theirs = nodes_of(blocks.first_block(r), blocks.first_block(r + 1));
      count[r] = static_cast<std::int64_t>(theirs.size());
      nodes.insert(nodes.end(), theirs.begin(), theirs.end());
    }
  }
  std::vector<std::size_t> bytes(std::int64_t width) const {
    std::vector<std::size_t> bytes_of_rank;
    for (std::int64_t nodes_there : count) bytes_of_rank.push_back(static_cast<std::size_t>(nodes_there * width) * sizeof(double));
    return bytes_of_rank;
  }
  std::vector<Node> nodes;
  std::vector<std::int64_t> count;
};

std::vector<double> pack_columns(const std::vector<std::vector<double>>& values, std::int64_t begin, std::int64_t size) {
  std::vector<double> packed;
  packed.reserve(values.size() * static_cast<std::size_t>(size));
  for (const std::vector<double>& value : values) packed.insert(packed.end(), value.begin() + begin, value.begin() + begin + size);
  return packed;
}

// The tops of the tree, from the nodes of all ranks.
void sum_nodes(Communicator& comm, const Blocks& blocks, std::int64_t width, const std::vector<std::vector<double>>& mine, std::span<double> total) {
  const int ranks = comm.size();
  const Frontier frontier(blocks, ranks);
  std::vector<double> gathered;
  if (width <= short_width) {
    gathered.resize(frontier.nodes.size() * static_cast<std::size_t>(width));
    comm.all_gather_bytes(pack_columns(mine, 0, width).data(), frontier.bytes(width), gathered.data());
    TreeTop(frontier.nodes, blocks.count(), gathered.data(), width).sum(total.data());
    return;
  }

  std::vector<double> my_slice;
  std::vector<std::size_t> slice_bytes;
  for (int root = 0; root < ranks; ++root) {
    const std::int64_t begin = slice_begin(width, ranks, root), size = slice_begin(width, ranks, root + 1) - begin;
    slice_bytes.push_back(static_cast<std::size_t>(size) * sizeof(double));
    if (comm.rank() == root) gathered.resize(frontier.nodes.size() * static_cast<std::size_t>(size));
    comm.gather_bytes(pack_columns(mine, begin, size).data(), frontier.bytes(size), gathered.data(), root);
    if (comm.rank() != root) continue;
    my_slice.resize(size);
    TreeTop(frontier.nodes, blocks.count(), gathered.data(), size).sum(my_slice.data());
  }
  comm.all_gather_bytes(my_slice.data(), slice_bytes, total.data());
}

void refuse_more_ranks(int ranks, int blocks) {
  if (ranks <= blocks) return;
  throw InputError(
      fmt::format("{} ranks are more than the {} blocks into which the work is cut (their number fixes the bits of every sum); use at most {}", ranks,
                  blocks, blocks));
}

}  // namespace

Blocks::Blocks(std::int64_t items, std::int64_t grain, std::int64_t grains, int blocks, int ranks, int rank)
    : items_(items), grain_(grain), grains_(grains), blocks_(blocks), ranks_(ranks), rank_(rank) {
  QS_ASSERT(items >= 0 && grain >= 1 && blocks >= 1 && ranks >= 1 && 0 <= rank && rank < ranks);
}

Blocks::Blocks(std::int64_t items, int ranks, int rank, int blocks) : Blocks(items, 1, items, blocks, ranks, rank) {
  refuse_more_ranks(ranks, blocks);
}

Blocks Blocks::of_grains(std::int64_t items, std::int64_t grain, int ranks, int rank) {
  refuse_more_ranks(ranks, default_blocks);
  const std::int64_t grains = (items + grain - 1) / grain;
  return {items, grain, grains, static_cast<int>(std::clamp<std::int64_t>(grains, 1, default_blocks)), ranks, rank};
}

int Blocks::owner(int block) const {
  // Largest r with floor(blocks r / ranks) <= block.
  return static_cast<int>(((std::int64_t{block} + 1) * ranks_ - 1) / blocks_);
}

void tree_sum(Communicator& comm, const Blocks& blocks, std::int64_t width, const std::function<void(int, std::span<double>)>& partial,
              std::span<double> total) {
  tree_sum_in_segments(
      comm, blocks, width, width, [&](int block, std::int64_t, std::span<double> out) { partial(block, out); }, total);
}

void tree_sum_in_segments(Communicator& comm, const Blocks& blocks, std::int64_t width, std::int64_t segment, const Partial& partial,
                          std::span<double> total) {
  QS_ASSERT(static_cast<std::int64_t>(total.size()) == width);
  std::vector<std::vector<double>> mine;
  on_all(comm, [&] { mine = join_mine(blocks, width, segment, partial); });
  sum_nodes(comm, blocks, width, mine, total);
}

void tree_sum_on(Device device, Communicator& comm, const Blocks& blocks, std::int64_t width, const std::function<void(int, double*)>& partial,
                 std::span<double> total) {
  QS_ASSERT(static_cast<std::int64_t>(total.size()) == width);
  std::vector<std::vector<double>> mine;
  on_all(comm, [&] { mine = join_mine_on(device, blocks, width, partial); });
  sum_nodes(comm, blocks, width, mine, total);
}

}  // namespace qs
