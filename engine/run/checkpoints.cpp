#include "engine/run/checkpoints.h"

#include <algorithm>
#include <cstring>
#include <limits>

#include "engine/base/error.h"
#include "engine/hdf5/tree_stream.h"

namespace qs {

bool Checkpoints::is_due(Communicator& comm) const {
  constexpr double overhead = 100;  // at least this many write times between checkpoints: 1 % at most
  const bool due = clock_.seconds() - last_ > std::max(cadence_.interval, overhead * seconds_);
  return comm.max(comm.is_root() && due) != 0;
}

DataTree Checkpoints::tree_of(RunState& state, const ParameterLayout& layout, TraceFile* trace) const {
  if (trace) {
    trace->log().sync();
    state.trace_bytes = trace->log().bytes();
    state.trace_hash = trace->log().hash();
  }
  return to_tree(state, input_, layout);
}

double Checkpoints::write(Communicator& comm, RunState& state, const ParameterLayout& layout, TraceFile* trace) {
  const double started = clock_.seconds();
  const auto timing = reporter_.time_phase("checkpoint");
  on_root(comm, [&] {
    const DataTree tree = tree_of(state, layout, trace);
    try {
      write_checkpoint(directory_, tree, state.step);
      failures_ = 0;
      exist_ = true;
    } catch (const FileError& error) {
      constexpr int allowed = 3;
      if (!exist_ || ++failures_ > allowed) throw;
      reporter_.warn(std::string("checkpoint not written, the older one stays valid: ") + error.what());
    }
  });
  last_ = clock_.seconds();
  return seconds_ = last_ - started;
}

void Checkpoints::keep(Communicator& comm, const std::string& label) {
  on_root(comm, [&] {
    try {
      keep_checkpoint(directory_, label);
    } catch (const FileError& error) {
      reporter_.warn(std::string("a checkpoint could not be kept: ") + error.what());
    }
  });
}

void Checkpoints::write_end_of_stage(Communicator& comm, RunState& state, const ParameterLayout& layout, TraceFile* trace, const std::string& stage) {
  on_root(comm, [&] {
    try {
      write_named_checkpoint(directory_, end_of_stage(stage), tree_of(state, layout, trace), state.step);
    } catch (const FileError& error) {
      reporter_.warn(std::string("the end of the stage was not kept, so it cannot be given more steps later: ") + error.what());
    }
  });
}

std::optional<RunState> shared_state(Communicator& comm, const ParameterLayout& layout, Reporter& reporter,
                                     const std::function<std::optional<LoadedCheckpoint>()>& find) {
  std::string stream;
  std::int64_t found = 0;
  on_root(comm, [&] {
    const auto loaded = find();
    if (!loaded) return;
    found = 1;
    if (loaded->warning) reporter.warn(*loaded->warning);
    send_tree(loaded->tree, [&](std::span<const std::byte> bytes) { stream.append(reinterpret_cast<const char*>(bytes.data()), bytes.size()); });
  });
  if (comm.max(found) == 0) return std::nullopt;
  comm.broadcast_string(stream, 0);
  RunState state;
  on_all(comm, [&] {
    std::size_t taken = 0;
    const auto take = [&](std::span<std::byte> bytes) {
      QS_ASSERT(bytes.size() <= stream.size() - taken);
      std::memcpy(bytes.data(), stream.data() + taken, bytes.size());
      taken += bytes.size();
    };
    state = from_tree(receive_tree(take, std::numeric_limits<std::size_t>::max()), layout);
  });
  return state;
}

}  // namespace qs
