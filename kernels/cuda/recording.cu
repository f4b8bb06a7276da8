// Recorded calls are one CUDA graph.
#include <mutex>

#include "kernels/cuda/context.h"
#include "kernels/cuda/install.h"

namespace qs::kernels::cuda {
namespace {

// What the calls put on the stream, not run. Relaxed: the pool may serve temporaries of a primitive, which become part of the graph.
cudaGraph_t capture(Context& device, const std::function<void()>& calls) {
  check(cudaSetDevice(device.device), "cudaSetDevice");
  check(cudaStreamBeginCapture(device.stream, cudaStreamCaptureModeRelaxed), "recording a graph");
  cudaGraph_t graph = nullptr;
  try {
    calls();
  } catch (...) {
    cudaStreamEndCapture(device.stream, &graph);
    if (graph != nullptr) cudaGraphDestroy(graph);
    cudaGetLastError();  // of the recording that failed: not to be reported again by the next launch
    throw;
  }
  check(cudaStreamEndCapture(device.stream, &graph), "recording a graph");
  return graph;
}

void* record(const std::function<void()>& calls) {
  Context& device = context();
  const cudaGraph_t graph = capture(device, calls);  // each call holds the context on its own
  cudaGraphExec_t ready = nullptr;
  const cudaError_t status = cudaGraphInstantiate(&ready, graph, 0);
  cudaGraphDestroy(graph);
  check(status, "preparing a graph");
  return ready;
}

void play(void* recorded) {
  const Held held;
  check(cudaGraphLaunch(static_cast<cudaGraphExec_t>(recorded), held.device.stream), "launching a graph");
}

// CUDA keeps what still runs until it has run.
void forget(void* recorded) noexcept { cudaGraphExecDestroy(static_cast<cudaGraphExec_t>(recorded)); }

}  // namespace

void install_recording(Tables& tables) {
  tables.record = record;
  tables.play = play;
  tables.forget = forget;
}

}  // namespace qs::kernels::cuda
