// Fills the tables of every device at their first use and picks one by Device.
#include "kernels/dispatch/tables.h"

#include "engine/base/error.h"
#include "kernels/api/peak.h"
#include "kernels/dispatch/instruction_set.h"
#include "kernels/dispatch/residuals.h"

namespace qs::kernels {
namespace {

// For devices that have nothing faster.
template <class Real, Device device>
void compose_residuals(NetworkTable<Real>& table) {
  table.mlp_residual = [](auto... arguments) { compose_mlp_residual(network<Real>(device), arguments...); };
  table.mixing_residual = [](auto... arguments) { compose_mixing_residual(network<Real>(device), arguments...); };
  table.attention_residual = [](auto... arguments) { compose_attention_residual(network<Real>(device), arguments...); };
}

template <class Real>
void install_simd(RealTables<Real>& tables) {
  switch (active_instruction_set()) {
    case InstructionSet::avx512:
      return avx512::install(tables);
    case InstructionSet::avx2:
      return avx2::install(tables);
    case InstructionSet::baseline:
      return baseline::install(tables);
  }
}

void install_cpu(Tables& tables) {
  reference::install(tables);
  cpu::install(tables);
  install_simd<float>(tables);
  install_simd<double>(tables);
}

template <Device device, void (*install)(Tables&)>
const Tables& tables_of() {
  static const Tables filled = [] {
    Tables tables{};
    compose_residuals<float, device>(tables);
    compose_residuals<double, device>(tables);
    install(tables);
    return tables;
  }();
  return filled;
}

}  // namespace

const Tables& tables(Device device) {
  switch (device) {
    case Device::reference:
      return tables_of<Device::reference, reference::install>();
    case Device::cpu:
      return tables_of<Device::cpu, install_cpu>();
    case Device::cuda:
      return tables_of<Device::cuda, cuda::install>();
  }
  throw NotBuilt("the requested device");
}

template <class Real>
const NetworkTable<Real>& network(Device device) {
  return tables(device);
}
template const NetworkTable<float>& network(Device);
template const NetworkTable<double>& network(Device);

template <class Real>
const RowTable<Real>& jacobian_rows(Device device) {
  return tables(device);
}
template const RowTable<float>& jacobian_rows(Device);
template const RowTable<double>& jacobian_rows(Device);

template <class Real>
const MatrixTable<Real>& matrices(Device device) {
  return tables(device);
}
template const MatrixTable<float>& matrices(Device);
template const MatrixTable<double>& matrices(Device);

const SymmetricTable& symmetric(Device device) { return tables(device); }
const ChainTable& chains(Device device) { return tables(device); }
const ConnectedTable& connected(Device device) { return tables(device); }
const MemoryTable& memory(Device device) { return tables(device); }

template <class Real>
double multiply_adds(std::int64_t steps) {
  return tables(Device::cpu).RealTables<Real>::multiply_adds(steps);
}
template double multiply_adds<float>(std::int64_t);
template double multiply_adds<double>(std::int64_t);

std::int64_t mlp_residual_scratch(MlpShape s) { return std::int64_t{s.tokens} * s.rows * (2 * s.width + 1 + s.hidden); }
std::int64_t mixing_residual_scratch(MixShape s) { return std::int64_t{s.tokens} * s.rows * (2 * s.heads * s.head_width + 1); }
std::int64_t attention_residual_scratch(AttentionShape s) { return std::int64_t{s.tokens} * s.rows * s.heads * (4 * s.head_width + s.tokens); }

}  // namespace qs::kernels
