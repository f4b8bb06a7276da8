// Preloaded beside the whole program (LD_PRELOAD): counts, logs and disturbs what it asks of the system for files below one directory, and its own
// allocations from the first of these calls on.
//
//   QSTAGE_FAULT_BELOW=DIR        the directory, as the program writes its name
//   QSTAGE_FAULT=CALL:K[+]:WHAT   the K-th CALL (counted from 1; +: and all later ones) fails
//                                 CALL: open write fsync rename link unlink close new cholesky
//                                 WHAT: an error number, "short" (write half), "kill" (SIGKILL before the call), "hang"
//   QSTAGE_FAULT_COUNT=FILE       how many calls there were, one "CALL N" a line, when the program ends
//   QSTAGE_FAULT_LOG=FILE         what reaches the disk, in order, for the replay of a power loss (power_loss.py)
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <atomic>
#include <mutex>
#include <new>

namespace {

enum Call { open_call, write_call, fsync_call, rename_call, link_call, unlink_call, close_call, new_call, cholesky_call, calls };
constexpr const char* names[calls] = {"open", "write", "fsync", "rename", "link", "unlink", "close", "new", "cholesky"};

std::atomic<long> counts[calls];
std::atomic<bool> armed{false};  // a file below the directory has been opened
constexpr int descriptors = 1024;
std::atomic<bool> ours[descriptors];

struct Fault {
  int call;
  long from;
  bool forever;
  enum { error, half, death, hang } what;
  int number;
};
// Plain memory, filled before main: operator new below may ask at any time.
Fault fault;

__attribute__((constructor)) void read_fault() {
  fault.call = -1;
  const char* text = getenv("QSTAGE_FAULT");
  char call[16] = "", what[16] = "";
  char plus[2] = "";
  if (!text) return;
  if (sscanf(text, "%15[a-z5]:%ld%1[+]:%15s", call, &fault.from, plus, what) != 4 && sscanf(text, "%15[a-z5]:%ld:%15s", call, &fault.from, what) != 3)
    abort();
  fault.forever = plus[0] == '+';
  for (int k = 0; k < calls; ++k)
    if (strcmp(call, names[k]) == 0) fault.call = k;
  fault.number = atoi(what);
  if (strcmp(what, "short") == 0) fault.what = Fault::half;
  if (strcmp(what, "kill") == 0) fault.what = Fault::death;
  if (strcmp(what, "hang") == 0) fault.what = Fault::hang;
}

// Counts the call; true if it is to fail with an error or by halves.
bool fails(Call call) {
  const long number = ++counts[call];
  if (fault.call != call || (fault.forever ? number < fault.from : number != fault.from)) return false;
  if (fault.what == Fault::death) kill(getpid(), SIGKILL);
  while (fault.what == Fault::hang) pause();
  errno = fault.number;
  return true;
}

bool is_below(const char* path) {
  static const char* directory = getenv("QSTAGE_FAULT_BELOW");
  if (!directory) return false;
  const size_t length = strlen(directory);
  return strncmp(path, directory, length) == 0 && (path[length] == '/' || path[length] == '\0');
}

bool is_ours(int descriptor) { return descriptor >= 0 && descriptor < descriptors && ours[descriptor]; }

template <class Function>
Function next(const char* name) {
  return reinterpret_cast<Function>(dlsym(RTLD_NEXT, name));
}

// --- the log -------------------------------------------------------------------------------------------------------------------------------------

int log_descriptor() {
  static const int number = [] {
    const char* file = getenv("QSTAGE_FAULT_LOG");
    return file ? static_cast<int>(syscall(SYS_openat, AT_FDCWD, file, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644)) : -1;
  }();
  return number;
}

std::mutex& log_mutex() {
  static std::mutex mutex;
  return mutex;
}

// One line, then `length` bytes.
void record(const char* line, const void* data = nullptr, size_t length = 0) {
  if (log_descriptor() < 0) return;
  const std::lock_guard<std::mutex> lock(log_mutex());
  syscall(SYS_write, log_descriptor(), line, strlen(line));
  if (length > 0) syscall(SYS_write, log_descriptor(), data, length);
}

unsigned long inode(int descriptor) {
  struct stat status {};
  fstat(descriptor, &status);
  return status.st_ino;
}

void record_open(const char* path, int descriptor) {
  struct stat status {};
  if (fstat(descriptor, &status) != 0 || !S_ISREG(status.st_mode)) return;
  char line[512];
  snprintf(line, sizeof line, "C %lu %s\n", static_cast<unsigned long>(status.st_ino), path);
  record(line);
}

void record_write(int descriptor, const void* data, size_t length, off_t offset) {
  char line[128];
  snprintf(line, sizeof line, "W %lu %ld %zu\n", inode(descriptor), static_cast<long>(offset), length);
  record(line, data, length);
}

off_t place_of_write(int descriptor) {
  struct stat status {};
  if (fcntl(descriptor, F_GETFL) & O_APPEND) return fstat(descriptor, &status) == 0 ? status.st_size : 0;
  return lseek(descriptor, 0, SEEK_CUR);
}

void record_names(char operation, const char* from, const char* to) {
  char line[1024];
  snprintf(line, sizeof line, "%c %s%s%s\n", operation, from, to ? "\t" : "", to ? to : "");
  record(line);
}

__attribute__((destructor)) void report() {
  const char* file = getenv("QSTAGE_FAULT_COUNT");
  if (!file || !armed) return;
  FILE* out = fopen(file, "w");
  for (int k = 0; out && k < calls; ++k) fprintf(out, "%s %ld\n", names[k], counts[k].load());
  if (out) fclose(out);
}

int open_as(const char* name, const char* path, int flags, mode_t mode) {
  if (!is_below(path)) return next<int (*)(const char*, int, ...)>(name)(path, flags, mode);
  armed = true;
  if (fails(open_call)) return -1;
  const int descriptor = next<int (*)(const char*, int, ...)>(name)(path, flags, mode);
  if (descriptor >= 0 && descriptor < descriptors) ours[descriptor] = true;
  if (descriptor >= 0 && (flags & O_ACCMODE) != O_RDONLY) record_open(path, descriptor);
  return descriptor;
}

}  // namespace

