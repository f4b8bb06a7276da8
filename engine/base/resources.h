// What the system refuses to one process: memory, a thread, a work buffer.
#pragma once

#include <new>
#include <stdexcept>
#include <string>

namespace qs {

// A std::bad_alloc that knows what was wanted and what helps. Like any bad_alloc it may come from any line of any single rank, so nobody takes it for
// agreed on by all of them (an Error thrown outside of on_root and on_all is).
class OutOfResources : public std::bad_alloc {
 public:
  explicit OutOfResources(const std::string& message) : message_(message) {}
  const char* what() const noexcept override { return message_.what(); }

 private:
  std::runtime_error message_;  // copies without throwing
};

// What to tell the user.
inline std::string out_of_memory_text(const std::bad_alloc& error) {
  const auto* known = dynamic_cast<const OutOfResources*>(&error);
  return known ? known->what() : "out of memory (the request exceeds what this machine has left); use more ranks, fewer samples or a smaller network";
}

}  // namespace qs
