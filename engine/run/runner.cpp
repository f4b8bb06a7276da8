#include "engine/run/runner.h"

#include <fmt/format.h>
#include <unistd.h>

#include <filesystem>
#include <optional>

#include "engine/base/parallel.h"
#include "engine/base/resources.h"
#include "engine/comm/observed_communicator.h"
#include "engine/job/requests.h"
#include "engine/job/watchdog.h"
#include "engine/plan/choose_device.h"
#include "engine/plan/plan_network.h"
#include "engine/plan/weight_names.h"
#include "engine/run/checkpoints.h"
#include "engine/run/export_states.h"
#include "engine/run/nonfinite.h"
#include "engine/run/resumption.h"
#include "engine/run/root_files.h"
#include "engine/run/state_tree.h"
#include "hamiltonians/symmetry/symmetry_sector.h"

namespace qs {
namespace {

// Random numbers of the initial parameters have a stage number of their own, beyond any stage of an input.
constexpr std::uint32_t initial_parameters_stage = (1u << 12) - 1;

class Runner {
 public:
  Runner(const RunPlan& plan, const input::Document& document, const RunOptions& options, Communicator& comm)
      : plan_(plan),
        document_(document),
        options_(options),
        clock_(system_clock()),
        watchdog_({.rank = comm.rank(),
                   .patience = plan.watchdog,
                   .neighbours = neighbours(comm),
                   .clock = clock_,
                   .work_done = parallel_items_done,
                   .end_job = [this](const std::string& reason) { end_hung_run(plan_.directory, reason, clock_); }}),
        comm_(comm, [this](const auto& collective) { watchdog_.watch_collective(collective); }),
        exact_(plan.ed, comm_, plan.network ? invariant_translations(plan.network->options, plan.network->input) : std::vector<int>{},
               [this](const std::string& text) { reporter_->warn(text); }) {
    if (plan.threads) set_threads(*plan.threads);
    gpu_ = choose_device(plan.device, comm_);  // before anything is written
    on_root(comm_, [&] { files_.emplace(plan.directory, options.existing, run_input(document), document.original, clock_); });
  }

  int run() {
    prepare();
    const int count = static_cast<int>(plan_.stages.size());
    if (state_.stage >= count) reporter_->note("all stages are over; writing what the run had not written yet");
    for (; state_.stage < count;) {
      const int code = run_stage(plan_.stages[state_.stage]);
      if (code != 0) return leave(code);
    }
    end(RunPhase::finished, 0, "");
    return static_cast<int>(ExitCode::done);
  }

  void fail(ExitCode code, const std::string& reason) {
    if (reporter_) reporter_->note("failed: " + reason);
    if (code == ExitCode::numerical && requests_) keep_best();
    if (requests_) return write_status(RunPhase::failed, static_cast<int>(code), reason);
    if (comm_.is_root()) files_->mark_failed(code, reason);
  }

 private:
  // From here on a failure is told in status.json: the directory is ours.
  void prepare() {
    provenance_ = collect_provenance(comm_, plan_.device, options_.command_line, clock_);
    provenance_.gpu = gpu_;
    open_reporter();
    if (const std::string exchange = describe_exchange(plan_.device, comm_); !exchange.empty()) reporter_->note(exchange);
    const ResumeInput resume{document_.resolved, std::filesystem::absolute(document_.directory).string(), document_.original, plan_.origin};
    checkpoints_.emplace(plan_.directory, resume, CheckpointCadence{plan_.checkpoint_interval, plan_.keep_every}, *reporter_, clock_);
    requests_.emplace(plan_.directory, WallTime(plan_.walltime, job_end_time(), plan_.margin, clock_), clock_);
    if (plan_.network) {
      psi_ = make_network(*plan_.network, plan_.device);
      layout_ = psi_->layout();
    }
    restore_or_start();
    on_root(comm_, [&] {
      if (state_.step > 0) files_->resume_trace(plan_.stages[state_.stage].group, state_);
    });
  }

  void open_reporter() {
    std::unique_ptr<RunLog> log;
    on_root(comm_, [&] { log = std::make_unique<RunLog>(files_->file(file_names::log)); });
    reporter_.emplace(options_for_terminal(STDOUT_FILENO, plan_.log_every, options_.log_format), comm_.is_root() ? options_.screen : nullptr,
                      std::move(log), clock_);
    reporter_->log_lines(log_header(provenance_, plan_.seed, sha256_hex(document_.original)));
    for (const std::string& warning : plan_.warnings) reporter_->warn(warning);
  }

