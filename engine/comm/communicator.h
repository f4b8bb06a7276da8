// The one seam to MPI. No other folder includes mpi.h. Three implementations: one rank (self), MPI, and N ranks as threads of one
// process (tests). Collectives are blocking and must be called by all ranks in the same order; rank-0 work contains no collective.
#pragma once

#include <cstddef>
#include <cstdint>
#include <exception>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "kernels/api/memory.h"

namespace qs {

class Communicator {
 public:
  virtual ~Communicator() = default;
  virtual int rank() const = 0;
  virtual int size() const = 0;
  bool is_root() const { return rank() == 0; }
  // Whether the collectives take pointers into the memory of `device`. Who passes one has called MemoryTable::wait before.
  virtual bool reaches(Device device) const { return kernels::shares_host_memory(device); }

  virtual void barrier() = 0;
  // Copies root's bytes to every rank. Any size (chunked above 1 GiB).
  virtual void broadcast_bytes(void* data, std::size_t bytes, int root) = 0;
  // Concatenates every rank's bytes in rank order on every rank. counts[r] = bytes of rank r, known to all. On all ranks or none
  // `mine` may be its own place in `all`.
  virtual void all_gather_bytes(const void* mine, std::span<const std::size_t> counts, void* all) = 0;
  // As above, result on root only (`all` ignored elsewhere).
  virtual void gather_bytes(const void* mine, std::span<const std::size_t> counts, void* all, int root) = 0;
  // Ends the job of all ranks at once; never returns. For errors outside any phase.
  [[noreturn]] virtual void abort(int code) = 0;

  // --- typed helpers, implemented on the primitives above (communicator.cpp) ---
  template <class T>
  void broadcast(std::span<T> data, int root) {
    broadcast_bytes(data.data(), data.size_bytes(), root);
  }
  void broadcast_string(std::string& text, int root);
  std::int64_t max(std::int64_t value);
  std::int64_t sum(std::int64_t value);
  // Rank-ordered concatenation of variable-length vectors, on every rank.
  template <class T>
  std::vector<T> all_gather(std::span<const T> mine);
};

std::unique_ptr<Communicator> self_communicator();
// Runs body on `ranks` threads of this process, each with its own communicator; rethrows the first exception by rank.
// A rank that leaves while others wait in a collective, or ranks that call different collectives, end with an error instead of a deadlock.
void run_in_process(int ranks, const std::function<void(Communicator&)>& body);

// MPI_Init/Finalize as a value; world() stays valid while it lives. Falls back to one rank when not started by a launcher.
// `largest_message`: bytes of one MPI call, longer arrays travel in pieces (tests lower it).
class MpiSession {
 public:
  MpiSession(int* argc, char*** argv, std::size_t largest_message = std::size_t{1} << 30);
  ~MpiSession();
  MpiSession(const MpiSession&) = delete;
  MpiSession& operator=(const MpiSession&) = delete;
  Communicator& world();
  static std::string library_version();

 private:
  std::unique_ptr<Communicator> world_;
};

// A phase that only the root may fail in: runs `work` on root; if it throws, *every* rank throws the same Error.
void on_root(Communicator& comm, const std::function<void()>& work);
// Ends a phase that any rank may fail in: if any rank passes a non-null exception, all ranks throw the lowest failing rank's Error.
void agree(Communicator& comm, std::exception_ptr mine);
// Runs local `work` (no collectives inside) and agrees on its outcome.
void on_all(Communicator& comm, const std::function<void()>& work);

template <class T>
std::vector<T> Communicator::all_gather(std::span<const T> mine) {
  std::vector<std::size_t> counts(size());
  const std::size_t bytes = mine.size_bytes();
  const std::vector<std::size_t> one(size(), sizeof(std::size_t));
  all_gather_bytes(&bytes, one, counts.data());
  std::size_t total = 0;
  for (std::size_t c : counts) total += c;
  std::vector<T> all(total / sizeof(T));
  all_gather_bytes(mine.data(), counts, all.data());
  return all;
}

}  // namespace qs
