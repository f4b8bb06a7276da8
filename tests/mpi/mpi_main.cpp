#include "tests/mpi/mpi_main.h"

#include <gtest/gtest.h>

#include <cstdio>
#include <memory>

namespace qs::testing_mpi {
namespace {

// 1 KiB a message, so that long arrays travel in pieces.
constexpr std::size_t largest_message = 1024;

std::unique_ptr<MpiSession>& session() {
  static std::unique_ptr<MpiSession> instance;
  return instance;
}

// Only failures, with the rank in front; the root prints everything.
class FailurePrinter : public ::testing::EmptyTestEventListener {
  void OnTestPartResult(const ::testing::TestPartResult& result) override {
    if (!result.failed()) return;
    std::fprintf(stderr, "rank %d: %s:%d: %s\n", world().rank(), result.file_name() ? result.file_name() : "?", result.line_number(),
                 result.summary());
  }
};

}  // namespace

Communicator& world() { return session()->world(); }

}  // namespace qs::testing_mpi

int main(int argc, char** argv) {
  using namespace qs::testing_mpi;
  ::testing::InitGoogleTest(&argc, argv);
  session() = std::make_unique<qs::MpiSession>(&argc, &argv, largest_message);
  if (!world().is_root()) {
    auto& listeners = ::testing::UnitTest::GetInstance()->listeners();
    delete listeners.Release(listeners.default_result_printer());
    listeners.Append(new FailurePrinter);
  }
  const int mine = RUN_ALL_TESTS();
  const int result = static_cast<int>(world().max(mine));
  session().reset();
  return result;
}
