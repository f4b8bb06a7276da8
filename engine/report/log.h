// run.log: what the run said, in order, readable while it runs. Lines only; what they say is decided by the Reporter.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "engine/files/descriptor.h"
#include "engine/report/provenance.h"

namespace qs {

// Appends to a text file; every line reaches the operating system before line() returns. A log that cannot be written is no reason to
// lose a run: after the first failed write it falls silent and says why in problem(). Only opening throws (FileError).
class RunLog {
 public:
  explicit RunLog(std::string path);
  void line(std::string_view text);
  const std::string& problem() const { return problem_; }  // "" while all is well

 private:
  std::string path_;
  Descriptor file_;
  std::string problem_;
};

struct CountedMessage {
  std::string text;
  std::int64_t count = 0;
};

// Version, hosts, ranks, threads, device, instruction set, seed, hash of the input.
std::vector<std::string> log_header(const Provenance& provenance, std::uint64_t seed, const std::string& input_sha256);
// Times by phase ("02_vmc/sample" -> seconds) with their share, warnings with counts, files.
struct LogFooter {
  double wall_seconds = 0;
  std::map<std::string, double> seconds = {};
  std::vector<CountedMessage> warnings = {};
  std::vector<std::string> files = {};
};
std::vector<std::string> log_footer(const LogFooter& footer);

}  // namespace qs
