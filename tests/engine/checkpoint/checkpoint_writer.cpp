// qs_checkpoint_writer DIR STEP SIZE: writes one checkpoint whose content follows from STEP. Exit 3 on FileError, its message on stderr.
// qs_checkpoint_writer DIR: takes the run lock of DIR and ends.
#include <csignal>
#include <cstdio>
#include <cstdlib>

#include "engine/base/error.h"
#include "engine/checkpoint/checkpoint_file.h"
#include "engine/files/files.h"
#include "tests/engine/checkpoint/checkpoint_content.h"

int main(int count, char** arguments) {
  if (count != 2 && count != 4) return 2;
  std::signal(SIGXFSZ, SIG_IGN);
  try {
    if (count == 2) {
      const qs::RunLock lock(arguments[1]);
      return 0;
    }
    const std::int64_t step = std::atoll(arguments[2]);
    qs::write_checkpoint(arguments[1], qs::test::checkpoint_content(step, std::atoll(arguments[3])), step);
  } catch (const qs::Error& error) {
    std::fprintf(stderr, "%s\n", error.what());
    return static_cast<int>(error.code());
  }
  return 0;
}
