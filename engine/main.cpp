#include "engine/cli/cli.h"

int main(int argc, char** argv) { return qs::command_line(argc, argv); }
