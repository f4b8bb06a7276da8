// What the parts of the plan share.
#pragma once

#include <filesystem>
#include <string>

namespace qs {

// A path that the input names starts from the folder of the input.
inline std::string resolve_path(const std::string& path, const std::string& directory) {
  const std::filesystem::path given(path);
  return given.is_absolute() || directory.empty() ? path : (std::filesystem::path(directory) / given).string();
}

}  // namespace qs
