// The lattice as results.h5 tells it, so that a figure in real or reciprocal space needs nothing but that file.
#pragma once

#include "engine/hdf5/data_tree.h"
#include "engine/plan/plan.h"

namespace qs {

// In a group ("system"; of a stage on another lattice "stages/<group>/system"): sites, positions [N, D], primitive_vectors and reciprocal_vectors
// [axes, D], momenta {k [Q, axes], q [Q, D]} (on a tilted torus also denominators [axes] of k), and for every coupling with two-site terms
// bonds/<coupling> [n, 2]. D = 2 if all lies in a plane, else 3. Lengths are in the units of the primitive vectors; those of the named lattices have
// length 1. A graph has bonds, and the positions that it was given.
void store_geometry(const ProblemFamily& family, const std::string& group, DataTree& tree);
// Beside each observable that an evaluate stage has measured: `position` [N, D] of its sites or `q` [Q, D], in the order of its labels.
void store_observable_axes(const StagePlan& stage, DataTree& tree);
// The numbers of every random field in stages/<group>/random/<number of the term>: `values` [problems, places] and `sites` [places, sites of a
// place].
void store_random_numbers(const StagePlan& stage, DataTree& tree);

}  // namespace qs
