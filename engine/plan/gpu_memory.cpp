#include "engine/plan/gpu_memory.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>

#include "engine/energy/connected_on_device.h"
#include "engine/optimize/update_memory.h"
#include "engine/sampling/sample_set.h"

namespace qs {
namespace {

constexpr std::size_t gib = std::size_t{1} << 30;
constexpr std::size_t gpu_sizes[] = {24 * gib, 40 * gib, 80 * gib, 140 * gib};
// An allowance, not a plan: context, kernels, workspaces of cuBLAS and cuSOLVER, temporaries of a kernel sequence.
constexpr std::size_t cuda_itself = gib;

struct StageMemory {
  WavefunctionMemory network;
  std::size_t chunks = 0;  // of all threads
  std::size_t chains = 0;
  std::size_t connected = 0;
  RowLayout layout;
  UpdateMemory update;

  // Chains, connected configurations and the update's rows follow each other.
  std::size_t total() const { return network.weights + chunks + std::max({chains, connected, update.peak()}) + cuda_itself; }
};

// With `samples` per problem; an exact sum takes all states.
StageMemory plan_memory(const StagePlan& stage, const Wavefunction& psi, int ranks, int threads, std::int64_t samples) {
  const ProblemFamily& family = stage.family;
  const SamplerOptions& sampler = *stage.sampler;
  const OptimizerOptions& optimizer = *stage.optimizer;
  StageMemory memory{.network = psi.memory_on(Device::cuda), .layout = {Blocks(0, 1, 0), 1, {}}, .update = {}};
  const WavefunctionMemory& network = memory.network;
  const bool by_rows = is_natural(optimizer.kind);
  const std::size_t chunk = std::max(network.log_psi_chunk, by_rows ? network.jacobian_chunk : network.vjp_chunk);
  memory.chunks = static_cast<std::size_t>(threads) * chunk;
  const int per_sample = rows_per_sample(psi.jacobian_mode());
  if (sampler.kind == SamplerKind::exact_sum) {
    memory.layout = planned_layout(Blocks::of_grains(states_of(family), rows_per_grain, ranks, 0), 1, per_sample);
  } else {
    const std::int64_t chains = sampler.metropolis.chains;
    memory.layout = planned_layout(Blocks(chains * family.size(), ranks, 0), samples / chains, per_sample);
    memory.chains = metropolis_memory(sampler.metropolis, family, ranks, Device::cuda, psi.for_chains().memory_on(Device::cuda).chunk_rows);
    memory.connected = connected_memory(family.table, family.size(), network.chunk_rows);
  }
  memory.update = update_memory(optimizer.kind, memory.layout, psi.layout().total, psi.precision(), optimizer.parameter_blocks);
  if (optimizer.parameter_blocks > 1) {  // chunks of whole rows, which blocks are cut out of
    const std::size_t real_bytes = psi.precision() == Precision::float32 ? sizeof(float) : sizeof(double);
    memory.chunks += static_cast<std::size_t>(threads) * network.chunk_rows * per_sample * psi.layout().total * real_bytes;
  }
  return memory;
}

// The largest sampler.samples, a multiple of the chains, of which `problems` times as many take at most `bytes`; 0: not even one sample per chain.
template <class Total>
std::int64_t most_samples(std::int64_t chains, std::int64_t problems, std::size_t bytes, const Total& total) {
  constexpr std::int64_t most_rows = std::int64_t{1} << 26;  // petabytes of matrix
  std::int64_t fits = 0, too_many = most_rows / (chains * problems) + 1;
  while (too_many - fits > 1) {
    const std::int64_t middle = (fits + too_many) / 2;
    (total(middle * chains) <= bytes ? fits : too_many) = middle;
  }
  return fits * chains;
}

std::string line(const std::string& what, std::size_t bytes) {
  return bytes > 0 ? fmt::format("    {:<58}{:>12.1f} MiB\n", what, static_cast<double>(bytes) / 1048576.0) : "";
}

}  // namespace

std::string describe_gpu_memory(const StagePlan& stage, const Wavefunction& psi, int ranks, int threads) {
  const MetropolisOptions& sampler = stage.sampler->metropolis;
  const StageMemory memory = plan_memory(stage, psi, ranks, threads, sampler.samples);
  std::string text = "  memory of the GPU of rank 0:\n" + line("weights", memory.network.weights);
  text += line(fmt::format("activations and log psi, {} x {} configurations", threads, memory.network.chunk_rows), memory.chunks);
  text += line("Markov chains", memory.chains) + line("connected configurations of a few samples", memory.connected);
  text += line(fmt::format("Jacobian rows, {} of {}", memory.layout.my_rows(), memory.layout.total()), memory.update.rows);
  text += line("sums over rows", memory.update.sums) + line("exchange between ranks: rows of all, pieces of the matrix", memory.update.slice);
  text += line("matrix, then its factor", memory.update.matrix) + line("vectors of the solve", memory.update.solve);
  text += line("CUDA and its libraries, about", cuda_itself);
  text += line("at most together (sampling, energies and update take turns)", memory.total());
  if (stage.sampler->kind == SamplerKind::exact_sum || !is_natural(stage.optimizer->kind)) return text;
  text += "    sampler.samples that fit";
  for (const std::size_t size : gpu_sizes) {
    const std::int64_t samples = most_samples(sampler.chains, stage.family.size(), size,
                                              [&](std::int64_t trial) { return plan_memory(stage, psi, ranks, threads, trial).total(); });
    text += fmt::format("{} {} in {} GiB", size == gpu_sizes[0] ? ":" : ",", samples, size / gib);
  }
  return text + "\n";
}

}  // namespace qs
