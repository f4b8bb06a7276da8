#include "engine/base/error.h"

#include <cstdio>
#include <cstdlib>

namespace qs {

void assertion_failed(const char* condition, const char* file, int line) {
  std::fprintf(stderr, "%s:%d: internal error: '%s' does not hold (a bug of qstage-vmc, please report it with the input)\n", file, line, condition);
  std::abort();
}

}  // namespace qs
