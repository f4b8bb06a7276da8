#include "engine/hdf5/hdf5_handle.h"

#include <complex>
#include <cstdlib>

#include "engine/base/error.h"
#include "engine/base/resources.h"

namespace qs::hdf5 {
namespace {

// The walk goes from the place of failure upwards; the first entry knows most.
herr_t keep_innermost(unsigned depth, const H5E_error2_t* error, void* text) {
  if (depth == 0 && error->desc != nullptr) *static_cast<std::string*>(text) = error->desc;
  return 0;
}

}  // namespace

QuietErrors::QuietErrors() {
  H5Eget_auto2(H5E_DEFAULT, &function_, &data_);
  H5Eset_auto2(H5E_DEFAULT, nullptr, nullptr);
}

QuietErrors::~QuietErrors() { H5Eset_auto2(H5E_DEFAULT, function_, data_); }

void require_memory(std::size_t bytes) {
  constexpr std::size_t own_needs = std::size_t{4} << 20;
  void* memory = std::malloc(bytes + own_needs);
  if (memory == nullptr)
    throw OutOfResources("no memory for the HDF5 library (" + std::to_string(bytes + own_needs) +
                         " bytes are wanted); raise the limit (ulimit -v, or the memory of the job)");
  asm volatile("" : : "g"(memory) : "memory");  // or the compiler takes the pair away
  std::free(memory);
}

void fail(const std::string& action) {
  std::string reason = "no reason given";
  H5Ewalk2(H5E_DEFAULT, H5E_WALK_UPWARD, keep_innermost, &reason);
  throw FileError("cannot " + action + " (HDF5: " + reason + ")");
}

Handle complex_type() {
  Handle type(H5Tcreate(H5T_COMPOUND, sizeof(std::complex<double>)), H5Tclose, "create the complex type");
  checked(H5Tinsert(type, "r", 0, H5T_NATIVE_DOUBLE), "create the complex type");
  checked(H5Tinsert(type, "i", sizeof(double), H5T_NATIVE_DOUBLE), "create the complex type");
  return type;
}

}  // namespace qs::hdf5
