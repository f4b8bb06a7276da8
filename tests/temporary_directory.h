// A directory of its own for one test, and a clock that moves by hand.
#pragma once

#include <gtest/gtest.h>
#include <stdlib.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <memory>
#include <string>

#include "engine/job/clock.h"

namespace qs {

class TemporaryDirectory {
 public:
  TemporaryDirectory() {
    path_ = (std::filesystem::temp_directory_path() / "qstage_run_XXXXXX").string();
    if (::mkdtemp(path_.data()) == nullptr) throw std::runtime_error("mkdtemp failed");
  }
  ~TemporaryDirectory() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  TemporaryDirectory(const TemporaryDirectory&) = delete;
  TemporaryDirectory& operator=(const TemporaryDirectory&) = delete;
  std::string file(const std::string& name) const { return path_ + "/" + name; }
  const std::string& path() const { return path_; }

 private:
  std::string path_;
};

inline std::string content(const std::string& path) {
  std::ifstream stream(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(stream), {}};
}

inline void put(const std::string& path, const std::string& text) { std::ofstream(path, std::ios::binary) << text; }

struct HandClock {
  std::shared_ptr<double> now = std::make_shared<double>(1000);
  static constexpr std::int64_t epoch = 1765445400;  // 2025-12-11T09:30:00Z, shown when now = 1000
  Clock clock() const {
    const auto time = now;
    return {.seconds = [time] { return *time; }, .unix_seconds = [time] { return epoch + static_cast<std::int64_t>(*time) - 1000; }};
  }
  void advance(double seconds) const { *now += seconds; }
};

}  // namespace qs
