// Picks the device's table and forwards.
#include "kernels/api/linear_algebra.h"

#include "engine/base/error.h"
#include "kernels/dispatch/instruction_set.h"
#include "kernels/dispatch/linear_algebra_tables.h"

namespace qs::kernels {
namespace {

template <class Real>
const ProductTable<Real>& products(Device device) {
  switch (device) {
    case Device::reference:
      return reference::product_table<Real>();
    case Device::cpu:
      return cpu::product_table<Real>();
    case Device::cuda:
      return cuda::product_table<Real>();
  }
  throw NotBuilt("the requested device");
}

template <class Real>
const GramTable<Real>& cpu_grams() {
  switch (active_instruction_set()) {
    case InstructionSet::avx512:
      return avx512::gram_table<Real>();
    case InstructionSet::avx2:
      return avx2::gram_table<Real>();
    case InstructionSet::baseline:
      return baseline::gram_table<Real>();
  }
  return baseline::gram_table<Real>();
}

template <class Real>
const GramTable<Real>& grams(Device device) {
  switch (device) {
    case Device::reference:
      return reference::gram_table<Real>();
    case Device::cpu:
      return cpu_grams<Real>();
    case Device::cuda:
      return cuda::gram_table<Real>();
  }
  throw NotBuilt("the requested device");
}

const SolverTable& solvers(Device device) {
  switch (device) {
    case Device::reference:
      return reference::solver_table();
    case Device::cpu:
      return cpu::solver_table();
    case Device::cuda:
      return cuda::solver_table();
  }
  throw NotBuilt("the requested device");
}

}  // namespace

template <class Real>
void gemm(Device device, Transpose ta, Transpose tb, std::int64_t m, std::int64_t n, std::int64_t k, Real alpha, const Real* a, std::int64_t lda,
          const Real* b, std::int64_t ldb, Real beta, Real* c, std::int64_t ldc) {
  products<Real>(device).gemm(ta, tb, m, n, k, alpha, a, lda, b, ldb, beta, c, ldc);
}

std::int64_t gram_strip(Device device) { return grams<double>(device).strip; }

template <class Real>
void gram_tiles(Device device, Arithmetic arithmetic, GramFactor<Real> a, std::int64_t strip, const GramTile* tiles, std::int64_t count) {
  grams<Real>(device).gram_tiles(arithmetic, a, strip, tiles, count);
}

std::int64_t cholesky(Device device, std::int64_t n, double* a, std::int64_t lda) { return solvers(device).cholesky(n, a, lda); }

void cholesky_solve(Device device, std::int64_t n, const double* factor, std::int64_t lda, double* b) {
  solvers(device).cholesky_solve(n, factor, lda, b);
}

std::int64_t cholesky_float32(Device device, std::int64_t n, double* a, std::int64_t lda) { return solvers(device).cholesky_float32(n, a, lda); }

void cholesky_float32_solve(Device device, std::int64_t n, const double* factor, std::int64_t lda, double* b) {
  solvers(device).cholesky_float32_solve(n, factor, lda, b);
}

std::int64_t symmetric_eigen(Device device, std::int64_t n, double* a, std::int64_t lda, double* values) {
  return solvers(device).symmetric_eigen(n, a, lda, values);
}

void set_diagonal(Device device, std::int64_t n, const double* diagonal, double* a, std::int64_t lda) {
  solvers(device).set_diagonal(n, diagonal, a, lda);
}

void mirror_upper(Device device, std::int64_t n, double* a, std::int64_t lda) { solvers(device).mirror_upper(n, a, lda); }

void symmetric_multiply(Device device, std::int64_t n, const double* a, std::int64_t lda, const double* diagonal, const double* x, double* y) {
  solvers(device).symmetric_multiply(n, a, lda, diagonal, x, y);
}

template void gemm(Device, Transpose, Transpose, std::int64_t, std::int64_t, std::int64_t, float, const float*, std::int64_t, const float*,
                   std::int64_t, float, float*, std::int64_t);
template void gemm(Device, Transpose, Transpose, std::int64_t, std::int64_t, std::int64_t, double, const double*, std::int64_t, const double*,
                   std::int64_t, double, double*, std::int64_t);
template void gram_tiles(Device, Arithmetic, GramFactor<float>, std::int64_t, const GramTile*, std::int64_t);
template void gram_tiles(Device, Arithmetic, GramFactor<double>, std::int64_t, const GramTile*, std::int64_t);

}  // namespace qs::kernels
