// A tree with every kind of dataset and attribute, for tests of formats.
#pragma once

#include <limits>

#include "engine/hdf5/data_tree.h"

namespace qs::test {

inline DataTree every_type() {
  using Complex = std::complex<double>;
  constexpr double kHuge = std::numeric_limits<double>::max();
  constexpr double kTiny = std::numeric_limits<double>::denorm_min();
  DataTree tree;
  tree.groups[""] = {{"layout", std::string("qstage-results")}, {"layout_version", std::vector<std::int64_t>{1, 0}}};
  tree.groups["stages/02_vmc"] = {{"steps", std::int64_t{-7}}, {"rate", 0.1}, {"names", std::vector<std::string>{"V", "delta", ""}}};
  tree.groups["empty_group"] = {};
  tree.set("f64",
           with(array(std::vector<double>{0.1, -0.0, kHuge, kTiny, -kHuge, 1.0 / 3}, {2, 3}),
                {{"units", std::string("t")}, {"long_name", std::string("energy, \xCE\xB8 and \xCF\x88")}, {"list", std::vector<double>{1.5, -2}}}));
  tree.set("f32", Dataset{{2}, std::vector<float>{0.1f, -3.5e30f}, {}});
  tree.set("c128", array(std::vector<Complex>{{1, -2}, {0.5, 1e-300}}));
  tree.set("i64", array(std::vector<std::int64_t>{std::numeric_limits<std::int64_t>::min(), std::numeric_limits<std::int64_t>::max()}));
  tree.set("u64", array(std::vector<std::uint64_t>{0, std::numeric_limits<std::uint64_t>::max()}, {2, 1, 1}));
  tree.set("i8", Dataset{{3}, std::vector<std::int8_t>{-128, 0, 127}, {}});
  tree.set("i32", Dataset{{2}, std::vector<std::int32_t>{std::numeric_limits<std::int32_t>::min(), 5}, {}});
  tree.set("text/many", array(std::vector<std::string>{"short", "", "a longer one"}));
  tree.set("text/one", scalar(std::string("line one\nline two")));
  tree.set("text/empty", scalar(std::string()));
  tree.set("scalars/f64", scalar(2.5));
  tree.set("scalars/i64", with(scalar(std::int64_t{-1}), {{"remark", std::string()}}));
  tree.set("scalars/c128", Dataset{{}, std::vector<Complex>{{3, 4}}, {}});
  tree.set("deep/er/and/deeper/value", scalar(1.0));
  tree.set("nothing", Dataset{{0, 4}, std::vector<double>{}, {}});
  return tree;
}

}  // namespace qs::test
