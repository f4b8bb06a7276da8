#include "engine/report/log.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <utility>

#include "engine/base/error.h"
#include "engine/base/text.h"
#include "engine/job/clock.h"

namespace qs {

RunLog::RunLog(std::string path) : path_(std::move(path)), file_(open_file(path_, O_WRONLY | O_CREAT | O_APPEND, "open for writing")) {}

void RunLog::line(std::string_view text) {
  if (!problem_.empty()) return;
  const std::string row = printable(text) + "\n";
  std::size_t done = 0;
  while (done < row.size()) {
    const ssize_t written = ::write(file_.number(), row.data() + done, row.size() - done);
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) {
      problem_ = fmt::format("'{}' is no longer written ({} bytes wanted: {})", path_, row.size() - done, std::strerror(errno));
      return;
    }
    done += static_cast<std::size_t>(written);
  }
}

namespace {

// One host name per rank -> "nodeA: ranks 0-3, nodeB: ranks 4-7".
std::string ranks_by_host(const std::vector<std::string>& hosts) {
  std::vector<std::string> runs;
  for (std::size_t first = 0; first < hosts.size();) {
    std::size_t last = first;
    while (last + 1 < hosts.size() && hosts[last + 1] == hosts[first]) ++last;
    runs.push_back(first == last ? fmt::format("{}: rank {}", hosts[first], first) : fmt::format("{}: ranks {}-{}", hosts[first], first, last));
    first = last + 1;
  }
  return fmt::format("{}", fmt::join(runs, ", "));
}

}  // namespace

std::vector<std::string> log_header(const Provenance& provenance, std::uint64_t seed, const std::string& input_sha256) {
  const BuildInfo& build = provenance.build;
  std::vector<std::string> lines = {
      fmt::format("qstage-vmc {} (git {}), {}", build.version, build.git_hash, build.compiler),
      fmt::format("started      {}", provenance.created),
      fmt::format("command      {}", provenance.command_line),
      fmt::format("ranks        {} x {} thread{}, {}", provenance.ranks, provenance.threads, provenance.threads == 1 ? "" : "s",
                  ranks_by_host(provenance.hosts)),
      fmt::format("device       {}{}, instruction set {}", provenance.device, provenance.gpu.empty() ? "" : " (" + provenance.gpu + ")",
                  provenance.instruction_set),
      fmt::format("libraries    MPI {}; BLAS {} (core {}); HDF5 {}", provenance.mpi, provenance.blas, provenance.blas_core, provenance.hdf5),
      fmt::format("seed         {}", seed),
      fmt::format("input sha256 {}", input_sha256),
  };
  if (!provenance.job_id.empty()) lines.push_back(fmt::format("job          {}", provenance.job_id));
  return lines;
}

std::vector<std::string> log_footer(const LogFooter& footer) {
  std::vector<std::string> lines = {fmt::format("wall time {} ({:.1f} s)", duration_text(footer.wall_seconds), footer.wall_seconds)};
  for (const auto& [phase, seconds] : footer.seconds) {
    const double share = footer.wall_seconds > 0 ? 100 * seconds / footer.wall_seconds : 0;
    lines.push_back(fmt::format("  {:<32} {:>10.2f} s {:>5.1f} %", phase, seconds, share));
  }
  lines.push_back(footer.warnings.empty() ? "no warnings" : fmt::format("{} different warning(s):", footer.warnings.size()));
  for (const CountedMessage& warning : footer.warnings) lines.push_back(fmt::format("  {} x {}", warning.count, warning.text));
  if (!footer.files.empty()) lines.push_back(fmt::format("files: {}", fmt::join(footer.files, ", ")));
  return lines;
}

}  // namespace qs
