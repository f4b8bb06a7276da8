#include <fcntl.h>
#include <fmt/format.h>
#include <signal.h>
#include <sys/file.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <charconv>
#include <cstdlib>
#include <string_view>

#include "engine/files/files.h"

namespace qs {
namespace {

constexpr std::size_t kLockTextLimit = 512;
constexpr const char* kLockTextStart = "host ";

std::string host_name() {
  std::array<char, 256> name{};
  if (::gethostname(name.data(), name.size() - 1) != 0) return "unknown";
  return name.data();
}

// The batch system's number of this job, for the message another job will print.
std::string job_id() {
  for (const char* variable : {"SLURM_JOB_ID", "PBS_JOBID", "LSB_JOBID", "JOB_ID"}) {
    if (const char* value = std::getenv(variable)) return value;
  }
  return "none";
}

// "" if nobody holds the lock or the text cannot be read.
std::string holder_text(int descriptor) {
  std::string text(kLockTextLimit, '\0');
  const ssize_t got = ::pread(descriptor, text.data(), text.size(), 0);
  text.resize(got > 0 ? static_cast<std::size_t>(got) : 0);
  while (!text.empty() && (text.back() == '\n' || text.back() == '\0')) text.pop_back();  // zeros: power was lost before the text reached the disk
  return text;
}

// Also the beginning of one, which a kill may leave.
bool is_lock_text(const std::string& text) {
  const std::string_view start = kLockTextStart;
  return text.starts_with(start) || start.starts_with(text);
}

// Only asked where flock does not exist. A job that ended properly has emptied the file.
bool holder_may_live(const std::string& text) {
  if (text.empty()) return false;
  if (text.rfind(fmt::format("{}{}, pid ", kLockTextStart, host_name()), 0) != 0) return true;
  const std::size_t number = text.find("pid ") + 4;
  pid_t pid = 0;
  const auto parsed = std::from_chars(text.data() + number, text.data() + text.size(), pid);
  if (parsed.ec != std::errc() || pid <= 0) return true;
  return ::kill(pid, 0) == 0 || errno == EPERM;
}

}  // namespace

RunLock::RunLock(const std::string& directory) {
  const std::string path = directory + "/" + file_name;
  Descriptor file = open_file(path, O_RDWR | O_CREAT, "create the lock");

  int reason = 0;
  while (::flock(file.number(), LOCK_EX | LOCK_NB) != 0 && (reason = errno) == EINTR) reason = 0;
  const bool unsupported = reason == ENOLCK || reason == ENOSYS || reason == EOPNOTSUPP;
  const std::string holder = holder_text(file.number());
  if (reason == EWOULDBLOCK || (unsupported && holder_may_live(holder))) {
    throw FileError(fmt::format("'{}' is in use by another run ({}); wait for it, stop it, or choose another output.directory{}", directory,
                                holder.empty() ? "which has not yet written its name" : holder,
                                unsupported ? "; if that run is dead, remove run.lock" : ""));
  }
  if (reason != 0 && !unsupported) throw system_error("lock", path, reason);
  if (!is_lock_text(holder))
    throw FileError(fmt::format("cannot use '{}' as the lock: it holds a text that this program did not write; move it away", path));

  const std::string text = fmt::format("{}{}, pid {}, job {}\n", kLockTextStart, host_name(), ::getpid(), job_id()).substr(0, kLockTextLimit);
  if (::ftruncate(file.number(), 0) != 0) throw system_error("write the lock", path, errno);
  write_all(file.number(), std::as_bytes(std::span(text)), path);
  descriptor_ = std::move(file);
}

RunLock::~RunLock() {
  // The file stays: removing it would let a third job lock a name that a second one has open already.
  [[maybe_unused]] const int ignored = ::ftruncate(descriptor_.number(), 0);
}

}  // namespace qs
