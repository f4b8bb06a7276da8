// What made a result: build, machine, libraries, command. Collected once per run, written into every output.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "engine/comm/communicator.h"
#include "engine/hdf5/data_tree.h"
#include "engine/job/clock.h"
#include "kernels/api/device.h"

namespace qs {

// Known when the executable was built; needs neither MPI nor a device.
struct BuildInfo {
  std::string version, git_hash, compiler, flags, build_type;
  std::string mpi_headers, hdf5_headers;  // what it was compiled against
  std::string cuda_architectures;         // "" without CUDA
};
BuildInfo build_info();

struct Provenance {
  BuildInfo build;
  std::vector<std::string> hosts;  // one per rank
  int ranks = 1, threads = 1;      // threads per rank
  std::string device, instruction_set;
  std::string gpu;                         // name of the root's, "" for devices that are no GPU
  std::string mpi, blas, blas_core, hdf5;  // libraries met at run time
  std::string job_id;                      // of the batch system, "" outside one
  std::string command_line;
  std::string created;  // UTC
  std::string run_id;   // hash of host, process and start: tells two runs of one input apart
};

// Collective; the same value on every rank.
Provenance collect_provenance(Communicator& comm, Device device, const std::string& command_line, const Clock& clock);

std::string device_name(Device device);

// Attributes of /provenance in results.h5.
std::map<std::string, Attribute> provenance_attributes(const Provenance& provenance);

}  // namespace qs
