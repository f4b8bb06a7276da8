// The only file of the engine that communicates by MPI.
#include <fmt/format.h>
#include <mpi.h>

#include <algorithm>
#include <cstdlib>
#include <limits>

#include "engine/base/error.h"
#include "engine/comm/communicator.h"
#include "engine/comm/cuda_pointers.h"

namespace qs {
namespace {

void check(int code, const char* call) {
  if (code == MPI_SUCCESS) return;
  char text[MPI_MAX_ERROR_STRING];
  int length = 0;
  MPI_Error_string(code, text, &length);
  throw FileError(fmt::format("{} failed with code {} ({}); see the messages of the MPI launcher", call, code, std::string(text, length)));
}

class MpiCommunicator final : public Communicator {
 public:
  // `largest_message`: bytes of one MPI call; counts are ints, so bigger arrays travel in pieces.
  MpiCommunicator(MPI_Comm comm, std::size_t largest_message) : comm_(comm), largest_(largest_message) {
    QS_ASSERT(largest_ > 0 && largest_ <= static_cast<std::size_t>(std::numeric_limits<int>::max()));
    check(MPI_Comm_set_errhandler(comm_, MPI_ERRORS_RETURN), "MPI_Comm_set_errhandler");
    check(MPI_Comm_rank(comm_, &rank_), "MPI_Comm_rank");
    check(MPI_Comm_size(comm_, &size_), "MPI_Comm_size");
  }

  int rank() const override { return rank_; }
  int size() const override { return size_; }
  bool reaches(Device device) const override { return Communicator::reaches(device) || (device == Device::cuda && mpi_takes_cuda_pointers()); }
  void barrier() override { check(MPI_Barrier(comm_), "MPI_Barrier"); }

  void broadcast_bytes(void* data, std::size_t bytes, int root) override {
    auto* at = static_cast<std::byte*>(data);
    for (std::size_t done = 0; done < bytes; done += largest_) {
      check(MPI_Bcast(at + done, static_cast<int>(std::min(largest_, bytes - done)), MPI_BYTE, root, comm_), "MPI_Bcast");
    }
  }

  void all_gather_bytes(const void* mine, std::span<const std::size_t> counts, void* all) override {
    const std::vector<std::size_t> offset = offsets(counts);
    const bool in_place = mine == static_cast<std::byte*>(all) + offset[rank_];
    if (offset.back() <= largest_) {
      const std::vector<int> n(counts.begin(), counts.end()), at(offset.begin(), offset.end());
      check(MPI_Allgatherv(in_place ? MPI_IN_PLACE : mine, n[rank_], MPI_BYTE, all, n.data(), at.data(), MPI_BYTE, comm_), "MPI_Allgatherv");
      return;
    }
    auto* out = static_cast<std::byte*>(all);
    if (!in_place) copy(out + offset[rank_], mine, counts[rank_]);
    for (int r = 0; r < size_; ++r) broadcast_bytes(out + offset[r], counts[r], r);
  }

  void gather_bytes(const void* mine, std::span<const std::size_t> counts, void* all, int root) override {
    const std::vector<std::size_t> offset = offsets(counts);
    if (offset.back() <= largest_) {
      const std::vector<int> n(counts.begin(), counts.end()), at(offset.begin(), offset.end());
      check(MPI_Gatherv(mine, n[rank_], MPI_BYTE, all, n.data(), at.data(), MPI_BYTE, root, comm_), "MPI_Gatherv");
      return;
    }
    if (rank_ != root) {
      send(mine, counts[rank_], root);
      return;
    }
    auto* out = static_cast<std::byte*>(all);
    for (int r = 0; r < size_; ++r) {
      if (r != root) {
        receive(out + offset[r], counts[r], r);
      } else {
        copy(out + offset[r], mine, counts[r]);
      }
    }
  }

  void abort(int code) override {
    MPI_Abort(comm_, code);
    std::_Exit(code);  // MPI_Abort does not return, but is not declared so
  }

 private:
  static std::vector<std::size_t> offsets(std::span<const std::size_t> counts) {
    std::vector<std::size_t> offset(counts.size() + 1, 0);
    for (std::size_t r = 0; r < counts.size(); ++r) offset[r + 1] = offset[r] + counts[r];
    return offset;
  }
  // By MPI, which knows where the pointers lead.
  void copy(void* to, const void* from, std::size_t bytes) {
    for (std::size_t done = 0; done < bytes; done += largest_) {
      const int piece = static_cast<int>(std::min(largest_, bytes - done));
      check(MPI_Sendrecv(static_cast<const std::byte*>(from) + done, piece, MPI_BYTE, rank_, 0, static_cast<std::byte*>(to) + done, piece, MPI_BYTE,
                         rank_, 0, comm_, MPI_STATUS_IGNORE),
            "MPI_Sendrecv");
    }
  }
  void send(const void* data, std::size_t bytes, int to) {
    const auto* at = static_cast<const std::byte*>(data);
    for (std::size_t done = 0; done < bytes; done += largest_) {
      check(MPI_Send(at + done, static_cast<int>(std::min(largest_, bytes - done)), MPI_BYTE, to, 0, comm_), "MPI_Send");
    }
  }
  void receive(void* data, std::size_t bytes, int from) {
    auto* at = static_cast<std::byte*>(data);
    for (std::size_t done = 0; done < bytes; done += largest_) {
      check(MPI_Recv(at + done, static_cast<int>(std::min(largest_, bytes - done)), MPI_BYTE, from, 0, comm_, MPI_STATUS_IGNORE), "MPI_Recv");
    }
  }

  MPI_Comm comm_;
  std::size_t largest_;
  int rank_ = 0, size_ = 1;
};

// `srun` without a PMI that MPI understands starts n programs of one rank each, which would overwrite each other's output.
void refuse_unconnected_tasks(const Communicator& world) {
  const char* tasks = std::getenv("SLURM_STEP_NUM_TASKS");
  if (world.size() > 1 || !tasks || std::getenv("OMPI_COMM_WORLD_SIZE") || std::atoi(tasks) <= 1) return;
  throw InputError(fmt::format("srun started {} tasks that do not see each other (no common PMI); use 'srun --mpi=pmix' or mpirun", tasks));
}

}  // namespace

MpiSession::MpiSession(int* argc, char*** argv, std::size_t largest_message) {
  int provided = MPI_THREAD_SINGLE;
  check(MPI_Init_thread(argc, argv, MPI_THREAD_FUNNELED, &provided), "MPI_Init_thread");
  world_ = std::make_unique<MpiCommunicator>(MPI_COMM_WORLD, largest_message);
  if (provided < MPI_THREAD_FUNNELED) {
    throw FileError("the MPI library cannot be used beside threads (it does not provide MPI_THREAD_FUNNELED); use one built with thread support");
  }
  refuse_unconnected_tasks(*world_);
}

MpiSession::~MpiSession() { MPI_Finalize(); }

Communicator& MpiSession::world() { return *world_; }

std::string MpiSession::library_version() {
  char text[MPI_MAX_LIBRARY_VERSION_STRING];
  int length = 0;
  check(MPI_Get_library_version(text, &length), "MPI_Get_library_version");
  const std::string version(text, length);
  return version.substr(0, version.find_first_of(",\n"));
}

}  // namespace qs
