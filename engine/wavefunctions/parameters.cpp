#include "engine/wavefunctions/parameters.h"

#include <algorithm>
#include <functional>
#include <numeric>
#include <utility>

#include "engine/base/error.h"

namespace qs {

std::int64_t ParameterLayout::add(std::string path, std::vector<std::int64_t> shape) {
  QS_ASSERT(find(path) == nullptr);
  const std::int64_t count = std::accumulate(shape.begin(), shape.end(), std::int64_t{1}, std::multiplies<>());
  const std::int64_t offset = total;
  slices.push_back({.path = std::move(path), .shape = std::move(shape), .offset = offset, .count = count});
  total += count;
  return offset;
}

const ParameterSlice* ParameterLayout::find(const std::string& path) const {
  const auto found = std::find_if(slices.begin(), slices.end(), [&](const ParameterSlice& slice) { return slice.path == path; });
  return found == slices.end() ? nullptr : &*found;
}

}  // namespace qs