  // Every rank gets the root's checkpoint, or every rank makes the same first state.
  void restore_or_start() {
    if (auto stored = shared_state(comm_, layout_, *reporter_, [&] { return stored_state(); })) {
      state_ = *std::move(stored);
      on_all(comm_, [&] {
        if (state_.stage > static_cast<int>(plan_.stages.size())) throw CheckpointError("the checkpoint counts more stages than its input has");
        as_written_by_a_run([&] { recall_exact_states(state_.outputs, exact_); });
      });
      reporter_->note(fmt::format("resuming at stage {}, step {}", state_.stage, state_.step));
      if (options_.reopened) give_up_the_end(*options_.reopened);
      return;
    }
    if (!psi_) return;
    state_.parameters = plan_.network->parameters;
    if (state_.parameters.empty()) state_.parameters = psi_->initial_parameters({plan_.seed, initial_parameters_stage});
    comm_.broadcast(std::span<double>(state_.parameters), 0);  // ranks may have read the weights from different disks
  }

  // Of the root.
  std::optional<LoadedCheckpoint> stored_state() {
    if (!files_->directory().resuming()) return std::nullopt;
    auto loaded = options_.reopened ? read_checkpoint(named_checkpoint(plan_.directory, end_of_stage(plan_.stages.at(*options_.reopened).group)))
                                    : load_checkpoint(plan_.directory, Damaged::set_aside);
    if (loaded) checkpoints_->found();
    return loaded;
  }

  // The finished run gives way to the one that goes on, before the table of the stage is cut to its length: a kill in between finds either. Twice, so
  // that prev does not count rows that are gone.
  void give_up_the_end(int stage) {
    reporter_->note(fmt::format("stage {} goes on from its end", plan_.stages[stage].group));
    write_checkpoint();
    write_checkpoint();
  }

  StageContext context_of(const StagePlan& plan) {
    return {.comm = comm_,
            .family = plan.family,
            .beside = plan.beside,
            .sign_rule = plan_.sign_rule,
            .psi = psi_.get(),
            .features = plan_.network ? plan_.network->input.feature_names : std::vector<std::string>{},
            .start = plan_.network ? plan_.network->start : StartOrbitals{},
            .key = {plan_.seed, static_cast<std::uint32_t>(state_.stage)},
            .group = plan.group,
            .keep_evidence = [this, &plan](const NonfiniteStep& failed) { keep_evidence(plan, failed); }};
  }

  void keep_evidence(const StagePlan& plan, const NonfiniteStep& failed) {
    if (!comm_.is_root()) return;
    const std::string file = files_->file(fmt::format("nonfinite.{}_{:06}.h5", plan.group, failed.step));
    write_nonfinite(file, nonfinite_tree(failed, plan.group, plan.family, layout_, plan_.origin), *reporter_);
  }

  int run_stage(const StagePlan& plan) {
    if (const int code = serve_early_requests(); code != 0) return code;
    if (plan_.network && plan.uses_network()) psi_ = make_network(*plan_.network, plan.problems(), plan_.device);
    const auto stage = plan.make(plan, context_of(plan), exact_);
    if (state_.step == 0) {
      state_.trace = {stage->trace_columns(), {}};
      on_root(comm_, [&] { files_->begin_trace(plan.group, state_.trace.columns); });
    }
    reporter_->begin_stage(plan.group, state_.stage, static_cast<int>(plan_.stages.size()), state_.step, stage->steps());
    if (const auto& symmetry = plan.family.symmetry.sector)
      reporter_->note(fmt::format("symmetry: {}; {} elements", symmetry->describe(), symmetry->order()));
    watchdog_.begin_stage(plan.group, stage->pace());
    stage->clock().watch([&](const std::string*, const std::string* entered) { watchdog_.enter_phase(entered ? *entered : ""); });
    stage->begin(state_);
    bool finished = false;
    while (state_.step < stage->steps() && !finished) {
      const double started = clock_.seconds();
      watchdog_.begin_step(state_.step + 1);
      const StepOutcome outcome = stage->step(state_);
      watchdog_.end_step();
      finished = outcome.finished;
      ++state_.step;
      record(outcome);
      requests_->wall_time().step_took(clock_.seconds() - started);
      const int code = serve_requests(plan, *stage);
      if (code != 0) return code;
    }
    keep_end_of_stage(plan, *stage);
    for (const std::string& warning : stage->finish(state_)) reporter_->warn(warning);
    if (plan.exports) {
      const std::vector<const EdResult*> exact = exact_.solve_all(plan.family);  // what a resumed run has not kept is diagonalised again
      on_root(comm_, [&] {
        for (const std::string& name : export_states(*plan.exports, plan.family, exact, {files_->directory(), provenance_.build, plan_.origin}))
          reporter_->note("exact states are in " + name);
      });
    }
    for (const auto& [phase, seconds] : stage->clock().seconds()) state_.seconds[plan.group + "/" + phase] += seconds;
    reporter_->end_stage(stage->clock().seconds());
    next_stage();
    return 0;
  }

