// The commands that compute: run, resume and bench. All ranks execute them; what the root reads it shares, so all ranks see the same input.
#include <filesystem>
#include <iostream>
#include <new>

#include "engine/bench/bench.h"
#include "engine/cli/commands.h"
#include "engine/comm/communicator.h"
#include "engine/io/checkpoint_file.h"
#include "engine/io/files.h"
#include "engine/run/input_changes.h"
#include "engine/run/plan.h"
#include "engine/run/runner.h"
#include "engine/run/state_tree.h"
#include "engine/run/status.h"
#include "kernels/api/error.h"

namespace qs {
namespace {

constexpr std::size_t input_limit = 1 << 20;

struct Source {
  std::string text, name;
  std::string directory;  // where its relative paths begin; empty: where the file `name` lies
};

input::Document read_document(const Source& source, const std::vector<input::SetOption>& sets, input::Diagnostics& diagnostics) {
  input::Document document = input::load_text(source.text, source.name, sets, diagnostics);
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
    if (!diagnostics.has_errors()) prepared.plan = make_plan(prepared.document, diagnostics);
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
  } catch (const std::bad_alloc&) {  // by this rank alone, perhaps: the others must not wait for it
    std::cerr << "qstage-vmc: rank " << comm.rank() << ": out of memory; lower sampler.samples or use more nodes\n";
    if (comm.size() > 1) comm.abort(static_cast<int>(ExitCode::memory));
    return static_cast<int>(ExitCode::memory);
  } catch (const std::exception& error) {
    std::cerr << "qstage-vmc: rank " << comm.rank() << ": internal error: " << error.what() << '\n';
    if (comm.size() > 1) comm.abort(static_cast<int>(ExitCode::internal));
    return static_cast<int>(ExitCode::internal);
  }
}

LogFormat log_format(OutputFormat format) { return format == OutputFormat::json ? LogFormat::json : LogFormat::text; }

struct CheckpointInput {
  ResumeInput input;
  std::int64_t stage = 0;
};

// Root reads, all ranks get it. stage = -1: there is no checkpoint.
CheckpointInput checkpoint_input(const std::string& directory, Communicator& comm) {
  CheckpointInput found;
  found.stage = -1;
  on_root(comm, [&] {
    const auto loaded = load_checkpoint(directory);
    if (!loaded) return;
    found.input = resume_input(loaded->tree);
    found.stage = loaded->tree.integers("schedule/stage").at(0);
  });
  comm.broadcast_string(found.input.resolved, 0);
  comm.broadcast_string(found.input.directory, 0);
  comm.broadcast(std::span<std::int64_t>(&found.stage, 1), 0);
  return found;
}

void refuse_changes(const input::Document& before, const input::Document& now) {
  const std::vector<std::string> changes = forbidden_changes(before.root, now.root);
  if (changes.empty()) return;
  std::string text =
      "the checkpoint belongs to another input (only steps, limits, cadence, log, device and threads may change); use --overwrite to start anew:";
  for (const std::string& change : changes) text += "\n  " + change;
  throw CheckpointError(text);
}

std::string keep_original(const std::string& directory, Communicator& comm) {
  std::string original;
  on_root(comm, [&] {
    const std::string kept = directory + "/" + file_names::original_input;  // older run directories hold it as input.yaml
    original = read_text(std::filesystem::exists(kept) ? kept : directory + "/" + file_names::input, input_limit);
  });
  comm.broadcast_string(original, 0);
  return original;
}

}  // namespace

int run_command(const RunCommand& command, const Arguments& arguments) {
  return with_ranks(arguments, [&](Communicator& comm) {
    const Prepared prepared = prepare(input_file(command.input, comm), command.sets, comm);
    if (command.depth == Depth::dry_run) {
      if (comm.is_root()) std::cout << describe_plan(prepared.plan, prepared.document, comm.size());
      return static_cast<int>(ExitCode::done);
    }
    RunOptions options{Existing::refuse, log_format(command.log), arguments.text};
    if (command.directory == Directory::overwrite) options.existing = Existing::overwrite;
    if (command.directory == Directory::go_on) {
      options.existing = Existing::resume_if_present;
      const CheckpointInput found = checkpoint_input(prepared.plan.directory, comm);
      if (found.stage >= 0) {
        input::Diagnostics diagnostics;
        refuse_changes(read_document({found.input.resolved, "checkpoint", found.input.directory}, {}, diagnostics), prepared.document);
      }
    }
    return run(prepared.plan, prepared.document, options, comm);
  });
}

int resume_command(const ResumeCommand& command, const Arguments& arguments) {
  return with_ranks(arguments, [&](Communicator& comm) {
    const CheckpointInput found = checkpoint_input(command.directory, comm);
    if (found.stage < 0)
      throw CheckpointError(command.directory +
                            " holds no checkpoint.h5 (the run had not written one yet, or this is not a run directory); start it with 'run'");
    const Source source{found.input.resolved, command.directory + "/checkpoint.h5", found.input.directory};
    Prepared prepared = prepare(source, command.sets, comm);
    prepared.plan.directory = command.directory;
    prepared.document.original = keep_original(command.directory, comm);
    input::Diagnostics diagnostics;
    refuse_changes(read_document(source, {}, diagnostics), prepared.document);
    if (found.stage >= static_cast<std::int64_t>(prepared.plan.stages.size())) {
      if (comm.is_root()) std::cout << command.directory << ": already complete\n";
      return static_cast<int>(ExitCode::done);
    }
    return run(prepared.plan, prepared.document, {Existing::resume, log_format(command.log), arguments.text}, comm);
  });
}

int bench_command(const BenchCommand& command, const Arguments& arguments) {
  return with_ranks(arguments, [&](Communicator& comm) {
    const Prepared prepared = prepare(input_file(command.input, comm), command.sets, comm);
    const BenchReport report = bench(prepared.plan, {.steps = command.steps}, comm);
    on_root(comm, [&] {
      std::cout << table(report);
      if (!command.json.empty()) write_json(command.json, to_json(report));
    });
    return static_cast<int>(ExitCode::done);
  });
}

}  // namespace qs
