// Steps of resolve(), a file each: lattice, family, wavefunction. Internal to engine/input.
#pragma once

#include <string>
#include <vector>

#include "engine/base/node_data.h"
#include "engine/input/input.h"
#include "engine/input/schema.h"

namespace qs::input {

// Quiet look-ups on a tree that may hold invalid parts: nullptr unless the value is there with the wanted form.
DataPtr find_form(const Node::Data& map, const std::string& key, Form form);
std::string word_of(const Node::Data& map, const std::string& key);  // "" unless it is text

DataPtr make_text(const Node::Data& like, const std::string& text);
DataPtr null_like(const Node::Data& like);
// Paths name the place in this document, so a node that is inherited is copied with the path of its heir.
DataPtr copy_to(const Node::Data& source, const std::string& path);
// True if `own` is a whole section: it has another kind than the global one, or there is no global one.
bool complete(const Node::Data& own, const DataPtr& global);
// The global keys below, the own ones above; of two ways to say one thing (size or torus, move or moves) the own one takes back the other.
DataPtr laid_over(const Node::Data& own, const Node::Data& global);
DataPtr make_list(const Node::Data& like, std::vector<DataPtr> items);
void replace(Node::Data& map, const std::string& key, DataPtr data);

// `periodic` or `boundary` -> one word per axis in `boundary`.
void resolve_lattice(Node::Data& lattice, Diagnostics& diagnostics);
// The lattices and sectors of all `systems`, of the run and of stages, as keys over those of `system`, which has not been resolved yet. Stages
// without systems get those of the run.
void resolve_systems(Node::Data& root, Diagnostics& diagnostics);
// Lists among the Hamiltonian's couplings -> system.family; then the names and shapes of that family.
void resolve_couplings(const Schema& schema, Node::Data& system, Diagnostics& diagnostics);
// Names of a family (or held_out) are couplings of the Hamiltonian, or `particles` of spinless fermions.
void check_family(const Schema& schema, const Node::Data& family, const Node::Data& system, Diagnostics& diagnostics);
// The names that a family may have: couplings of the Hamiltonian, `disorder`, `particles`. Empty: the Hamiltonian's kind is not known.
std::vector<std::string> family_words(const Schema& schema, const Node::Data& system);
bool sector_has(const Node::Data& system, const std::string& key);
// One of `known` (any, if that is empty), or one random number of a disordered term: "h@3".
void check_name(const Location& where, const std::string& path, const std::string& name, const std::vector<std::string>& known,
                Diagnostics& diagnostics);

// Names in tail, features, couplings; defaults that depend on the system; heads against width.
void resolve_wavefunction(const Schema& schema, Node::Data& root, Diagnostics& diagnostics);

}  // namespace qs::input
