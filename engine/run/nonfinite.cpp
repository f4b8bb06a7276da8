#include "engine/run/nonfinite.h"

#include <fmt/format.h>

#include <cstdint>
#include <vector>

#include "engine/base/error.h"
#include "engine/files/files.h"
#include "engine/hdf5/hdf5.h"
#include "engine/plan/weight_names.h"
#include "engine/run/configuration_table.h"

namespace qs {

DataTree nonfinite_tree(const NonfiniteStep& failed, const std::string& stage, const ProblemFamily& family, const ParameterLayout& layout,
                        const Origin& origin) {
  DataTree tree;
  tree.groups[""] = {{"layout", std::string("qstage-nonfinite")},
                     {"layout_version", std::vector<std::int64_t>{1, 0}},
                     {"reason", failed.reason},
                     {"stage", stage},
                     {"step", failed.step}};
  store_origin(tree, origin);
  store_weights(tree, tensor_shapes(layout), failed.parameters);
  if (failed.rows.rows() > 0) store_configurations(tree, failed.rows, family);
  return tree;
}

void write_nonfinite(const std::string& file, const DataTree& tree, Reporter& reporter) {
  try {
    replace_file(file, to_hdf5_image(tree));
    reporter.note(
        fmt::format("its parameters and configurations: {0} (qstage-vmc evaluate INPUT --weights {0} --configurations {0} --output FILE)", file));
  } catch (const FileError& error) {
    reporter.warn(std::string("the evidence of a step that is not finite was not kept: ") + error.what());
  }
}

}  // namespace qs
