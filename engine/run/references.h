// What a calculation should cite: one row per paper, with the keys of the input that call for it.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "engine/input/input.h"

namespace qs {

struct Condition {
  std::string key;                 // without list positions: "stages.optimizer.kind"
  std::vector<std::string> words;  // the key has one of these values; none: it has a number above zero
};

struct Reference {
  std::string role;
  std::vector<Condition> when;  // any of them
  std::string bibtex;
};

std::span<const Reference> references();

// BibTeX of the program and of every row that the validated input calls for; a line '% role: key is value' before each says why.
std::string citations(const input::Document& document);

}  // namespace qs
