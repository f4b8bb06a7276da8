// What a checkpoint of a given step contains in these tests.
#pragma once

#include "engine/hdf5/data_tree.h"

namespace qs::test {

inline DataTree checkpoint_content(std::int64_t step, std::int64_t size = 300) {
  std::vector<double> values(static_cast<std::size_t>(size));
  for (std::size_t i = 0; i < values.size(); ++i) values[i] = static_cast<double>(step) + 1.0 / static_cast<double>(i + 1);
  DataTree tree;
  tree.set("schema", scalar(std::int64_t{1}));
  tree.set("schedule/step", scalar(step));
  tree.set("parameters/kernel", array(std::move(values)));
  return tree;
}

}  // namespace qs::test
