// The evidence of a step that met a number that is not finite, as a file that `evaluate` takes for both weights and configurations.
#pragma once

#include <string>

#include "engine/hdf5/data_tree.h"
#include "engine/plan/weights_origin.h"
#include "engine/report/reporter.h"
#include "engine/stages/stage.h"
#include "engine/wavefunctions/parameters.h"

namespace qs {

// parameters/, configurations [n, modes], problem [n]; `reason`, `stage` and `step` as attributes.
DataTree nonfinite_tree(const NonfiniteStep& failed, const std::string& stage, const ProblemFamily& family, const ParameterLayout& layout,
                        const Origin& origin);
// Says where it is, or that it was not kept; never throws for a disk.
void write_nonfinite(const std::string& file, const DataTree& tree, Reporter& reporter);

}  // namespace qs
