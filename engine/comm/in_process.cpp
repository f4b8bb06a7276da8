// N ranks as threads of one process: the collectives of the engine without MPI, for tests. Ranks first compare what they are about to
// do, so a program that would deadlock under MPI fails here with both sides named.
#include <fmt/format.h>

#include <condition_variable>
#include <cstdlib>
#include <cstring>
#include <exception>
#include <mutex>
#include <thread>

#include "engine/base/error.h"
#include "engine/comm/communicator.h"

namespace qs {
namespace {

// Another rank ended its body while this one waits for it: a consequence, reported only if no rank failed by itself.
struct PeerLeft : Error {
  PeerLeft() : Error(ExitCode::internal, "a collective cannot complete (another rank has ended); every rank must make the same calls") {}
};

class Room {
 public:
  explicit Room(int ranks) : posts_(ranks) {}

  struct Post {
    const char* operation;
    std::size_t bytes;  // what this rank expects of the whole operation
    int root;
    const void* data;
  };

  // Publishes what `rank` brings and waits until everyone has; the posts stay valid until release().
  const std::vector<Post>& meet(int rank, const Post& post) {
    posts_[rank] = post;
    wait();
    for (const Post& other : posts_) {
      if (std::strcmp(other.operation, post.operation) == 0 && other.bytes == post.bytes && other.root == post.root) continue;
      throw Error(ExitCode::internal,
                  fmt::format("ranks disagree on a collective: rank {} calls {} of {} bytes (root {}), another {} of {} bytes (root {})", rank,
                              post.operation, post.bytes, post.root, other.operation, other.bytes, other.root));
    }
    return posts_;
  }
  void release() { wait(); }

  void leave() {
    const std::lock_guard lock(mutex_);
    ++left_;
    changed_.notify_all();
  }

 private:
  void wait() {
    std::unique_lock lock(mutex_);
    if (left_ > 0) throw PeerLeft();
    const std::uint64_t mine = generation_;
    if (++arrived_ == static_cast<int>(posts_.size())) {
      arrived_ = 0;
      ++generation_;
      changed_.notify_all();
      return;
    }
    changed_.wait(lock, [&] { return generation_ != mine || left_ > 0; });
    if (generation_ == mine) throw PeerLeft();
  }

  std::vector<Post> posts_;
  std::mutex mutex_;
  std::condition_variable changed_;
  int arrived_ = 0;
  int left_ = 0;
  std::uint64_t generation_ = 0;
};

class ThreadCommunicator final : public Communicator {
 public:
  ThreadCommunicator(Room& room, int rank, int size) : room_(room), rank_(rank), size_(size) {}

  int rank() const override { return rank_; }
  int size() const override { return size_; }

  void barrier() override {
    room_.meet(rank_, {"barrier", 0, 0, nullptr});
    room_.release();
  }

  void broadcast_bytes(void* data, std::size_t bytes, int root) override {
    const auto& posts = room_.meet(rank_, {"broadcast", bytes, root, data});
    if (rank_ != root && bytes > 0) std::memcpy(data, posts[root].data, bytes);
    room_.release();
  }

  void all_gather_bytes(const void* mine, std::span<const std::size_t> counts, void* all) override {
    concatenate(room_.meet(rank_, {"all_gather", total(counts), 0, mine}), counts, all);
    room_.release();
  }

  void gather_bytes(const void* mine, std::span<const std::size_t> counts, void* all, int root) override {
    const auto& posts = room_.meet(rank_, {"gather", total(counts), root, mine});
    if (rank_ == root) concatenate(posts, counts, all);
    room_.release();
  }

  void abort(int code) override { std::_Exit(code); }

 private:
  static std::size_t total(std::span<const std::size_t> counts) {
    std::size_t sum = 0;
    for (std::size_t count : counts) sum += count;
    return sum;
  }
  static void concatenate(const std::vector<Room::Post>& posts, std::span<const std::size_t> counts, void* all) {
    auto* out = static_cast<std::byte*>(all);
    for (std::size_t r = 0; r < posts.size(); ++r) {
      if (counts[r] > 0 && posts[r].data != out) std::memcpy(out, posts[r].data, counts[r]);
      out += counts[r];
    }
  }

  Room& room_;
  int rank_, size_;
};

bool is_consequence(const std::exception_ptr& failure) {
  try {
    std::rethrow_exception(failure);
  } catch (const PeerLeft&) {
    return true;
  } catch (...) {
    return false;
  }
}

}  // namespace

void run_in_process(int ranks, const std::function<void(Communicator&)>& body) {
  QS_ASSERT(ranks >= 1);
  Room room(ranks);
  std::vector<std::exception_ptr> failures(ranks);
  std::vector<std::thread> threads;
  for (int rank = 0; rank < ranks; ++rank) {
    threads.emplace_back([&, rank] {
      try {
        ThreadCommunicator comm(room, rank, ranks);
        body(comm);
      } catch (...) {
        failures[rank] = std::current_exception();
      }
      room.leave();
    });
  }
  for (std::thread& thread : threads) thread.join();

  std::exception_ptr consequence;
  for (const std::exception_ptr& failure : failures) {
    if (failure && !is_consequence(failure)) std::rethrow_exception(failure);
    if (failure && !consequence) consequence = failure;
  }
  if (consequence) std::rethrow_exception(consequence);
}

}  // namespace qs
