// Exceptions and checks shared by every layer. An exception type names whose fault it is; the exit code follows from the
// type alone, so that every rank leaves by the same door (engine/cli maps types to codes).
#pragma once

#include <stdexcept>
#include <string>

namespace qs {

// Exit codes are public interface.
enum class ExitCode : int {
  done = 0,
  internal = 1,
  input = 2,
  file = 3,
  numerical = 4,
  checkpoint = 5,
  memory = 6,
  device = 7,
  watchdog = 71,
  stopped = 75,
};

class Error : public std::runtime_error {
 public:
  Error(ExitCode code, const std::string& message) : std::runtime_error(message), code_(code) {}
  ExitCode code() const { return code_; }

 private:
  ExitCode code_;
};

// The user's: something in the input or on the command line. Message = problem (why it is one) what to do.
struct InputError : Error {
  explicit InputError(const std::string& message) : Error(ExitCode::input, message) {}
};
// The environment's: a file, a disk, a library call. The message carries the name and the error code.
struct FileError : Error {
  explicit FileError(const std::string& message) : Error(ExitCode::file, message) {}
};
// The numbers': non-finite values, a solver that failed on every rung.
struct NumericalError : Error {
  explicit NumericalError(const std::string& message) : Error(ExitCode::numerical, message) {}
};
// A checkpoint or weight file that cannot be used.
struct CheckpointError : Error {
  explicit CheckpointError(const std::string& message) : Error(ExitCode::checkpoint, message) {}
};
struct MemoryError : Error {
  explicit MemoryError(const std::string& message) : Error(ExitCode::memory, message) {}
};
// A device that is absent, or a part that was not built.
struct DeviceError : Error {
  explicit DeviceError(const std::string& message) : Error(ExitCode::device, message) {}
};
struct NotBuilt : DeviceError {
  explicit NotBuilt(const std::string& part)
      : DeviceError("this executable was built without " + part + " (configure with the '" + part + "' preset, or choose device: cpu)") {}
};

[[noreturn]] void assertion_failed(const char* condition, const char* file, int line);

}  // namespace qs

// Our own invariants; active in every build because none of them stands in an inner loop.
#define QS_ASSERT(condition)                                                  \
  do {                                                                        \
    if (!(condition)) ::qs::assertion_failed(#condition, __FILE__, __LINE__); \
  } while (false)
