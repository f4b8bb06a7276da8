#include "engine/run/run_directory.h"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cmath>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <regex>
#include <system_error>

#include "engine/base/error.h"

namespace qs {

namespace fs = std::filesystem;

namespace {

// From which a finished stage of the old run would go on.
bool is_end_of_stage(std::string_view name) { return name.starts_with("checkpoint.") && name.ends_with(end_of_stage("") + ".h5"); }

bool is_below(const fs::path& path, const fs::path& root) {
  return std::mismatch(root.begin(), root.end(), path.begin(), path.end()).first == root.end();
}

// Why `folder` can hold no run, "" if it can. A run fills its folder with files of fixed names and --overwrite removes them again.
std::string why_not_ours(const fs::path& folder) {
  if (folder == folder.root_path()) return "the root of the file system";
  for (const char* system : {"/bin", "/boot", "/etc", "/lib", "/lib64", "/proc", "/sbin", "/sys", "/usr"})
    if (is_below(folder, system)) return "a folder of the operating system";
  if (folder == "/dev") return "a folder of the operating system";
  if (const char* home = std::getenv("HOME"); home && is_below(fs::path(home), folder)) return "your home directory or a folder above it";
  struct stat status {};
  if (::stat(folder.c_str(), &status) == 0 && (status.st_mode & S_ISVTX) && (status.st_mode & S_IWOTH)) return "shared by all users of this machine";
  return "";
}

void refuse_foreign_folder(const std::string& path) {
  std::error_code unresolved;
  const fs::path folder = fs::weakly_canonical(fs::absolute(path), unresolved);
  const std::string reason = why_not_ours(unresolved ? fs::absolute(path) : folder);
  if (reason.empty()) return;
  throw InputError(fmt::format("output.directory '{}' is {}, where no run may put its files; choose a folder of its own, such as '{}'", path, reason,
                               (fs::path(path) / "run").string()));
}

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

// A file or a link; of the folder of tables the tables, and then the folder if nothing else is in it.
void remove_output(const std::string& path) {
  std::error_code absent;
  if (fs::is_directory(fs::symlink_status(path, absent))) {
    for (const fs::directory_entry& entry : fs::directory_iterator(path))
      if (is_table(entry.path())) remove_output(entry.path().string());
    if (::rmdir(path.c_str()) == 0 || errno == ENOTEMPTY || errno == EEXIST) return;
  } else if (::unlink(path.c_str()) == 0 || errno == ENOENT) {
    return;
  }
  throw FileError(fmt::format("cannot remove '{}' ({}); check the permissions of the directory", path, std::strerror(errno)));
}

}  // namespace

RunDirectory::RunDirectory(std::string path, Existing existing) : path_(std::move(path)) {
  if (existing == Existing::resume && !fs::is_directory(path_)) {
    throw CheckpointError(fmt::format("there is no run directory '{}' to resume; start with `qstage-vmc run INPUT`", path_));
  }
  refuse_foreign_folder(path_);
  create(path_);
  // Without a checkpoint `--continue` starts over what a run left, not what somebody else put there.
  const bool may_go = existing == Existing::overwrite || (existing == Existing::resume_if_present && fs::exists(file(RunLock::file_name)));
  const Outputs old = may_go ? Outputs::may_go : Outputs::stay;
  judge(existing, old);  // before the lock leaves a trace in a folder of somebody else
  lock_ = std::make_unique<RunLock>(path_);
  remove_stale_temporaries(path_, is_run_file);
  judge(existing, old);
  resuming_ = existing == Existing::resume || (existing == Existing::resume_if_present && has_checkpoint());
}

void RunDirectory::judge(Existing existing, Outputs old) const {
  if (existing == Existing::resume && !has_checkpoint()) {
    throw CheckpointError(
        fmt::format("'{}' holds no checkpoint to resume from (the run ended before the first one); start over with --overwrite", path_));
  }
  const bool goes_on = existing == Existing::resume || (existing == Existing::resume_if_present && has_checkpoint());
  if (const auto names = present(); !goes_on && old == Outputs::stay && !names.empty()) {
    throw InputError(
        fmt::format("the output directory '{}' holds an earlier run ({}), which is never overwritten unasked; go on with `qstage-vmc resume {}` or "
                    "--continue, start over with --overwrite, or change output.directory",
                    path_, fmt::join(names, ", "), path_));
  }
}

bool RunDirectory::has_checkpoint() const { return fs::exists(file(file_names::checkpoint)) || fs::exists(file(file_names::previous_checkpoint)); }

std::vector<std::string> RunDirectory::present() const {
  std::vector<std::string> names;
  for (const char* name : run_outputs) {
    if (fs::exists(file(name))) names.emplace_back(name);
  }
  return names;
}

void RunDirectory::begin(std::string_view copy, std::string_view original) const {
  constexpr std::size_t limit = 16 << 20;
  const std::string input = file(file_names::input);
  const bool there = fs::exists(fs::symlink_status(input)), users = there && read_text(input, limit) == original;
  // Beside outputs it is the copy that their run has made.
  if (there && !users && !resuming_ && present().empty())
    throw InputError(fmt::format(
        "'{}' is not the input of this run and no run has written it, so it is not replaced; move it, or change output.directory", input));
  if (!users) replace_file(input, copy);
  if (resuming_) return;
  replace_file(file(file_names::original_input), original);
  for (const char* name : run_outputs) remove_output(file(name));
  for (const auto& entry : fs::directory_iterator(path_)) {
    if (is_end_of_stage(entry.path().filename().string())) remove_output(entry.path().string());
  }
  for (const char* name : {file_names::stop_request, file_names::checkpoint_request}) remove_output(file(name));
  sync_directory(path_);  // nothing of the new run may reach the disk before the old one has left it, or before the lock
}

std::string RunDirectory::folder(const std::string& name) const {
  const fs::path root = fs::canonical(path_);
  fs::path at = root;
  for (const fs::path& part : fs::path(name)) {
    at /= part;
    std::error_code error;
    fs::create_directory(at, error);
    const fs::path real = error ? fs::path() : fs::canonical(at, error);
    if (error) throw FileError(fmt::format("cannot create the folder '{}' ({}); choose another name", at.string(), error.message()));
    if (!is_below(real, root))
      throw FileError(
          fmt::format("'{}' is a link that leads out of the output directory '{}'; remove it or choose another name", at.string(), path_));
  }
  return at.string();
}

std::string RunDirectory::trace_file(const std::string& group) const {
  folder(file_names::traces);
  sync_directory(path_);
  return fmt::format("{}/{}.csv", file(file_names::traces), group);
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
