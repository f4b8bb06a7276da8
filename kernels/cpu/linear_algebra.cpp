// Products and solvers on OpenBLAS and LAPACKE; the Gram products are in gram_product.cpp. OpenBLAS changes the bits of a product with its own thread
// count, so it runs on one thread; our threads call it on whole tiles. Memory bounds what is left to the plain loops of reference.
#include <cblas.h>
#include <lapacke.h>
#include <sys/mman.h>

#include <atomic>
#include <cmath>
#include <cstddef>
#include <limits>
#include <mutex>
#include <new>
#include <type_traits>

#include "engine/base/error.h"
#include "engine/base/resources.h"
#include "kernels/dispatch/tables.h"

namespace qs::kernels::cpu {
namespace {

// A call of OpenBLAS that is in progress. Each takes a work buffer; where the system has no memory for one, OpenBLAS asks again for ever
// (blas_memory_alloc, driver/others/memory.c of 0.3.21). Buffers stay with the library, so only a call that is one more at a time than ever before
// has to ask first.
class BlasCall {
 public:
  BlasCall() {
    static const bool one_thread = (openblas_set_num_threads(1), true);
    static_cast<void>(one_thread);
    const int calls = ++in_progress();
    if (calls > buffers()) reserve(calls);
  }
  ~BlasCall() { --in_progress(); }
  BlasCall(const BlasCall&) = delete;
  BlasCall& operator=(const BlasCall&) = delete;

 private:
  static std::atomic<int>& in_progress() {
    static std::atomic<int> calls{0};
    return calls;
  }
  static std::atomic<int>& buffers() {
    static std::atomic<int> count{0};
    return count;
  }
  static void reserve(int calls) {
    constexpr std::size_t buffer = (std::size_t{128} << 20) + (std::size_t{1} << 20);  // BUFFER_SIZE of common_x86_64.h, and what surrounds it
    static std::mutex one_at_a_time;
    const std::lock_guard lock(one_at_a_time);
    if (calls <= buffers()) return;
    void* memory = ::mmap(nullptr, buffer, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (memory == MAP_FAILED) {
      --in_progress();
      throw OutOfResources(
          "no memory for the work buffer of OpenBLAS (128 MiB of addresses for each thread that calls it); raise the limit (ulimit -v, or that of "
          "the job) or lower `threads`");
    }
    ::munmap(memory, buffer);
    buffers() = calls;
  }
};

int blas_int(std::int64_t value) {
  QS_ASSERT(value >= 0 && value <= std::numeric_limits<int>::max());
  return static_cast<int>(value);
}

CBLAS_TRANSPOSE blas(Transpose transpose) { return transpose == Transpose::no ? CblasNoTrans : CblasTrans; }

// Of two functions of a library the one of Real.
template <class Real, class Single, class Double>
auto choose(Single of_float32, Double of_float64) {
  if constexpr (std::is_same_v<Real, float>)
    return of_float32;
  else
    return of_float64;
}

template <class Real>
void gemm(Transpose ta, Transpose tb, std::int64_t m, std::int64_t n, std::int64_t k, Real alpha, const Real* a, std::int64_t lda, const Real* b,
          std::int64_t ldb, Real beta, Real* c, std::int64_t ldc) {
  if (m == 0 || n == 0) return;
  const BlasCall call;
  const auto product = choose<Real>(cblas_sgemm, cblas_dgemm);
  product(CblasRowMajor, blas(ta), blas(tb), blas_int(m), blas_int(n), blas_int(k), alpha, a, blas_int(lda), b, blas_int(ldb), beta, c,
          blas_int(ldc));
}

// Row-major lower is LAPACK's (column-major) upper. The _work variants skip LAPACKE's own search for NaN, which would hide the pivot.
template <class Real>
std::int64_t cholesky(std::int64_t n, Real* a, std::int64_t lda) {
  const BlasCall call;
  const auto factorise = choose<Real>(LAPACKE_spotrf_work, LAPACKE_dpotrf_work);
  const std::int64_t info = factorise(LAPACK_COL_MAJOR, 'U', blas_int(n), a, blas_int(lda));
  QS_ASSERT(info >= 0);
  if (info > 0) return info;
  for (std::int64_t i = 0; i < n; ++i) {
    if (!(a[i * lda + i] > 0) || !std::isfinite(a[i * lda + i])) return i + 1;
  }
  return 0;
}

template <class Real>
void cholesky_solve(std::int64_t n, const Real* factor, std::int64_t lda, Real* b) {
  const BlasCall call;
  const auto solve = choose<Real>(cblas_strsv, cblas_dtrsv);
  for (const CBLAS_TRANSPOSE transpose : {CblasNoTrans, CblasTrans}) {
    solve(CblasRowMajor, CblasLower, transpose, CblasNonUnit, blas_int(n), factor, blas_int(lda), b, 1);
  }
}

std::int64_t eigen(std::int64_t n, double* a, std::int64_t lda, double* values) {
  if (n == 0) return 0;
  const BlasCall call;
  const lapack_int info = LAPACKE_dsyevd(LAPACK_COL_MAJOR, 'V', 'U', blas_int(n), a, blas_int(lda), values);  // columns of column-major are our rows
  if (info == LAPACK_WORK_MEMORY_ERROR) throw std::bad_alloc();
  return info;
}

template <class Real>
void install_matrices(MatrixTable<Real>& table) {
  table.gemm = gemm<Real>;
  table.cholesky = cholesky<Real>;
  table.cholesky_solve = cholesky_solve<Real>;
}

}  // namespace

void install(Tables& tables) {
  install_matrices<float>(tables);
  install_matrices<double>(tables);
  tables.eigen = eigen;
}

}  // namespace qs::kernels::cpu
