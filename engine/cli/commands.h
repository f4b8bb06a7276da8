// One function per command of the executable; each returns the exit code.
#pragma once

#include <iosfwd>
#include <string>

#include "engine/cli/options.h"

namespace qs {

struct Arguments {
  int* argc;
  char*** argv;
  std::string text;      // the whole command line, for the provenance
  std::ostream* screen;  // standard output as it is (escaped_streams.h)
};

int run_command(const RunCommand& command, const Arguments& arguments);
int resume_command(const ResumeCommand& command, const Arguments& arguments);
int validate_command(const ValidateCommand& command);
int evaluate_command(const EvaluateCommand& command);
int status_command(const StatusCommand& command);
int info_command(const InfoCommand& command);
int check_command(const CheckCommand& command);
int convert_command(const ConvertCommand& command);
int cite_command(const CiteCommand& command);
int import_command(const ImportCommand& command);
int new_command(const NewCommand& command);
int completion_command(const CompletionCommand& command);
int bench_command(const BenchCommand& command, const Arguments& arguments);

}  // namespace qs
