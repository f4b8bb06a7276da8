// numpy archives: read or refused with a CheckpointError; what was read is read again from what we write.
#include "engine/base/error.h"
#include "engine/io/npz.h"
#include "tests/engine/io/deflated_npz.h"
#include "tests/engine/io/sample_tensors.h"
#include "tests/fuzz/fuzz_target.h"

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace qs;
  try {
    const TensorFile tensors = from_npz(std::as_bytes(std::span(data, size)), "w");
    fuzz::require(from_npz(to_npz(tensors, "w"), "w") == tensors);
  } catch (const CheckpointError&) {
  }
  return 0;
}

std::vector<std::string> qs::fuzz::seeds() {
  const TensorFile sample = test::sample_tensors();
  return {text_of(to_npz(sample, "w")), text_of(test::deflated_npz(sample))};
}
