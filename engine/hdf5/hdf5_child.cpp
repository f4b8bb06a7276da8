#include "engine/hdf5/hdf5_child.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <fstream>
#include <new>

#include "engine/base/error.h"
#include "engine/files/descriptor.h"
#include "engine/hdf5/hdf5.h"
#include "engine/hdf5/tree_stream.h"

namespace qs {
namespace {

using Clock = std::chrono::steady_clock;

constexpr int kOutOfMemory = static_cast<int>(ExitCode::memory);  // exit code of the child
enum class Answer : char { tree = 't', refusal = 'r' };           // what the child says first

// --- the child
// ----------------------------------------------------------------------------------------------------------------------------------------

// Private writable memory may grow by `growth`. Relative to what there is, so that it holds beside large parents and under sanitizers.
void limit_memory(std::size_t growth) {
  std::array<std::size_t, 6> pages{};  // size, resident, shared, text, unused, data and stack
  std::ifstream status("/proc/self/statm");
  for (std::size_t& count : pages) status >> count;
  if (!status) throw FileError("cannot read /proc/self/statm, which tells how much memory is in use");
  struct rlimit limit {};
  ::getrlimit(RLIMIT_DATA, &limit);
  limit.rlim_cur = std::min<rlim_t>(limit.rlim_max, pages.back() * static_cast<std::size_t>(::sysconf(_SC_PAGESIZE)) + growth);
  if (::setrlimit(RLIMIT_DATA, &limit) != 0) throw system_error("limit the memory of", "a child process", errno);
}

// The child ends with its parent, dies of signals without the parent's handlers, leaves no core and says nothing.
void become_harmless(pid_t parent) {
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (::getppid() != parent) ::_exit(0);  // the parent died before the line above
  for (const int signal : {SIGTERM, SIGINT, SIGHUP, SIGUSR1, SIGUSR2, SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT, SIGPIPE}) {
    std::signal(signal, SIG_DFL);
  }
  const struct rlimit no_core {};
  ::setrlimit(RLIMIT_CORE, &no_core);
  const int nowhere = ::open("/dev/null", O_RDWR);
  ::dup2(nowhere, STDOUT_FILENO);
  ::dup2(nowhere, STDERR_FILENO);
}

void send(int outlet, Answer answer) {
  const auto letter = static_cast<std::byte>(answer);
  write_all(outlet, std::span(&letter, 1), "pipe");
}

[[noreturn]] void serve(const std::vector<std::byte>& image, const std::string& name, int outlet, std::size_t memory) {
  try {
    limit_memory(memory);
    const DataTree tree = from_hdf5_image(image, name);
    send(outlet, Answer::tree);
    send_tree(tree, [&](std::span<const std::byte> bytes) { write_all(outlet, bytes, "pipe"); });
  } catch (const Error& error) {
    const std::string_view text = error.what();
    send(outlet, Answer::refusal);
    write_all(outlet, std::as_bytes(std::span(text)), "pipe");
  } catch (const std::bad_alloc&) {
    ::_exit(kOutOfMemory);
  }
  ::_exit(0);
}

// --- the parent
// ---------------------------------------------------------------------------------------------------------------------------------------

// Ended and waited for, whatever happens.
class Child {
 public:
  explicit Child(pid_t id) : id_(id) {}
  Child(const Child&) = delete;
  Child& operator=(const Child&) = delete;
  ~Child() {
    if (id_ <= 0) return;
    ::kill(id_, SIGKILL);
    wait();
  }
  // How it ended.
  int wait() {
    int status = 0;
    while (::waitpid(id_, &status, 0) < 0 && errno == EINTR) {
    }
    id_ = 0;
    return status;
  }

 private:
  pid_t id_;
};

std::string cause_of_death(int status) {
  if (WIFSIGNALED(status)) return fmt::format("the HDF5 library crashes on it, signal {} ({})", WTERMSIG(status), ::strsignal(WTERMSIG(status)));
  if (WEXITSTATUS(status) == kOutOfMemory) return "it takes more memory than a file of this length justifies";
  return fmt::format("the HDF5 library fails on it, exit code {}", WEXITSTATUS(status));
}

class Inlet {
 public:
  Inlet(Descriptor pipe, Child& child, ForeignLimits limits)
      : pipe_(std::move(pipe)), child_(child), limits_(limits), end_(Clock::now() + limits.time) {}

  void fill(std::span<std::byte> bytes) {
    while (!bytes.empty()) {
      const std::size_t got = read_some(bytes);
      if (got == 0) throw FileError(cause_of_death(child_.wait()));
      bytes = bytes.subspan(got);
    }
  }
  // The rest of the stream as one line: the library's messages may quote the file.
  std::string line_to_end() {
    std::string text(text_limit, '\0');
    std::size_t length = 0;
    for (std::size_t got = 1; got > 0 && length < text.size(); length += got) {
      got = read_some(std::as_writable_bytes(std::span(text)).subspan(length));
    }
    text.resize(length);
    std::replace_if(
        text.begin(), text.end(), [](unsigned char c) { return c < 0x20 || c == 0x7f; }, '?');
    return text;
  }

 private:
  static constexpr std::size_t text_limit = 4096;

  // 0 at the end of the stream.
  std::size_t read_some(std::span<std::byte> bytes) {
    for (;;) {
      const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(end_ - Clock::now()).count();
      struct pollfd ready {
        pipe_.number(), POLLIN, 0
      };
      const int events = left > 0 ? ::poll(&ready, 1, static_cast<int>(left)) : 0;
      if (events == 0) throw FileError(fmt::format("reading it does not end within {:g} s", static_cast<double>(limits_.time.count()) / 1000));
      const ssize_t got = events > 0 ? ::read(pipe_.number(), bytes.data(), bytes.size()) : -1;
      if (got >= 0) return static_cast<std::size_t>(got);
      if (errno != EINTR) throw system_error("read from", "a child process", errno);
    }
  }

  Descriptor pipe_;
  Child& child_;
  ForeignLimits limits_;
  Clock::time_point end_;
};

}  // namespace

DataTree read_foreign_hdf5(std::vector<std::byte> image, const std::string& name, ForeignLimits limits) {
  std::array<int, 2> ends{};
  if (::pipe2(ends.data(), O_CLOEXEC) != 0) throw system_error("create a pipe for reading", name, errno);
  Descriptor inlet_end(ends[0]), outlet_end(ends[1]);
  const std::size_t memory = limits.memory(image.size());
  const pid_t parent = ::getpid();
  const pid_t id = ::fork();
  if (id < 0) throw system_error("start a process for reading", name, errno);
  if (id == 0) {
    become_harmless(parent);
    serve(image, name, outlet_end.number(), memory);
  }
  Child child(id);
  outlet_end = Descriptor();  // so that the stream ends with the child
  image = {};
  Inlet inlet(std::move(inlet_end), child, limits);
  try {
    Answer answer{};
    inlet.fill(std::as_writable_bytes(std::span(&answer, 1)));
    if (answer == Answer::tree) return receive_tree([&](std::span<std::byte> bytes) { inlet.fill(bytes); }, memory);
  } catch (const FileError& error) {
    throw FileError(fmt::format("cannot read '{}' as HDF5 ({}); it is damaged, restore or convert it", name, error.what()));
  }
  throw FileError(inlet.line_to_end());  // from_hdf5_image has said what and why
}

}  // namespace qs
