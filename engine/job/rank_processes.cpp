#include "engine/job/rank_processes.h"

#include <unistd.h>

#include <array>
#include <cstring>
#include <fstream>
#include <optional>
#include <sstream>
#include <string>

namespace qs {
namespace {

// proc(5): fields of /proc/<pid>/stat behind the name, which stands in parentheses and may hold blanks: state is field 3, starttime field 22.
struct ProcessStat {
  char state = 0;
  std::uint64_t started = 0;
};

std::optional<ProcessStat> read_stat(pid_t pid) {
  std::ifstream file("/proc/" + std::to_string(pid) + "/stat");
  std::string line;
  if (!std::getline(file, line)) return std::nullopt;
  const std::size_t name_end = line.rfind(')');
  if (name_end == std::string::npos) return std::nullopt;
  std::istringstream fields(line.substr(name_end + 1));
  ProcessStat stat;
  fields >> stat.state;
  constexpr int between = 22 - 3 - 1;
  std::string skipped;
  for (int k = 0; k < between; ++k) fields >> skipped;
  if (!(fields >> stat.started)) return std::nullopt;
  return stat;
}

// Travels as bytes.
struct Address {
  std::array<char, 64> host{};
  pid_t pid = 0;
  std::uint64_t started = 0;
};

Address own_address() {
  Address mine;
  ::gethostname(mine.host.data(), mine.host.size() - 1);
  mine.pid = ::getpid();
  if (const auto stat = read_stat(mine.pid)) mine.started = stat->started;
  return mine;
}

}  // namespace

std::vector<RankProcess> neighbours(Communicator& comm) {
  const Address mine = own_address();
  const std::vector<Address> all = comm.all_gather(std::span<const Address>(&mine, 1));
  std::vector<RankProcess> found;
  for (int rank = 0; rank < comm.size(); ++rank) {
    const Address& other = all[static_cast<std::size_t>(rank)];
    if (std::strcmp(other.host.data(), mine.host.data()) == 0 && other.pid != mine.pid) found.push_back({rank, other.pid, other.started});
  }
  return found;
}

bool is_stopped(const RankProcess& process) {
  const auto stat = read_stat(process.pid);
  return stat && stat->state == 'T' && stat->started == process.started;
}

}  // namespace qs
