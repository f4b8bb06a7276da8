// The commands that compute: run, resume and bench. All ranks execute them; what the root reads it shares, so all ranks see the same input.
#include <filesystem>
#include <iostream>
#include <new>

#include "engine/base/error.h"
#include "engine/base/resources.h"
#include "engine/bench/bench.h"
#include "engine/cli/commands.h"
#include "engine/comm/communicator.h"
#include "engine/files/files.h"
#include "engine/plan/plan.h"
#include "engine/plan/vocabulary.h"
#include "engine/report/status.h"
#include "engine/run/input_changes.h"
#include "engine/run/resumption.h"
#include "engine/run/runner.h"

namespace qs {
namespace {

constexpr std::size_t input_limit = 1 << 20;

struct Source {
  std::string text, name;
  std::string directory;  // where its relative paths begin; empty: where the file `name` lies
};

input::Document read_document(const Source& source, const std::vector<input::SetOption>& sets, input::Diagnostics& diagnostics) {
  input::Document document = input::load_text(vocabulary(), source.text, source.name, sets, diagnostics);
  if (!source.directory.empty()) document.directory = source.directory;
  return document;
}

struct Prepared {
  input::Document document;
  RunPlan plan;
};

// Parses and plans on every rank; the root prints the errors of all, once.
Prepared prepare(const Source& source, const std::vector<input::SetOption>& sets, Communicator& comm) {
  input::Diagnostics diagnostics;
  Prepared prepared{read_document(source, sets, diagnostics), {}};
  on_all(comm, [&] {
    if (!diagnostics.has_errors()) prepared.plan = make_plan(prepared.document, diagnostics, comm.size());
  });
  const std::int64_t failed = comm.max(diagnostics.has_errors());
  if (!failed) return prepared;
  std::string text = diagnostics.render();
  if (comm.is_root() && text.empty()) text = "another rank cannot read a file that the input names";
  while (!text.empty() && text.back() == '\n') text.pop_back();
  throw InputError(text);
}

// Root reads, all ranks get it.
Source input_file(const std::string& path, Communicator& comm) {
  Source source{"", path, ""};
  on_root(comm, [&] { source.text = read_text(path, input_limit); });
  comm.broadcast_string(source.text, 0);
  return source;
}

// Runs `work` on a communicator and turns its failure into one message and one exit code on all ranks.
template <class F>
int with_ranks(const Arguments& arguments, F&& work) {
  MpiSession session(arguments.argc, arguments.argv);
  Communicator& comm = session.world();
  const auto report = [&](const std::string& text) {
    if (comm.is_root()) std::cerr << text << '\n';
  };
  try {
    return work(comm);
  } catch (const InputError& error) {
    const std::string text = error.what();
    report(text.find(": error: ") != std::string::npos ? text : "qstage-vmc: error: " + text);
    return static_cast<int>(error.code());
  } catch (const Error& error) {  // thrown by all ranks alike (engine/comm agree)
    report(std::string("qstage-vmc: error: ") + error.what());
    return static_cast<int>(error.code());
  } catch (const std::bad_alloc& error) {  // by this rank alone, perhaps: the others must not wait for it
    std::cerr << "qstage-vmc: error: rank " << comm.rank() << ": " << out_of_memory_text(error) << '\n';
    if (comm.size() > 1) comm.abort(static_cast<int>(ExitCode::memory));
    return static_cast<int>(ExitCode::memory);
  } catch (const std::exception& error) {
    std::cerr << "qstage-vmc: rank " << comm.rank() << ": internal error: " << error.what() << '\n';
    if (comm.size() > 1) comm.abort(static_cast<int>(ExitCode::internal));
    return static_cast<int>(ExitCode::internal);
  }
}

LogFormat log_format(const Line& line) { return line.has("--log-json") ? LogFormat::json : LogFormat::text; }

// Root reads, all ranks get it; none without a checkpoint.
std::optional<StoredRun> shared_run(const std::string& directory, Communicator& comm) {
  std::optional<StoredRun> stored;
  on_root(comm, [&] { stored = stored_run(directory); });
  std::int64_t stage = stored ? stored->stage : -1, results = stored ? static_cast<std::int64_t>(stored->results) : 0;
  comm.broadcast(std::span<std::int64_t>(&stage, 1), 0);
  comm.broadcast(std::span<std::int64_t>(&results, 1), 0);
  if (stage < 0) return std::nullopt;
  if (!stored) stored.emplace();
  stored->stage = stage;
  stored->results = static_cast<Results>(results);
  for (std::string* text : {&stored->input.resolved, &stored->input.directory, &stored->input.original}) comm.broadcast_string(*text, 0);
  return stored;
}

void refuse_changes(const input::Document& before, const input::Document& now) {
  const std::vector<std::string> changes = forbidden_changes(before.root, now.root);
  if (changes.empty()) return;
  std::string text =
      "the checkpoint belongs to another input (only steps, limits, cadence, log, device and threads may change); use --overwrite to start anew:";
  for (const std::string& change : changes) text += "\n  " + change;
  throw CheckpointError(text);
}

// Goes on from a stored run with an input that differs from its own in what may differ.
int go_on(const StoredRun& stored, const Prepared& prepared, RunOptions options, Communicator& comm) {
  input::Diagnostics diagnostics;
  const input::Document before = read_document({stored.input.resolved, "checkpoint", stored.input.directory}, {}, diagnostics);
  if (diagnostics.has_errors()) throw CheckpointError("the input in the checkpoint is not valid:\n" + diagnostics.render());
  refuse_changes(before, prepared.document);
  constexpr std::int64_t none = -1;
  std::int64_t reopened = none;
  on_root(comm, [&] { reopened = reopened_stage(stored, before, prepared.document, prepared.plan).value_or(none); });
  comm.broadcast(std::span<std::int64_t>(&reopened, 1), 0);
  if (reopened != none) options.reopened = static_cast<int>(reopened);
  const bool over = reopened == none && stored.stage >= static_cast<std::int64_t>(prepared.plan.stages.size());
  if (!over || stored.results == Results::missing) return run(prepared.plan, prepared.document, options, comm);
  if (comm.is_root()) std::cout << prepared.plan.directory << ": already complete\n";
  return static_cast<int>(ExitCode::done);
}

}  // namespace

int run_command(const Line& line, const Arguments& arguments) {
  return with_ranks(arguments, [&](Communicator& comm) {
    const Prepared prepared = prepare(input_file(line.text("INPUT.yaml"), comm), line.sets, comm);
    if (line.has("--dry-run")) {
      if (comm.is_root()) std::cout << describe_plan(prepared.plan, prepared.document, comm.size());
      return static_cast<int>(ExitCode::done);
    }
    RunOptions options{Existing::refuse, log_format(line), arguments.text, arguments.screen};
    if (line.has("--overwrite")) options.existing = Existing::overwrite;
    if (line.has("--continue")) {
      options.existing = Existing::resume_if_present;
      if (const auto stored = shared_run(prepared.plan.directory, comm)) return go_on(*stored, prepared, options, comm);
    }
    return run(prepared.plan, prepared.document, options, comm);
  });
}

int resume_command(const Line& line, const Arguments& arguments) {
  return with_ranks(arguments, [&](Communicator& comm) {
    const std::string directory = line.text("DIR");
    const auto stored = shared_run(directory, comm);
    if (!stored)
      throw CheckpointError(directory +
                            " holds no checkpoint.h5 (the run had not written one yet, or this is not a run directory); start it with 'run'");
    on_root(comm, [&] { refuse_edited_input(directory, stored->input); });
    const Source source{stored->input.resolved, directory + "/checkpoint.h5", stored->input.directory};
    Prepared prepared = prepare(source, line.sets, comm);
    prepared.plan.directory = directory;
    if (!stored->input.original.empty()) prepared.document.original = stored->input.original;
    return go_on(*stored, prepared, {Existing::resume, log_format(line), arguments.text, arguments.screen}, comm);
  });
}

int bench_command(const Line& line, const Arguments& arguments) {
  return with_ranks(arguments, [&](Communicator& comm) {
    const Prepared prepared = prepare(input_file(line.text("INPUT.yaml"), comm), line.sets, comm);
    BenchOptions options;
    if (const std::string steps = line.text("--steps"); !steps.empty()) options.steps = std::stoi(steps);
    const BenchReport report = bench(prepared.plan, options, comm);
    on_root(comm, [&] {
      std::cout << table(report);
      if (const std::string file = line.text("--json"); !file.empty()) write_json(file, to_json(report));
    });
    return static_cast<int>(ExitCode::done);
  });
}

}  // namespace qs
