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

int run_command(const Line& line, const Arguments& arguments);
int resume_command(const Line& line, const Arguments& arguments);
int validate_command(const Line& line, const Arguments& arguments);
int evaluate_command(const Line& line, const Arguments& arguments);
int status_command(const Line& line, const Arguments& arguments);
int report_command(const Line& line, const Arguments& arguments);
int info_command(const Line& line, const Arguments& arguments);
int check_command(const Line& line, const Arguments& arguments);
int convert_command(const Line& line, const Arguments& arguments);
int bench_command(const Line& line, const Arguments& arguments);
int cite_command(const Line& line, const Arguments& arguments);
int import_command(const Line& line, const Arguments& arguments);
int new_command(const Line& line, const Arguments& arguments);
int completion_command(const Line& line, const Arguments& arguments);

}  // namespace qs
