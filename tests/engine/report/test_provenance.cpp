#include "engine/report/provenance.h"

#include <gtest/gtest.h>
#include <stdlib.h>
#include <unistd.h>

#include "tests/temporary_directory.h"

namespace qs {
namespace {

TEST(Provenance, IsTheSameOnEveryRank) {
  run_in_process(3, [](Communicator& comm) {
    const Provenance p = collect_provenance(comm, Device::reference, "qstage-vmc run a.yaml", HandClock().clock());

    EXPECT_EQ(p.ranks, 3);
    EXPECT_EQ(p.hosts.size(), 3u);
    EXPECT_EQ(p.hosts[2], p.hosts[0]);
    EXPECT_EQ(p.created, "2025-12-11T09:30:00Z");
    EXPECT_EQ(p.run_id.size(), 16u);
    const std::vector<char> ids = comm.all_gather(std::span<const char>(p.run_id.data(), p.run_id.size()));
    EXPECT_EQ(std::string(ids.begin(), ids.end()), p.run_id + p.run_id + p.run_id);
  });
}

TEST(Provenance, NamesBuildAndLibraries) {
  ::setenv("SLURM_JOB_ID", "4711", 1);
  const auto comm = self_communicator();

  const Provenance p = collect_provenance(*comm, Device::cpu, "cmd", HandClock().clock());
  ::unsetenv("SLURM_JOB_ID");

  EXPECT_FALSE(p.build.version.empty());
  EXPECT_NE(p.build.git_hash, "");
  EXPECT_NE(p.build.compiler.find("12"), std::string::npos);
  EXPECT_NE(p.blas.find("OpenBLAS"), std::string::npos);
  EXPECT_FALSE(p.blas_core.empty());
  EXPECT_EQ(p.hdf5.substr(0, 2), "1.");
  EXPECT_FALSE(p.mpi.empty());
  EXPECT_EQ(p.job_id, "4711");
  EXPECT_EQ(p.device, "cpu");
  EXPECT_EQ(p.instruction_set, cpu_instruction_set());
}

}  // namespace
}  // namespace qs
