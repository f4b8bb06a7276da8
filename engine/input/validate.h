// Raw tree + table -> typed tree with all defaults. Reports every error it meets and goes on.
#pragma once

#include "engine/base/node_data.h"
#include "engine/input/raw.h"
#include "engine/input/schema.h"

namespace qs::input {

// One walk down the table. A value with an error becomes Form::invalid; nothing else is lost.
DataPtr validate_table(const Schema& schema, const Raw& root, Diagnostics& diagnostics);

// Resolves short forms and inheritance (input.h, Document) and checks what the table cannot say: keys that exclude each other, names
// that must be couplings, samples against chains. Invalid values are passed over.
void resolve(const Schema& schema, Node::Data& root, Diagnostics& diagnostics);

// "(did you mean 'a'? known: a, b)" or "(known: a, b)".
std::string known_words(const std::string& word, const std::vector<std::string>& known);

// Resolved document as YAML that is itself a valid input with the same meaning.
std::string emit_yaml(const Node::Data& root);

// --set KEY=VALUE on the raw tree.
void apply_set(Raw& root, const SetOption& option, Diagnostics& diagnostics);

}  // namespace qs::input
