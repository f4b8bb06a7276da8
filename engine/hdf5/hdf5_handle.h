// Inside engine/hdf5 only: HDF5 identifiers that close themselves, and errors that become FileError instead of text on stderr.
#pragma once

#include <hdf5.h>

#include <cstddef>
#include <string>
#include <utility>

namespace qs::hdf5 {

// Keeps HDF5 from printing its error stack while it lives.
class QuietErrors {
 public:
  QuietErrors();
  ~QuietErrors();
  QuietErrors(const QuietErrors&) = delete;
  QuietErrors& operator=(const QuietErrors&) = delete;

 private:
  H5E_auto2_t function_ = nullptr;
  void* data_ = nullptr;
};

// HDF5 1.10 crashes (H5CX_pop) or calls exit(-1) (H5I_register) where memory is refused to it. So ask first: OutOfResources if there are not as
// many bytes, and what it needs for itself.
void require_memory(std::size_t bytes);
// Throws FileError "cannot <action>: <innermost message of the library's error stack>".
[[noreturn]] void fail(const std::string& action);
// Return what HDF5 returned unless it is negative, which means failure for every kind of return value.
template <typename T>
T checked(T value, const std::string& action) {
  if (value < 0) fail(action);
  return value;
}

class Handle {
 public:
  using Closer = herr_t (*)(hid_t);
  Handle(hid_t id, Closer closer, const std::string& action) : id_(checked(id, action)), closer_(closer) {}
  Handle(Handle&& other) noexcept : id_(std::exchange(other.id_, -1)), closer_(other.closer_) {}
  Handle& operator=(Handle&&) = delete;
  ~Handle() {
    if (id_ >= 0) closer_(id_);
  }
  operator hid_t() const { return id_; }  // so that a handle can be passed to the C interface

 private:
  hid_t id_;
  Closer closer_;
};

Handle complex_type();  // compound {double r; double i}, as h5py writes complex128

}  // namespace qs::hdf5
