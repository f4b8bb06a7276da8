// One GPU per rank, on lists of devices as launchers give them.
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "engine/base/error.h"
#include "engine/plan/choose_device.h"

namespace qs {
namespace {

using Lists = std::vector<std::vector<std::string>>;

TEST(ChooseDevice, GivesTheRanksOfAMachineDifferentOnes) { EXPECT_EQ(assign_devices({{"a", "b"}, {"a", "b"}}), (std::vector<int>{0, 1})); }

TEST(ChooseDevice, CountsAnewOnEveryMachine) {
  EXPECT_EQ(assign_devices({{"a", "b"}, {"a", "b"}, {"c", "d"}, {"c", "d"}}), (std::vector<int>{0, 1, 0, 1}));
  EXPECT_EQ(assign_devices({{"a", "b"}, {"c", "d"}, {"a", "b"}, {"c", "d"}}), (std::vector<int>{0, 0, 1, 1})) << "ranks placed in turn";
}

TEST(ChooseDevice, TakesTheOneThatTheLauncherShows) { EXPECT_EQ(assign_devices({{"a"}, {"b"}, {"c"}}), (std::vector<int>{0, 0, 0})); }

TEST(ChooseDevice, RefusesMoreRanksThanDevicesAndSaysHowManyToStart) {
  try {
    assign_devices({{"a", "b"}, {"c"}, {"a", "b"}, {"a", "b"}});
    FAIL() << "accepted";
  } catch (const DeviceError& error) {
    EXPECT_EQ(error.code(), ExitCode::device);
    EXPECT_STREQ(error.what(),
                 "3 ranks would share 2 GPUs of one machine (a rank needs a GPU of its own); start 2 ranks per machine, or choose device: cpu");
  }
}

TEST(ChooseDevice, NeedsNoChoiceWhereRanksComputeOnCores) {
  run_in_process(3, [](Communicator& comm) {
    EXPECT_EQ(choose_device(Device::cpu, comm), "");
    EXPECT_EQ(choose_device(Device::reference, comm), "");
  });
}

}  // namespace
}  // namespace qs
