// The header of a numpy array file (.npy, format 1 to 3): magic, version, length, and a Python dictionary of descr, fortran_order and shape.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <stdexcept>
#include <string>
#include <vector>

#include "engine/io/tensors.h"

namespace qs {

struct NpyHeader {
  TensorType type = TensorType::float64;
  std::vector<std::int64_t> shape;
  bool column_major = false;  // fortran_order
  std::size_t bytes = 0;      // length of the header; the data begin there
};

struct NpyError : std::runtime_error {
  using std::runtime_error::runtime_error;
};

// NpyError: the problem, without the file. Little-endian numbers only; V2 is bfloat16, which numpy stores so.
NpyHeader parse_npy_header(std::span<const std::byte> bytes);
// As numpy.save writes it: version 1, padded so that the data begin at a multiple of 64 bytes.
std::string npy_header(TensorType type, std::span<const std::int64_t> shape);

}  // namespace qs
