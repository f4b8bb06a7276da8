// The tensors of a wavefunction as weight files name them.
#pragma once

#include <vector>

#include "engine/wavefunctions/parameters.h"
#include "engine/weights/weights.h"

namespace qs {

inline std::vector<TensorShape> tensor_shapes(const ParameterLayout& layout) {
  std::vector<TensorShape> shapes;
  for (const ParameterSlice& slice : layout.slices) shapes.push_back({slice.path, slice.shape});
  return shapes;
}

}  // namespace qs
