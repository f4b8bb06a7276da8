// Inputs: a document or diagnostics, never an exception; the resolved text of a valid input is valid and resolves to itself.
#include "engine/input/input.h"
#include "engine/plan/vocabulary.h"
#include "tests/engine/input/example.h"
#include "tests/fuzz/fuzz_target.h"

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace qs;
  input::Diagnostics diagnostics;
  const input::Document document =
      input::load_text(vocabulary(), std::string(reinterpret_cast<const char*>(data), size), "input.yaml", {}, diagnostics);
  if (diagnostics.has_errors()) {
    fuzz::require(!diagnostics.render().empty());
    return 0;
  }
  input::Diagnostics again;
  fuzz::require(input::load_text(vocabulary(), document.resolved, "resolved.yaml", {}, again).resolved == document.resolved && !again.has_errors());
  return 0;
}

std::vector<std::string> qs::fuzz::seeds() { return {example::quick_start}; }
