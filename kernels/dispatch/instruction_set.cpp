#include "kernels/dispatch/instruction_set.h"

#include <algorithm>
#include <cstdlib>
#include <string>

#include "engine/base/error.h"
#include "kernels/api/device.h"

namespace qs {

InstructionSet supported_instruction_set() {
  __builtin_cpu_init();
  const bool avx2 = __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
  const bool avx512 = avx2 && __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512bw") &&
                      __builtin_cpu_supports("avx512vl");
  if (avx512) return InstructionSet::avx512;
  return avx2 ? InstructionSet::avx2 : InstructionSet::baseline;
}

InstructionSet choose_instruction_set(InstructionSet supported, const char* requested) {
  if (requested == nullptr || *requested == '\0') return supported;
  for (const InstructionSet set : {InstructionSet::baseline, InstructionSet::avx2, InstructionSet::avx512}) {
    if (std::string(requested) == name_of(set)) return std::min(set, supported);
  }
  throw InputError("QSTAGE_ISA is '" + std::string(requested) + "' (no such instruction set); use baseline, avx2 or avx512, or unset it");
}

InstructionSet active_instruction_set() {
  static const InstructionSet set = choose_instruction_set(supported_instruction_set(), std::getenv("QSTAGE_ISA"));
  return set;
}

const char* name_of(InstructionSet set) {
  switch (set) {
    case InstructionSet::avx512:
      return "avx512";
    case InstructionSet::avx2:
      return "avx2";
    case InstructionSet::baseline:
      return "baseline";
  }
  return "baseline";
}

std::string cpu_instruction_set() { return name_of(active_instruction_set()); }

}  // namespace qs
