// The keys that --set can reach, for shell completion.
#pragma once

#include <string>
#include <vector>

#include "engine/input/schema.h"

namespace qs::input {

struct SettableKey {
  std::string path;                // '#' stands for a position in a list: "stages.#.optimizer.lr"
  std::vector<std::string> words;  // the words its value may be; empty: numbers, text or lists
};

// Every key that takes a value of its own, in table order, each once; the words of all variants together.
std::vector<SettableKey> settable_keys(const Schema& schema);

}  // namespace qs::input
