// Arguments -> command -> exit code.
#pragma once

namespace qs {

// Never throws. Only `run`, `resume` and `bench` start MPI, and only the root prints.
int command_line(int argc, char** argv);

}  // namespace qs
