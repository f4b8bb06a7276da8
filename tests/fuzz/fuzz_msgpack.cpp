// flax msgpack: read or refused with a CheckpointError; what was read is read again from what we write.
#include "engine/base/error.h"
#include "engine/weights/msgpack.h"
#include "tests/engine/weights/sample_tensors.h"
#include "tests/fuzz/fuzz_target.h"

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace qs;
  try {
    const TensorFile tensors = from_msgpack(std::as_bytes(std::span(data, size)), "w");
    fuzz::require(from_msgpack(to_msgpack(tensors, "w"), "w") == tensors);
  } catch (const CheckpointError&) {
  }
  return 0;
}

std::vector<std::string> qs::fuzz::seeds() {
  const TensorFile sample = test::sample_tensors();
  return {text_of(to_msgpack(sample, "w")), text_of(to_msgpack(sample, "w", 16))};
}
