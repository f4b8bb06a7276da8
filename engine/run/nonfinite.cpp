#include "engine/run/nonfinite.h"

#include <cstdint>
#include <vector>

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

}  // namespace qs
