// A build without CUDA has no table to offer.
#include "engine/base/error.h"
#include "kernels/dispatch/linear_algebra_tables.h"

namespace qs::kernels::cuda {

template <class Real>
const ProductTable<Real>& product_table() {
  throw NotBuilt("cuda");
}
template const ProductTable<float>& product_table<float>();
template const ProductTable<double>& product_table<double>();

template <class Real>
const GramTable<Real>& gram_table() {
  throw NotBuilt("cuda");
}
template const GramTable<float>& gram_table<float>();
template const GramTable<double>& gram_table<double>();

const SolverTable& solver_table() { throw NotBuilt("cuda"); }

}  // namespace qs::kernels::cuda
