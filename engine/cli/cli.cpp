#include "engine/cli/cli.h"

#include <unistd.h>

#include <exception>
#include <iostream>
#include <new>
#include <string>

#include "engine/base/error.h"
#include "engine/base/resources.h"
#include "engine/cli/commands.h"
#include "engine/cli/escaped_streams.h"
#include "engine/cli/options.h"

namespace qs {
namespace {

int code_of(ExitCode code) { return static_cast<int>(code); }

std::string joined(int argc, char** argv) {
  std::string text;
  for (int i = 0; i < argc; ++i) text += (i ? " " : "") + std::string(argv[i]);
  return text;
}

// Memory may be refused where C++ knows no way out: in a destructor, in a thread of its own.
[[noreturn]] void end_at_once() {
  std::string text = "internal error: an exception that nobody could take";
  int code = code_of(ExitCode::internal);
  try {
    if (const auto current = std::current_exception()) std::rethrow_exception(current);
  } catch (const std::bad_alloc&) {
    text = "error: out of memory", code = code_of(ExitCode::memory);
  } catch (const std::exception& error) {
    text = std::string("internal error: ") + error.what();
  }
  text = "qstage-vmc: " + text + "\n";
  [[maybe_unused]] const auto ignored = ::write(STDERR_FILENO, text.data(), text.size());
  ::_exit(code);
}

}  // namespace

int command_line(int argc, char** argv) {
  std::set_terminate(end_at_once);
  const EscapedStreams escaped;
  try {
    const Command command = parse_arguments(argc, argv);
    if (const auto* run = std::get_if<RunCommand>(&command)) return run_command(*run, {&argc, &argv, joined(argc, argv), escaped.screen()});
    if (const auto* resume = std::get_if<ResumeCommand>(&command))
      return resume_command(*resume, {&argc, &argv, joined(argc, argv), escaped.screen()});
    if (const auto* validate = std::get_if<ValidateCommand>(&command)) return validate_command(*validate);
    if (const auto* evaluate = std::get_if<EvaluateCommand>(&command)) return evaluate_command(*evaluate);
    if (const auto* status = std::get_if<StatusCommand>(&command)) return status_command(*status);
    if (const auto* info = std::get_if<InfoCommand>(&command)) return info_command(*info);
    if (const auto* check = std::get_if<CheckCommand>(&command)) return check_command(*check);
    if (const auto* convert = std::get_if<ConvertCommand>(&command)) return convert_command(*convert);
    if (const auto* bench = std::get_if<BenchCommand>(&command)) return bench_command(*bench, {&argc, &argv, joined(argc, argv), escaped.screen()});
    if (const auto* cite = std::get_if<CiteCommand>(&command)) return cite_command(*cite);
    if (const auto* foreign = std::get_if<ImportCommand>(&command)) return import_command(*foreign);
    if (const auto* fresh = std::get_if<NewCommand>(&command)) return new_command(*fresh);
    if (const auto* completion = std::get_if<CompletionCommand>(&command)) return completion_command(*completion);
    std::cout << std::get<PrintCommand>(command).text;
    return code_of(ExitCode::done);
  } catch (const Error& error) {
    std::cerr << "qstage-vmc: error: " << error.what() << '\n';
    return code_of(error.code());
  } catch (const std::bad_alloc& error) {
    std::cerr << "qstage-vmc: error: " << out_of_memory_text(error) << '\n';
    return code_of(ExitCode::memory);
  } catch (const std::exception& error) {
    std::cerr << "qstage-vmc: internal error: " << error.what() << '\n';
    return code_of(ExitCode::internal);
  }
}

}  // namespace qs
