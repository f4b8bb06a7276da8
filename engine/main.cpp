#include "engine/cli/blas_core.h"
#include "engine/cli/cli.h"

int main(int argc, char** argv) {
  qs::prefer_wide_blas_kernels(argv);
  return qs::command_line(argc, argv);
}
