#include "engine/cli/blas_core.h"

#include <unistd.h>

#include <cstdlib>

#include "engine/base/error.h"
#include "kernels/api/device.h"

namespace qs {

void prefer_wide_blas_kernels(char** argv) {
  constexpr const char* variable = "OPENBLAS_CORETYPE";
  if (std::getenv(variable) != nullptr) return;
  try {
    if (cpu_instruction_set() != "avx512") return;
  } catch (const InputError&) {
    return;  // QSTAGE_ISA names no instruction set: reported with the other errors
  }
  if (setenv(variable, "SKYLAKEX", 0) == 0) execv("/proc/self/exe", argv);
}

}  // namespace qs