  void keep_end_of_stage(const StagePlan& plan, Stage& stage) {
    if (!plan.optimizer) return;
    stage.save(state_);
    checkpoints_->write_end_of_stage(comm_, state_, layout_, trace(), plan.group);
  }

  void record(const StepOutcome& outcome) {
    state_.trace.rows.push_back(outcome.trace_row);
    on_root(comm_, [&] { files_->append(outcome.trace_row); });
    reporter_->row(state_.step, outcome.shown);
    for (const std::string& note : outcome.notes) reporter_->note(note);
    for (const std::string& warning : outcome.warnings) reporter_->warn(warning);
    if (comm_.is_root()) files_->update_status(status(RunPhase::running, std::nullopt, ""));
  }

  // A stage that gives up leaves its best parameters in the state: they are the result, whatever came after them.
  void keep_best() {
    if (!comm_.is_root()) return;
    try {
      write_outputs(RunPhase::failed);
    } catch (const FileError& error) {
      reporter_->warn(std::string("the best parameters were not kept: ") + error.what());
    }
  }

  // What was asked while the program started or between stages: the state is what a checkpoint holds already, except before the very first.
  int serve_early_requests() {
    const Request request = requests_->poll(comm_);
    if (request == Request::none || request == Request::abandon) return requests_->exit_code();
    write_checkpoint();
    return request == Request::stop ? requests_->exit_code() : 0;
  }

  // The one place where a run is interrupted: between steps.
  int serve_requests(const StagePlan& plan, Stage& stage) {
    const Request request = requests_->poll(comm_);
    if (request == Request::abandon) return requests_->exit_code();
    const bool due = checkpoints_->is_due(comm_), kept = checkpoints_->is_kept(state_.step);
    if (request == Request::none && !due && !kept) return 0;
    stage.save(state_);
    write_checkpoint();
    if (kept) checkpoints_->keep(comm_, fmt::format("{}_{:06}", plan.group, state_.step));
    return request == Request::stop ? requests_->exit_code() : 0;
  }

  void next_stage() {
    state_.begin_next_stage();
    on_root(comm_, [&] { files_->end_trace(); });
    write_checkpoint();
    on_root(comm_, [&] { write_outputs(RunPhase::running); });
  }

  void write_checkpoint() { requests_->wall_time().checkpoint_took(checkpoints_->write(comm_, state_, layout_, trace())); }

  TraceFile* trace() { return files_ ? files_->trace() : nullptr; }

  void write_outputs(RunPhase phase) { files_->write_outputs({plan_, document_, provenance_, layout_}, state_, *reporter_, phase); }

  Status status(RunPhase phase, std::optional<int> code, const std::string& message) const {
    const ProgressRow& row = reporter_->current();
    return {.state = phase,
            .exit_code = code,
            .stage = row.stage,
            .step = row.step,
            .steps = row.steps,
            .shown = row.shown,
            .seconds_per_step = row.seconds_per_step,
            .checkpoint = checkpoints_->exist() ? files_->file(file_names::checkpoint) : "",
            .resume_command = phase != RunPhase::finished ? "qstage-vmc resume " + plan_.directory : "",
            .message = message};
  }

  void write_status(RunPhase phase, int code, const std::string& message) {
    if (comm_.is_root()) files_->write_status(status(phase, code, message));
  }

  int leave(int code) {
    reporter_->note(fmt::format("stopped by {}; go on with: qstage-vmc resume {}", requests_->reason(), plan_.directory));
    end(RunPhase::stopped, code, "stopped by " + requests_->reason());
    return code;
  }

  void end(RunPhase phase, int code, const std::string& message) {
    on_root(comm_, [&] { write_outputs(phase); });
    write_status(phase, code, message);
    reporter_->close(comm_.is_root() ? files_->directory().present() : std::vector<std::string>{});
  }

  const RunPlan& plan_;
  const input::Document& document_;
  const RunOptions& options_;
  Clock clock_;
  Watchdog watchdog_;
  ObservedCommunicator comm_;
  ExactStates exact_;
  std::optional<RootFiles> files_;  // root only
  std::string gpu_;
  Provenance provenance_;
  std::optional<Reporter> reporter_;
  std::optional<Checkpoints> checkpoints_;
  std::optional<Requests> requests_;
  std::unique_ptr<Wavefunction> psi_;
  ParameterLayout layout_;
  RunState state_;
};

}  // namespace

int run(const RunPlan& plan, const input::Document& document, const RunOptions& options, Communicator& comm) {
  Runner runner(plan, document, options, comm);
  try {
    return runner.run();
  } catch (const Error& error) {
    runner.fail(error.code(), error.what());
    throw;
  } catch (const std::bad_alloc& error) {
    runner.fail(ExitCode::memory, out_of_memory_text(error));
    throw;
  }
}

}  // namespace qs
