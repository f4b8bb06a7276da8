#include "engine/comm/communicator.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <numeric>
#include <set>

#include "engine/base/error.h"

namespace qs {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

class InProcess : public ::testing::TestWithParam<int> {};

TEST_P(InProcess, EveryRankRunsOnceAndKnowsItsNumber) {
  std::vector<std::atomic<int>> visits(GetParam());

  run_in_process(GetParam(), [&](Communicator& comm) {
    EXPECT_EQ(comm.size(), GetParam());
    EXPECT_EQ(comm.is_root(), comm.rank() == 0);
    ++visits[comm.rank()];
  });

  for (const auto& count : visits) EXPECT_EQ(count, 1);
}

TEST_P(InProcess, AFailureOfTheRootHasTheSameTypeAndMessageEverywhere) {
  std::atomic<int> seen{0};

  run_in_process(GetParam(), [&](Communicator& comm) {
    try {
      on_root(comm, [] { throw CheckpointError("checkpoint.h5: hash differs"); });
      ADD_FAILURE() << "rank " << comm.rank() << " did not throw";
    } catch (const CheckpointError& error) {
      EXPECT_STREQ(error.what(), "checkpoint.h5: hash differs");
      EXPECT_EQ(error.code(), ExitCode::checkpoint);
      ++seen;
    }
  });

  EXPECT_EQ(seen, GetParam());
}

TEST_P(InProcess, AgreementGivesEveryRankTheErrorOfTheLowestFailingRank) {
  run_in_process(GetParam(), [&](Communicator& comm) {
    const int lowest = comm.size() / 2;
    try {
      on_all(comm, [&] {
        if (comm.rank() >= lowest) throw NumericalError("rank " + std::to_string(comm.rank()));
      });
      ADD_FAILURE() << "rank " << comm.rank() << " did not throw";
    } catch (const NumericalError& error) {
      EXPECT_EQ(error.what(), "rank " + std::to_string(lowest));
    }
  });
}

TEST_P(InProcess, WorkContinuesAfterAnAgreedError) {
  run_in_process(GetParam(), [&](Communicator& comm) {
    EXPECT_THROW(on_all(comm, [] { throw InputError("all"); }), InputError);
    EXPECT_NO_THROW(on_all(comm, [] {}));
    EXPECT_EQ(comm.sum(1), comm.size());
  });
}

TEST_P(InProcess, OtherExceptionsKeepTheirMeaningAsExitCode) {
  run_in_process(GetParam(), [&](Communicator& comm) {
    EXPECT_THROW(on_all(comm, [] { throw std::bad_alloc(); }), MemoryError);
    try {
      on_all(comm, [] { throw std::logic_error("not ours"); });
      ADD_FAILURE();
    } catch (const Error& error) {
      EXPECT_EQ(error.code(), ExitCode::internal);
      EXPECT_STREQ(error.what(), "not ours");
    }
  });
}

TEST_P(InProcess, PiecesThatStandInPlaceAreGatheredToo) {
  run_in_process(GetParam(), [](Communicator& comm) {
    std::vector<std::size_t> bytes;
    std::vector<int> all, expected;
    std::size_t mine = 0;
    for (int r = 0; r < comm.size(); ++r) {
      if (r == comm.rank()) mine = expected.size();
      bytes.push_back((r + 1) * sizeof(int));
      expected.insert(expected.end(), r + 1, 100 + r);
    }
    all.resize(expected.size());
    std::fill_n(all.begin() + static_cast<std::ptrdiff_t>(mine), comm.rank() + 1, 100 + comm.rank());

    comm.all_gather_bytes(all.data() + mine, bytes, all.data());

    EXPECT_EQ(all, expected);
  });
}

INSTANTIATE_TEST_SUITE_P(Ranks, InProcess, ::testing::Values(1, 2, 3, 4, 7));

TEST(Communicator, ErrorTypesSurviveTheTrip) {
  const auto comm = self_communicator();
  EXPECT_THROW(on_all(*comm, [] { throw InputError(""); }), InputError);
  EXPECT_THROW(on_all(*comm, [] { throw FileError(""); }), FileError);
  EXPECT_THROW(on_all(*comm, [] { throw NumericalError(""); }), NumericalError);
  EXPECT_THROW(on_all(*comm, [] { throw CheckpointError(""); }), CheckpointError);
  EXPECT_THROW(on_all(*comm, [] { throw MemoryError(""); }), MemoryError);
  EXPECT_THROW(on_all(*comm, [] { throw NotBuilt("cuda"); }), DeviceError);
}

TEST(Communicator, OneRankGathersItself) {
  const auto comm = self_communicator();
  const std::vector<double> mine = {1.5, 2.5};
  EXPECT_EQ(comm->all_gather<double>(mine), mine);
  EXPECT_EQ(comm->all_gather<double>({}), std::vector<double>());
  EXPECT_EQ(comm->sum(7), 7);
  EXPECT_EQ(comm->max(-7), -7);
}

TEST(InProcessErrors, RanksThatCallDifferentCollectivesAreToldSo) {
  try {
    run_in_process(2, [](Communicator& comm) {
      double value = 0;
      if (comm.is_root()) {
        comm.barrier();
      } else {
        comm.broadcast(std::span<double>(&value, 1), 0);
      }
    });
    ADD_FAILURE() << "no error";
  } catch (const Error& error) {
    EXPECT_THAT(error.what(), HasSubstr("barrier"));
    EXPECT_THAT(error.what(), HasSubstr("broadcast of 8 bytes"));
  }
}

TEST(InProcessErrors, ARankThatLeavesDoesNotHangTheOthers) {
  try {
    run_in_process(3, [](Communicator& comm) {
      if (comm.rank() == 1) throw InputError("the cause");
      comm.barrier();
    });
    ADD_FAILURE() << "no error";
  } catch (const InputError& error) {
    EXPECT_STREQ(error.what(), "the cause");
  }
  EXPECT_THROW(run_in_process(2,
                              [](Communicator& comm) {
                                if (comm.is_root()) comm.barrier();
                              }),
               Error);
}

TEST(CommunicatorDeath, AbortEndsTheProcessWithTheCode) { EXPECT_EXIT(self_communicator()->abort(71), ::testing::ExitedWithCode(71), ""); }

}  // namespace
}  // namespace qs
