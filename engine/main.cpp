#include "engine/cli/blas_core.h"
#include "engine/cli/cli.h"
#include "engine/job/signals.h"

int main(int argc, char** argv) {
  const qs::EarlySignals signals(argc, argv);
  qs::prefer_wide_blas_kernels(argv);
  signals.deliver();
  return qs::command_line(argc, argv);
}
