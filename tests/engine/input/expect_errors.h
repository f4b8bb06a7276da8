// Golden errors: the whole report, character by character.
#pragma once

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "engine/input/input.h"
#include "engine/plan/vocabulary.h"
#include "example.h"

inline std::string report(const std::string& text, const std::vector<qs::input::SetOption>& sets = {}) {
  qs::input::Diagnostics diagnostics;
  qs::input::load_text(qs::vocabulary(), text, "input.yaml", sets, diagnostics);
  return diagnostics.render();
}

// `text` with its first occurrence of `from` replaced; the test fails if there is none.
inline std::string edited(std::string text, const std::string& from, const std::string& to) {
  const std::size_t at = text.find(from);
  EXPECT_NE(at, std::string::npos) << from;
  return at == std::string::npos ? text : text.replace(at, from.size(), to);
}
