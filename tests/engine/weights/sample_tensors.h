// Tensors of every type with random bytes, and files in which single lengths are wrong.
#pragma once

#include <cstring>
#include <random>
#include <string>

#include "engine/weights/tensors.h"

namespace qs::test {

inline std::vector<std::byte> bytes_of(std::string_view text) {
  const auto bytes = std::as_bytes(std::span(text));
  return {bytes.begin(), bytes.end()};
}

inline NamedTensor random_tensor(std::string name, TensorType type, std::vector<std::int64_t> shape, unsigned seed) {
  NamedTensor tensor{std::move(name), type, std::move(shape), {}};
  tensor.bytes.resize(byte_count(type, tensor.shape).value());
  std::mt19937 engine(seed);
  for (std::byte& byte : tensor.bytes) byte = static_cast<std::byte>(engine());
  return tensor;
}

// Every type, in an order that is not alphabetical, with a scalar, an empty tensor and many axes.
inline TensorFile sample_tensors() {
  TensorFile file;
  for (const TensorTypeEntry& entry : tensor_types()) {
    file.tensors.push_back(random_tensor(std::string("params/zeta/") + entry.name, entry.type, {3, 5}, static_cast<unsigned>(entry.type)));
  }
  file.tensors.push_back(random_tensor("params/alpha/scalar", TensorType::float64, {}, 90));
  file.tensors.push_back(random_tensor("params/alpha/empty", TensorType::float32, {4, 0, 2}, 91));
  file.tensors.push_back(random_tensor("params/alpha/axes", TensorType::bfloat16, {1, 2, 1, 3, 1, 2}, 92));
  file.tensors.push_back(random_tensor("params/alpha/long", TensorType::complex64, {300}, 93));
  return file;
}

}  // namespace qs::test
