// The lattice as results.h5 tells it, so that a figure in real or reciprocal space needs nothing but that file.
#pragma once

#include "engine/io/data_tree.h"
#include "engine/run/plan.h"

namespace qs {

// system/positions [N, 2], primitive_vectors and reciprocal_vectors [axes, 2], momenta {k [Q, axes], q [Q, 2]}, and for every coupling with
// two-site terms bonds/<coupling> [n, 2]. Lengths are in units of the primitive vectors, which all have length 1.
void store_geometry(const ProblemFamily& family, DataTree& tree);
// Beside each observable that an evaluate stage has measured: `position` [N, 2] of its sites or `q` [Q, 2], in the order of its labels.
void store_observable_axes(const StagePlan& stage, DataTree& tree);

}  // namespace qs