extern "C" {

int open(const char* path, int flags, ...) {
  va_list rest;
  va_start(rest, flags);
  const mode_t mode = va_arg(rest, mode_t);
  va_end(rest);
  return open_as("open", path, flags, mode);
}

int open64(const char* path, int flags, ...) {
  va_list rest;
  va_start(rest, flags);
  const mode_t mode = va_arg(rest, mode_t);
  va_end(rest);
  return open_as("open64", path, flags, mode);
}

ssize_t write(int descriptor, const void* data, size_t length) {
  static const auto real = next<ssize_t (*)(int, const void*, size_t)>("write");
  if (!is_ours(descriptor)) return real(descriptor, data, length);
  if (fails(write_call)) {
    if (fault.what != Fault::half) return -1;
    length = (length + 1) / 2;
  }
  const off_t offset = place_of_write(descriptor);
  const ssize_t written = real(descriptor, data, length);
  if (written > 0) record_write(descriptor, data, static_cast<size_t>(written), offset);
  return written;
}

int ftruncate(int descriptor, off_t length) {
  static const auto real = next<int (*)(int, off_t)>("ftruncate");
  const int result = real(descriptor, length);
  if (result == 0 && is_ours(descriptor)) {
    char line[128];
    snprintf(line, sizeof line, "T %lu %ld\n", inode(descriptor), static_cast<long>(length));
    record(line);
  }
  return result;
}

int fsync(int descriptor) {
  static const auto real = next<int (*)(int)>("fsync");
  if (!is_ours(descriptor)) return real(descriptor);
  if (fails(fsync_call)) return -1;
  struct stat status {};
  fstat(descriptor, &status);
  char line[128];
  if (S_ISDIR(status.st_mode)) {
    snprintf(line, sizeof line, "D\n");
  } else {
    snprintf(line, sizeof line, "S %lu\n", static_cast<unsigned long>(status.st_ino));
  }
  record(line);
  return 0;  // the page cache is enough for these tests, and a disk would make them slow
}

int rename(const char* from, const char* to) {
  static const auto real = next<int (*)(const char*, const char*)>("rename");
  if (!is_below(to)) return real(from, to);
  if (fails(rename_call)) return -1;
  const int result = real(from, to);
  if (result == 0) record_names('R', from, to);
  return result;
}

int link(const char* from, const char* to) {
  static const auto real = next<int (*)(const char*, const char*)>("link");
  if (!is_below(to)) return real(from, to);
  if (fails(link_call)) return -1;
  const int result = real(from, to);
  if (result == 0) record_names('L', from, to);
  return result;
}

int unlink(const char* path) {
  static const auto real = next<int (*)(const char*)>("unlink");
  if (!is_below(path)) return real(path);
  if (fails(unlink_call)) return -1;
  const int result = real(path);
  if (result == 0) record_names('U', path, nullptr);
  return result;
}

int close(int descriptor) {
  static const auto real = next<int (*)(int)>("close");
  if (!is_ours(descriptor)) return real(descriptor);
  ours[descriptor] = false;
  const bool failing = fails(close_call);
  const int number = errno;
  const int result = real(descriptor);  // Linux releases the number in any case
  if (failing) errno = number;
  return failing ? -1 : result;
}

int LAPACKE_dpotrf_work(int layout, char half, int n, double* a, int lda) {
  static const auto real = next<int (*)(int, char, int, double*, int)>("LAPACKE_dpotrf_work");
  fails(cholesky_call);
  return real(layout, half, n, a, lda);
}

int LAPACKE_spotrf_work(int layout, char half, int n, float* a, int lda) {
  static const auto real = next<int (*)(int, char, int, float*, int)>("LAPACKE_spotrf_work");
  fails(cholesky_call);
  return real(layout, half, n, a, lda);
}

}  // extern "C"

namespace {

void* allocate(size_t size, size_t alignment) {
  if (armed && fails(new_call)) throw std::bad_alloc();
  void* memory =
      alignment > alignof(max_align_t) ? aligned_alloc(alignment, (size + alignment - 1) / alignment * alignment) : malloc(size ? size : 1);
  if (memory == nullptr) throw std::bad_alloc();
  return memory;
}

}  // namespace

void* operator new(size_t size) { return allocate(size, 0); }
void* operator new[](size_t size) { return allocate(size, 0); }
void* operator new(size_t size, std::align_val_t alignment) { return allocate(size, static_cast<size_t>(alignment)); }
void* operator new[](size_t size, std::align_val_t alignment) { return allocate(size, static_cast<size_t>(alignment)); }
void operator delete(void* memory) noexcept { free(memory); }
void operator delete[](void* memory) noexcept { free(memory); }
void operator delete(void* memory, size_t) noexcept { free(memory); }
void operator delete[](void* memory, size_t) noexcept { free(memory); }
void operator delete(void* memory, std::align_val_t) noexcept { free(memory); }
void operator delete[](void* memory, std::align_val_t) noexcept { free(memory); }
void operator delete(void* memory, size_t, std::align_val_t) noexcept { free(memory); }
void operator delete[](void* memory, size_t, std::align_val_t) noexcept { free(memory); }
