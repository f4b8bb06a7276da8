// `report` hands over to the Python program in tools/report: this side draws nothing.
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>

#include "engine/base/error.h"
#include "engine/cli/commands.h"

namespace qs {
namespace {

constexpr const char* packages = "on Debian: apt-get install python3-numpy python3-h5py python3-matplotlib";

// PREFIX/bin/qstage-vmc has it in PREFIX/share; a build that was not installed takes it from the sources.
std::string program() {
  std::error_code unknown;
  const std::filesystem::path executable = std::filesystem::read_symlink("/proc/self/exe", unknown);
  const std::filesystem::path installed = executable.parent_path().parent_path() / QS_REPORT_INSTALLED;
  for (const std::filesystem::path& place : {installed, std::filesystem::path(QS_REPORT_SOURCE)})
    if (std::filesystem::exists(place / "__main__.py")) return place.string();
  throw FileError("the report program is not in " + installed.string() + " or " QS_REPORT_SOURCE " (moved after the installation?); install again");
}

}  // namespace

int report_command(const Line& line, const Arguments&) {
  std::vector<std::string> words = {"python3", program()};
  if (const std::string output = line.text("-o"); !output.empty()) words.insert(words.end(), {"-o", output});
  words.emplace_back("--");
  words.insert(words.end(), line.directories.begin(), line.directories.end());
  std::vector<char*> pointers;
  for (std::string& word : words) pointers.push_back(word.data());
  pointers.push_back(nullptr);
  ::execvp(pointers[0], pointers.data());  // its exit code becomes ours
  throw InputError(std::string("cannot start python3, which draws the report (") + std::strerror(errno) + "); " + packages);
}

}  // namespace qs
