#include "engine/run/run_directory.h"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <unistd.h>

#include <cerrno>
#include <cmath>
#include <cstring>
#include <filesystem>
#include <regex>
#include <system_error>

#include "kernels/api/error.h"

namespace qs {

namespace fs = std::filesystem;

namespace {

// What a run makes. input.yaml is not among them: users may keep their own there.
constexpr const char* outputs[] = {file_names::results, file_names::checkpoint, file_names::previous_checkpoint,
                                   file_names::traces,  file_names::summary,    file_names::status,
                                   file_names::log};

void create(const std::string& path) {
  std::error_code error;
  fs::create_directories(path, error);
  if (error) {
    throw FileError(fmt::format("cannot create the output directory '{}' ({}); change output.directory or its permissions", path, error.message()));
  }
  if (::access(path.c_str(), W_OK | X_OK) != 0) {
    throw FileError(
        fmt::format("cannot write into the output directory '{}' ({}); change output.directory or its permissions", path, std::strerror(errno)));
  }
}

bool is_table(const fs::path& file) {
  static const std::regex name(R"([0-9]+_[a-z]+\.csv)");
  return std::regex_match(file.filename().string(), name);
}

// A file; of the folder of tables only the tables, and the folder if nothing else is in it.
void remove_file(const std::string& path) {
  std::error_code error;
  const bool folder = fs::is_directory(fs::symlink_status(path, error));
  if (folder) {
    for (const fs::directory_entry& entry : fs::directory_iterator(path, error))
      if (is_table(entry.path())) fs::remove(entry.path(), error);
    if (!error && !fs::is_empty(path, error)) return;
  }
  error.clear();
  fs::remove(path, error);
  if (error) throw FileError(fmt::format("cannot remove '{}' ({}); check the permissions of the directory", path, error.message()));
}

}  // namespace

RunDirectory::RunDirectory(std::string path, Existing existing) : path_(std::move(path)) {
  if (existing == Existing::resume && !fs::is_directory(path_)) {
    throw CheckpointError(fmt::format("there is no run directory '{}' to resume; start with `qstage-vmc run INPUT`", path_));
  }
  create(path_);
  lock_ = std::make_unique<RunLock>(path_);
  if (existing == Existing::resume && !has_checkpoint()) {
    throw CheckpointError(
        fmt::format("'{}' holds no checkpoint to resume from (the run ended before the first one); start over with --overwrite", path_));
  }
  resuming_ = existing == Existing::resume || (existing == Existing::resume_if_present && has_checkpoint());
  if (!resuming_) {
    if (const auto found = present(); existing == Existing::refuse && !found.empty()) {
      throw InputError(
          fmt::format("the output directory '{}' holds an earlier run ({}), which is never overwritten unasked; go on with `qstage-vmc resume {}` or "
                      "--continue, start over with --overwrite, or change output.directory",
                      path_, fmt::join(found, ", "), path_));
    }
    for (const char* name : outputs) remove_file(file(name));
    for (const char* name : {file_names::stop_request, file_names::checkpoint_request}) remove_file(file(name));
  }
}

bool RunDirectory::has_checkpoint() const { return fs::exists(file(file_names::checkpoint)) || fs::exists(file(file_names::previous_checkpoint)); }

std::vector<std::string> RunDirectory::present() const {
  std::vector<std::string> names;
  for (const char* name : outputs) {
    if (fs::exists(file(name))) names.emplace_back(name);
  }
  return names;
}

void RunDirectory::write_input(std::string_view resolved, std::string_view original) const {
  if (!resuming_) replace_file(file(file_names::original_input), original);
  replace_file(file(file_names::input), resolved);
}

std::string RunDirectory::trace_file(const std::string& group) const {
  const std::string folder = file(file_names::traces);
  std::error_code error;
  fs::create_directory(folder, error);
  if (!fs::is_directory(fs::symlink_status(folder, error)))
    throw FileError(
        fmt::format("cannot write the tables of the stages into '{}' (not a folder of this run); rename it or change output.directory", folder));
  sync_directory(path_);
  return fmt::format("{}/{}.csv", folder, group);
}

TraceFile::TraceFile(const std::string& path, const std::vector<std::string>& columns) : log_(path, -1, 0) {
  log_.append(fmt::format("{}", fmt::join(columns, ",")));
  sync_directory(fs::path(path).parent_path().string());
}

void TraceFile::append(const std::vector<double>& values) {
  std::string row;
  for (const double& value : values) {
    if (&value != values.data()) row += ',';
    if (std::isfinite(value)) row += fmt::format("{}", value);
  }
  log_.append(row);
}

}  // namespace qs
