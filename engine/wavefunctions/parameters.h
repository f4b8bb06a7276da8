// One flat buffer plus named slices. Master copy in float64 whatever the network's precision.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace qs {

struct ParameterSlice {
  std::string path;                 // "Encoder_0/layers_0/attn/v/kernel"
  std::vector<std::int64_t> shape;  // C order
  std::int64_t offset = 0;          // into the flat buffer
  std::int64_t count = 0;
};

struct ParameterLayout {
  std::vector<ParameterSlice> slices;
  std::int64_t total = 0;

  // Appends a slice at the end and returns its offset.
  std::int64_t add(std::string path, std::vector<std::int64_t> shape);
  const ParameterSlice* find(const std::string& path) const;  // nullptr if absent
};

}  // namespace qs
