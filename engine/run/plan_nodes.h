// Short ways from input nodes to values, for the parts of the plan.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "engine/input/input.h"

namespace qs {

inline std::vector<std::string> texts(const input::Node& list) {
  std::vector<std::string> words;
  for (const input::Node& item : list.items()) words.push_back(item.text());
  return words;
}

// A path that the input names starts from the folder of the input.
inline std::string resolve_path(const std::string& path, const std::string& directory) {
  const std::filesystem::path given(path);
  return given.is_absolute() || directory.empty() ? path : (std::filesystem::path(directory) / given).string();
}

}  // namespace qs
