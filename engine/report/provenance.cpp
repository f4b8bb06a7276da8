#include "engine/report/provenance.h"

#include <cblas.h>
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <unistd.h>

#include <array>
#include <cstdlib>

#include "build_info.h"
#include "engine/base/error.h"
#include "engine/base/parallel.h"
#include "engine/files/files.h"
#include "engine/hdf5/hdf5.h"

namespace qs {

namespace {

std::string host_name() {
  std::array<char, 256> name{};
  return ::gethostname(name.data(), name.size() - 1) == 0 ? std::string(name.data()) : "unknown";
}

std::string environment(const char* name) {
  const char* value = std::getenv(name);
  return value ? value : "";
}

// SLURM, PBS, LSF, Grid Engine name their job differently.
std::string batch_job() {
  for (const char* name : {"SLURM_JOB_ID", "PBS_JOBID", "LSB_JOBID", "JOB_ID"}) {
    if (std::string id = environment(name); !id.empty()) return id;
  }
  return "";
}

// Every rank's host name, in rank order.
std::vector<std::string> all_hosts(Communicator& comm) {
  const std::string mine = host_name() + '\n';
  const std::vector<char> all = comm.all_gather(std::span<const char>(mine.data(), mine.size()));
  std::vector<std::string> hosts(1);
  for (const char c : all) {
    if (c == '\n') {
      hosts.emplace_back();
    } else {
      hosts.back() += c;
    }
  }
  hosts.pop_back();
  return hosts;
}

}  // namespace

BuildInfo build_info() {
  return {.version = built::version,
          .git_hash = built::git_hash,
          .compiler = built::compiler,
          .flags = built::flags,
          .build_type = built::build_type,
          .mpi_headers = built::mpi_headers,
          .hdf5_headers = built::hdf5_headers,
          .cuda_architectures = built::cuda_architectures};
}

std::string device_name(Device device) {
  constexpr const char* names[] = {"reference", "cpu", "cuda"};
  return names[static_cast<int>(device)];
}

Provenance collect_provenance(Communicator& comm, Device device, const std::string& command_line, const Clock& clock) {
  Provenance p;
  p.build = build_info();
  p.hosts = all_hosts(comm);
  p.ranks = comm.size();
  p.threads = threads();
  p.device = device_name(device);
  p.instruction_set = device == Device::reference ? "plain loops" : cpu_instruction_set();
  p.mpi = MpiSession::library_version();
  p.blas = openblas_get_config();
  p.blas_core = openblas_get_corename();
  p.hdf5 = hdf5_library_version();
  p.job_id = batch_job();
  p.command_line = command_line;
  const std::int64_t now = clock.unix_seconds();
  p.created = utc_text(now);
  p.run_id = sha256_hex(fmt::format("{} {} {}", p.hosts.front(), ::getpid(), now)).substr(0, 16);
  // Clocks and process ids differ between ranks; the root's stand for the run.
  comm.broadcast_string(p.created, 0);
  comm.broadcast_string(p.run_id, 0);
  return p;
}

namespace {

// The one list of provenance facts that are texts; attributes and JSON are made from it.
std::vector<std::pair<std::string, std::string>> texts(const Provenance& p) {
  return {{"version", p.build.version},
          {"git", p.build.git_hash},
          {"compiler", p.build.compiler},
          {"flags", p.build.flags},
          {"build_type", p.build.build_type},
          {"device", p.device},
          {"instruction_set", p.instruction_set},
          {"gpu", p.gpu},
          {"mpi", p.mpi},
          {"blas", p.blas},
          {"blas_core", p.blas_core},
          {"hdf5", p.hdf5},
          {"cuda", p.build.cuda_architectures},
          {"job_id", p.job_id},
          {"command_line", p.command_line},
          {"created", p.created},
          {"run_id", p.run_id}};
}

}  // namespace

std::map<std::string, Attribute> provenance_attributes(const Provenance& provenance) {
  std::map<std::string, Attribute> attributes;
  for (const auto& [name, text] : texts(provenance)) attributes[name] = text;
  attributes["hosts"] = fmt::format("{}", fmt::join(provenance.hosts, ","));
  attributes["ranks"] = std::int64_t{provenance.ranks};
  attributes["threads"] = std::int64_t{provenance.threads};
  return attributes;
}

}  // namespace qs
