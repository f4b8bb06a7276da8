// Picks a device's table and fills what it leaves to composition.
#include "kernels/api/network.h"

#include "kernels/dispatch/instruction_set.h"
#include "kernels/dispatch/network_table.h"
#include "kernels/dispatch/residuals.h"

namespace qs::kernels {
namespace {

template <class Real, const NetworkTable<Real>& (*device_table)()>
const NetworkTable<Real>& completed() {
  static const NetworkTable<Real> complete = [] {
    NetworkTable<Real> table = device_table();
    if (table.mlp_residual == nullptr) {
      table.mlp_residual = [](MlpShape shape, MlpWeights<Real> w, Real* x, Real* scratch) {
        compose_mlp_residual(device_table(), shape, w, x, scratch);
      };
    }
    if (table.mixing_residual == nullptr) {
      table.mixing_residual = [](MixShape shape, MixingWeights<Real> w, Real* x, Real* scratch) {
        compose_mixing_residual(device_table(), shape, w, x, scratch);
      };
    }
    if (table.attention_residual == nullptr) {
      table.attention_residual = [](AttentionShape shape, AttentionWeights<Real> w, Real* x, Real* scratch) {
        compose_attention_residual(device_table(), shape, w, x, scratch);
      };
    }
    return table;
  }();
  return complete;
}

template <class Real>
const NetworkTable<Real>& cpu_table() {
  switch (active_instruction_set()) {
    case InstructionSet::avx512:
      return completed<Real, avx512::network_table<Real>>();
    case InstructionSet::avx2:
      return completed<Real, avx2::network_table<Real>>();
    case InstructionSet::baseline:
      break;
  }
  return completed<Real, baseline::network_table<Real>>();
}

}  // namespace

template <class Real>
const NetworkTable<Real>& network(Device device) {
  switch (device) {
    case Device::reference:
      break;
    case Device::cpu:
      return cpu_table<Real>();
    case Device::cuda:
      return completed<Real, cuda::network_table<Real>>();
  }
  return completed<Real, reference::network_table<Real>>();
}

template const NetworkTable<float>& network(Device);
template const NetworkTable<double>& network(Device);

std::int64_t mlp_residual_scratch(MlpShape s) { return std::int64_t{s.tokens} * s.rows * (2 * s.width + 1 + s.hidden); }
std::int64_t mixing_residual_scratch(MixShape s) { return std::int64_t{s.tokens} * s.rows * (2 * s.heads * s.head_width + 1); }
std::int64_t attention_residual_scratch(AttentionShape s) { return std::int64_t{s.tokens} * s.rows * s.heads * (4 * s.head_width + s.tokens); }

}  // namespace qs::kernels
