// Keys of the run itself: root, output, limits, checkpoint, log.
#include "engine/input/schema.h"

namespace qs::input {

using namespace shape;

std::vector<Key> run_keys() {
  return {
      // section, kinds, name, shape, otherwise, unit, since, doc
      {"", "", "format", integer(1, 1), required("1"), "", "0.1.0", "version of this input format"},
      {"", "", "title", text(), value("\"\""), "", "0.1.0", "free text, copied into the results"},
      {"", "", "seed", integer(0, 9223372036854775807.0), value("1"), "", "0.1.0",
       "key of all random numbers; equal input and seed give equal results on any number of ranks"},
      {"", "", "device", choice({"auto", "cpu", "cuda", "reference"}), value("auto"), "", "0.1.0",
       "where the run computes; reference: plain loops on one thread, to check the others"},
      {"", "", "threads", integer(1, 1024), absent("OMP_NUM_THREADS, else 1"), "threads per rank", "0.1.0",
       "threads of each rank; the results do not depend on it"},
      {"", "", "precision", section("precision"), value("{}"), "", "0.1.0",
       "floating-point types; energies, statistics and solvers always use float64"},
      {"", "", "output", section("output"), required("{directory: runs/example}"), "", "0.1.0", "where results go"},
      {"", "", "limits", section("limits"), value("{}"), "", "0.1.0", "what the run may use"},
      {"", "", "checkpoint", section("checkpoint"), value("{}"), "", "0.1.0", "when the state is saved"},
      {"", "", "log", section("log"), value("{}"), "", "0.1.0", "progress report"},
      {"", "", "on_nonfinite", choice({"rollback", "stop"}), value("rollback"), "", "0.1.0",
       "after a NaN or infinity: go back to the last good parameters with a smaller step (at most 3 times), or stop"},
      {"", "", "system", section("system"), required(""), "", "0.1.0", "lattice, sector, Hamiltonian, family"},
      {"", "", "wavefunction", section("wavefunction"), absent("only ed stages can run"), "", "0.1.0", "the neural network"},
      {"", "", "sampler", section("sampler"), absent("vmc and evaluate stages must have their own"), "", "0.1.0",
       "how configurations are drawn from |psi|^2; stages may override single keys"},
      {"", "", "stages", list(section("stages"), 1), required(""), "", "0.1.0", "what to do, in this order"},

      {"precision", "", "network", choice({"float32", "float64"}), value("float64"), "", "0.1.0", "type inside the network"},
      {"precision", "", "sampler", choice({"network", "float32"}), value("network"), "", "0.1.0",
       "type inside the network that Markov chains follow; float32 beside a float64 network halves their cost, and weights correct the rounding"},

      {"output", "", "directory", text(), required("runs/example"), "", "0.1.0", "folder of all output, relative to the working directory"},

      {"limits", "", "walltime", duration(), absent("no limit, or the end of the SLURM job"), "time", "0.1.0",
       "stop with a checkpoint and exit code 75 before this much time has passed since the start"},
      {"limits", "", "margin", duration(), value("30s"), "time", "0.1.0", "time kept free before the walltime for the last checkpoint"},
      {"limits", "", "watchdog", duration(), value("5min"), "time", "0.1.0",
       "end the job with exit code 71 when one of its processes has been stopped for so long while others go on, when a training step takes this "
       "long "
       "and 20 times longer than any before it, or when nothing has moved in any stage for three times as long"},
      {"limits", "", "memory", size(), value("16GiB"), "bytes per rank", "0.1.0",
       "a plan of which a stage needs more, by estimate, is refused before it starts"},

      {"checkpoint", "", "interval", duration(), value("5min"), "time", "0.1.0", "time between checkpoints"},
      {"checkpoint", "", "keep_every", integer(0), value("0"), "steps", "0.1.0",
       "keep a permanent copy of the checkpoint every so many steps; 0 keeps none"},

      {"log", "", "every", duration(), value("10s"), "time", "0.1.0", "time between progress rows when the output is no terminal"},
  };
}

}  // namespace qs::input
