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
#include "engine/cli/option_table.h"

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
    const Line line = parse_arguments(argc, argv);
    if (line.command != nullptr) return line.command->run(line, {&argc, &argv, joined(argc, argv), escaped.screen()});
    std::cout << line.answer;
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
