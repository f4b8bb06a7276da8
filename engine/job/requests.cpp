#include "engine/job/requests.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstring>
#include <filesystem>

#include "engine/base/error.h"
#include "engine/files/run_files.h"

namespace qs {

namespace {

// True once per file: the file is removed, or a resumed run would stop at once. A file that cannot be removed still counts.
bool take_file(const std::string& path) {
  std::error_code error;
  if (!std::filesystem::exists(path, error)) return false;
  std::filesystem::remove(path, error);
  return true;
}

constexpr std::int64_t request_unit = 1 << 16, cause_unit = 1 << 8;

}  // namespace

Requests::Requests(std::string directory, WallTime wall_time, Clock clock)
    : directory_(std::move(directory)), wall_time_(std::move(wall_time)), clock_(std::move(clock)), files_seen_(clock_.seconds()) {}

std::int64_t Requests::pack(const Wish& wish) {
  return static_cast<int>(wish.request) * request_unit + static_cast<int>(wish.cause) * cause_unit + wish.signal;
}

Requests::Wish Requests::unpack(std::int64_t packed) {
  return {static_cast<Request>(packed / request_unit), static_cast<Cause>(packed / cause_unit % (request_unit / cause_unit)),
          static_cast<int>(packed % cause_unit)};
}

Request Requests::poll(Communicator& comm) {
  const Wish wish = unpack(comm.max(pack(strongest_of_mine(comm.is_root()))));
  if (wish.request != Request::none) last_ = wish;
  return wish.request;
}

Requests::Wish Requests::strongest_of_mine(bool is_root) {
  Wish strongest = from_signals();
  const auto take = [&](const Wish& other) {
    if (pack(other) > pack(strongest)) strongest = other;
  };
  if (is_root) {
    take(from_files());
    if (wall_time_.is_over()) take({Request::stop, Cause::time_limit, 0});
  }
  return strongest;
}

Requests::Wish Requests::from_signals() {
  const SignalCounts counts = signals_.counts();
  const bool new_checkpoint = counts.checkpoint != checkpoints_served_;
  checkpoints_served_ = counts.checkpoint;
  if (counts.insistent > 1) return {Request::abandon, Cause::signal, counts.last_stop};
  if (counts.stop > 0) return {Request::stop, Cause::signal, counts.last_stop};
  if (new_checkpoint) return {Request::checkpoint, Cause::signal, counts.last_checkpoint};
  return {};
}

Requests::Wish Requests::from_files() {
  constexpr double interval = 20;  // seconds: kind to network file systems
  if (clock_.seconds() - files_seen_ < interval) return {};
  files_seen_ = clock_.seconds();
  const bool checkpoint = take_file(directory_ + "/" + file_names::checkpoint_request);
  if (take_file(directory_ + "/" + file_names::stop_request)) return {Request::stop, Cause::file, 0};
  if (checkpoint) return {Request::checkpoint, Cause::file, 0};
  return {};
}

std::string Requests::reason() const {
  switch (last_.cause) {
    case Cause::none:
      return "";
    case Cause::signal:
      return fmt::format("signal {} ({})", last_.signal, ::strsignal(last_.signal));
    case Cause::file:
      return last_.request == Request::stop ? "a STOP file" : "a CHECKPOINT file";
    case Cause::time_limit:
      return "the time limit";
  }
  QS_ASSERT(false);
  return "";
}

int Requests::exit_code() const {
  if (last_.request == Request::stop) return static_cast<int>(ExitCode::stopped);
  return last_.request == Request::abandon ? 128 + last_.signal : 0;
}

}  // namespace qs
