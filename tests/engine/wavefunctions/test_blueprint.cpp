#include <gtest/gtest.h>

#include "engine/wavefunctions/layers/layer.h"

namespace qs {
namespace {

Region region(const Slot& slot, Pass pass) { return slot.in(pass).region; }
std::size_t offset(const Slot& slot, Pass pass) { return slot.in(pass).offset; }

TEST(MemoryPlan, GivesTurnsOneMemoryAndWhatIsKeptItsOwn) {
  Blueprint<float> blueprint(Device::cpu);
  const Builder<float> head = blueprint.layer();
  const Slot stream = head.keep(5);
  const Builder<float> first = blueprint.layer_in_turn();
  const Slot kept = first.keep(3), fused = first.scratch(4, Pass::evaluate), gradient = first.scratch(7, Pass::differentiate);
  const Builder<float> second = blueprint.layer_in_turn();
  const Slot again = second.keep(2), active = second.keep_for_backward(6);

  EXPECT_EQ(offset(stream.after(2), Pass::evaluate), 2u);
  EXPECT_EQ(region(kept, Pass::evaluate), Region::turn);
  EXPECT_EQ(offset(fused, Pass::evaluate), 3u);
  EXPECT_EQ(offset(again, Pass::evaluate), 0u);
  EXPECT_EQ(offset(kept, Pass::differentiate), 5u);
  EXPECT_EQ(offset(again, Pass::differentiate), 8u);
  EXPECT_EQ(region(gradient, Pass::differentiate), Region::turn);
  EXPECT_EQ(region(gradient, Pass::evaluate), Region::none);
  EXPECT_EQ(region(active, Pass::evaluate), Region::none);
  EXPECT_EQ(blueprint.memory().all(Pass::evaluate), 5u + (3u + 4u));
  EXPECT_EQ(blueprint.memory().kept(Pass::differentiate), 5u + 3u + 2u + 6u);
  EXPECT_EQ(blueprint.memory().all(Pass::differentiate), 16u + 7u);
}

TEST(Blueprint, PacksTensorsInFlatOrderAndTurnsTheirKernels) {
  Blueprint<float> blueprint(Device::cpu);
  const Builder<float> build = blueprint.layer();
  const Weight<float> kernel = build.kernel({"b", {2, 3}, Initial::zero()}, 2);
  build.dead_tensor({"aa", {1}, Initial::zero()});
  const Weight<float> bias = build.tensor({"a", {2}, Initial::one()});
  blueprint.finish();
  const std::vector<double> parameters = {1, 2, 3, 4, 5, 6, 7, 8, 9};  // a, aa, b

  blueprint.load(parameters);

  EXPECT_EQ(std::vector<float>(bias.data(), bias.data() + bias.count()), (std::vector<float>{1, 2}));
  EXPECT_EQ(std::vector<float>(kernel.data(), kernel.data() + kernel.count()), (std::vector<float>{4, 5, 6, 7, 8, 9}));
  EXPECT_EQ(std::vector<float>(kernel.adjoint(), kernel.adjoint() + kernel.count()), (std::vector<float>{4, 7, 5, 8, 6, 9}));
  ASSERT_EQ(blueprint.dead().size(), 1u);
  EXPECT_EQ(blueprint.dead()[0].offset, 2);
  float gradient[9];
  EXPECT_EQ(kernel.part_of({gradient, 0, 1}).base, gradient + 3);
  EXPECT_EQ(Weight<float>().part_of({gradient, 0, 1}).base, nullptr);
}

}  // namespace
}  // namespace qs
