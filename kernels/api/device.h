// Where primitives run. The device is a run-time value; algorithms pass it on and never branch on it.
#pragma once

#include <string>

namespace qs {

// reference: one thread, plain loops, the specification. cpu: SIMD, chosen at run time. cuda: absent builds throw NotBuilt.
enum class Device { reference, cpu, cuda };

// Rows innermost: the batch index of an activation is its fastest index, padded to a multiple of this many rows
// (one SIMD register of the widest supported instruction set; 16 float32 or 8 float64).
template <class Real>
constexpr int lane_multiple() {
  return 64 / static_cast<int>(sizeof(Real));
}

// Instruction set the cpu device dispatches to on this machine: "avx512", "avx2" or "baseline". QSTAGE_ISA=avx2|baseline in the
// environment lowers it (for tests and for comparing machines bit by bit).
std::string cpu_instruction_set();

}  // namespace qs
