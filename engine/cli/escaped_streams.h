// std::cout and std::cerr for as long as the program speaks: whatever it prints, a file's or a command line's bytes reach no terminal as commands
// (kernels/api/terminal_text.h).
#pragma once

#include <memory>
#include <ostream>

namespace qs {

class EscapedStreams {
 public:
  EscapedStreams();
  ~EscapedStreams();
  EscapedStreams(const EscapedStreams&) = delete;
  EscapedStreams& operator=(const EscapedStreams&) = delete;
  // Standard output as it is, for who draws on the terminal and escapes what it shows (engine/report/reporter.h).
  std::ostream* screen() const;

 private:
  struct Buffers;
  std::unique_ptr<Buffers> buffers_;
};

}  // namespace qs
