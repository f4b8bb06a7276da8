// The plan of an input that stands in a test as text.
#pragma once

#include <string>

#include "engine/base/error.h"
#include "engine/plan/plan.h"
#include "engine/plan/vocabulary.h"

namespace qs::test {

// Paths in the text start from `directory`. InputError with all messages if the input is wrong.
inline RunPlan plan_of(const std::string& text, const std::string& directory = "") {
  input::Diagnostics diagnostics;
  input::Document document = input::load_text(vocabulary(), text, "input.yaml", {}, diagnostics);
  document.directory = directory;
  RunPlan plan = diagnostics.has_errors() ? RunPlan{} : make_plan(document, diagnostics);
  if (diagnostics.has_errors()) throw InputError(diagnostics.render());
  return plan;
}

}  // namespace qs::test
