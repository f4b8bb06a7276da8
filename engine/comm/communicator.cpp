#include "engine/comm/communicator.h"

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <exception>
#include <new>

#include "engine/base/error.h"
#include "engine/base/resources.h"

namespace qs {
namespace {

class SelfCommunicator final : public Communicator {
 public:
  int rank() const override { return 0; }
  int size() const override { return 1; }
  void barrier() override {}
  void broadcast_bytes(void*, std::size_t, int) override {}
  void all_gather_bytes(const void* mine, std::span<const std::size_t> counts, void* all) override {
    if (counts[0] > 0) std::memmove(all, mine, counts[0]);
  }
  void gather_bytes(const void* mine, std::span<const std::size_t> counts, void* all, int) override { all_gather_bytes(mine, counts, all); }
  void abort(int code) override { std::_Exit(code); }
};

struct Failure {
  ExitCode code = ExitCode::done;
  std::string message;
};

// What travels between ranks: the exit code stands for the type.
Failure describe(const std::exception_ptr& exception) {
  try {
    std::rethrow_exception(exception);
  } catch (const Error& error) {
    return {error.code(), error.what()};
  } catch (const std::bad_alloc& error) {
    return {ExitCode::memory, out_of_memory_text(error)};
  } catch (const std::exception& error) {
    return {ExitCode::internal, error.what()};
  } catch (...) {
    return {ExitCode::internal, "an exception of unknown type"};
  }
}

[[noreturn]] void raise(const Failure& failure) {
  switch (failure.code) {
    case ExitCode::input:
      throw InputError(failure.message);
    case ExitCode::file:
      throw FileError(failure.message);
    case ExitCode::numerical:
      throw NumericalError(failure.message);
    case ExitCode::checkpoint:
      throw CheckpointError(failure.message);
    case ExitCode::memory:
      throw MemoryError(failure.message);
    case ExitCode::device:
      throw DeviceError(failure.message);
    default:
      throw Error(failure.code, failure.message);
  }
}

// Every rank throws what `failing_rank` describes.
[[noreturn]] void raise_everywhere(Communicator& comm, Failure failure, int failing_rank) {
  int code = static_cast<int>(failure.code);
  comm.broadcast(std::span<int>(&code, 1), failing_rank);
  comm.broadcast_string(failure.message, failing_rank);
  failure.code = static_cast<ExitCode>(code);
  raise(failure);
}

std::exception_ptr outcome_of(const std::function<void()>& work) {
  try {
    work();
  } catch (...) {  // agreed on by all ranks before anyone acts
    return std::current_exception();
  }
  return nullptr;
}

}  // namespace

void Communicator::broadcast_string(std::string& text, int root) {
  std::uint64_t length = text.size();
  broadcast(std::span<std::uint64_t>(&length, 1), root);
  text.resize(length);
  broadcast_bytes(text.data(), length, root);
}

std::int64_t Communicator::max(std::int64_t value) {
  const std::vector<std::int64_t> all = all_gather<std::int64_t>(std::span<const std::int64_t>(&value, 1));
  return *std::max_element(all.begin(), all.end());
}

std::int64_t Communicator::sum(std::int64_t value) {
  std::int64_t total = 0;
  for (std::int64_t each : all_gather<std::int64_t>(std::span<const std::int64_t>(&value, 1))) total += each;
  return total;
}

std::unique_ptr<Communicator> self_communicator() { return std::make_unique<SelfCommunicator>(); }

void on_root(Communicator& comm, const std::function<void()>& work) {
  const std::exception_ptr mine = comm.is_root() ? outcome_of(work) : nullptr;
  std::uint8_t failed = mine != nullptr;
  comm.broadcast(std::span<std::uint8_t>(&failed, 1), 0);
  if (failed) raise_everywhere(comm, mine ? describe(mine) : Failure{}, 0);
}

void agree(Communicator& comm, std::exception_ptr mine) {
  const std::vector<std::size_t> one(comm.size(), 1);
  const std::uint8_t failed = mine != nullptr;
  std::vector<std::uint8_t> all(comm.size());
  comm.all_gather_bytes(&failed, one, all.data());

  const auto first = std::find(all.begin(), all.end(), std::uint8_t{1});
  if (first == all.end()) return;
  raise_everywhere(comm, mine ? describe(mine) : Failure{}, static_cast<int>(first - all.begin()));
}

void on_all(Communicator& comm, const std::function<void()>& work) { agree(comm, outcome_of(work)); }

}  // namespace qs
