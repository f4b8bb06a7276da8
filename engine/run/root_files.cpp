#include "engine/run/root_files.h"

#include "engine/hdf5/hdf5.h"

namespace qs {

RootFiles::RootFiles(const std::string& directory, Existing existing, const std::string& copy, const std::string& original, const Clock& clock)
    : directory_(directory, existing), clock_(clock), status_(directory_.file(file_names::status), clock) {
  directory_.begin(copy, original);
  if (!directory_.resuming()) status_.write({});
}

void RootFiles::begin_trace(const std::string& group, const std::vector<std::string>& columns) {
  if (columns.size() > 1) trace_.emplace(directory_.trace_file(group), columns);
}

void RootFiles::resume_trace(const std::string& group, const RunState& state) {
  if (state.step > 0 && state.trace_bytes >= 0) trace_.emplace(directory_.trace_file(group), state.trace_bytes, state.trace_hash);
}

void RootFiles::append(const std::vector<double>& row) {
  if (trace_) trace_->append(row);
}

void RootFiles::end_trace() {
  if (trace_) trace_->log().sync();
  trace_.reset();
}

void RootFiles::mark_failed(ExitCode code, const std::string& reason) const noexcept {
  qs::mark_failed(directory_.file(file_names::status), code, reason, clock_);
}

void RootFiles::write_outputs(const ResultsContext& context, const RunState& state, const Reporter& reporter, RunPhase phase) const {
  replace_file(file(file_names::results), to_hdf5_image(results_tree(context, state)));
  write_json(file(file_names::summary), summary_json(context, state, reporter, phase));
}

}  // namespace qs
