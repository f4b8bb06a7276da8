// Exact states as CSV: read or refused with a FileError; what was read is a normalised state that is read again from what we write.
#include <cmath>

#include "engine/base/error.h"
#include "engine/files/ed_csv.h"
#include "tests/engine/files/small_csv.h"
#include "tests/fuzz/fuzz_target.h"

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace qs;
  try {
    const EdState state = parse_ed_csv(std::string(reinterpret_cast<const char*>(data), size), test::kSmallName);
    double norm = 0;
    for (const std::complex<double> amplitude : state.amplitudes) norm += std::norm(amplitude);
    fuzz::require(std::abs(norm - 1) < 1e-9 && state.amplitudes.size() == state.basis.size());
    fuzz::require(parse_ed_csv(format_ed_csv(state), test::kSmallName).amplitudes == state.amplitudes);
  } catch (const FileError&) {
  }
  return 0;
}

std::vector<std::string> qs::fuzz::seeds() { return {test::small_csv()}; }
