#include "engine/cli/cli.h"

#include <exception>
#include <iostream>
#include <new>

#include "engine/cli/commands.h"
#include "engine/cli/escaped_streams.h"
#include "engine/cli/options.h"
#include "kernels/api/error.h"
#include "kernels/api/resources.h"

namespace qs {
namespace {

int code_of(ExitCode code) { return static_cast<int>(code); }

std::string joined(int argc, char** argv) {
  std::string text;
  for (int i = 0; i < argc; ++i) text += (i ? " " : "") + std::string(argv[i]);
  return text;
}

}  // namespace

int command_line(int argc, char** argv) {
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
